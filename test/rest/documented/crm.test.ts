import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Samples } from "../../support/rest/documented.ts";
import {
  at,
  listAt,
  recordAt,
  startGateway,
  type TestGateway,
} from "../../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../../support/rest/client.ts";

const samples = await Samples.of("crm");

/** What the ids of each entity begin with, and which field its own sample lacks. */
const entities = [
  { path: "accounts", prefix: "acc", needs: null },
  { path: "contacts", prefix: "con", needs: null },
  { path: "deals", prefix: "deal", needs: "account_id" },
  { path: "activities", prefix: "act", needs: "account_id" },
  { path: "quotes", prefix: "qte", needs: "account_id" },
  { path: "line-items", prefix: "lin", needs: "quote_id" },
] as const;

let gateway: TestGateway;
let rest: RestClient;
let tenantId: string;
/** What each entity can be hung on. */
let parents: Readonly<Record<"account_id" | "quote_id", string>>;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north");
  tenantId = tenant.id;
  rest = restClient(gateway, { "x-api-key": await gateway.keyFor("north") });
  const account = await tenant.account();
  parents = { account_id: account.id, quote_id: (await tenant.quote(account, null)).id };
});
afterAll(() => gateway.close());

const listOf = (path: string): string => `/api/v1/crm/${path}`;
const created = async ({ path, needs }: (typeof entities)[number]) => {
  const sample = samples.literal(`${path}: create`);
  return rest.post(listOf(path), needs === null ? sample : { ...sample, [needs]: parents[needs] });
};

/** The fields of an entity's table, in its order, with their types. */
const fieldsOf = (path: string) =>
  samples
    .text(`${path}: fields`)
    .split("\n")
    .map((line) => {
      const [name = "", type = "", ...values] = line.split(" ");
      return { name, type, values };
    });

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Whether a value is of a documented type; outside references are opaque text though the document says uuid. */
function isOfType(value: unknown, { type, values }: ReturnType<typeof fieldsOf>[number]): boolean {
  if (value === null) return true;
  if (type === "json") return typeof value === "object";
  if (type === "date-time") return typeof value === "string" && instant.test(value);
  if (type === "enum") return typeof value === "string" && values.includes(value);
  return typeof value === (type === "uuid" ? "string" : type);
}

const complete = entities.filter(({ needs }) => needs === null);
const incomplete = entities.flatMap(({ path, needs }) => (needs === null ? [] : [{ path, needs }]));

describe("the document's sample, as it stands", () => {
  it.each(complete)("makes one of $path", async ({ path }) => {
    const answer = await rest.post(listOf(path), samples.literal(`${path}: create`));
    expect(answer.status).toBe(201);
  });

  it.each(incomplete)("of $path lacks $needs alone, and is told so", async ({ path, needs }) => {
    const answer = await rest.post(listOf(path), samples.literal(`${path}: create`));
    expect(answer.status).toBe(400);
    expect(Object.keys(recordAt(answer.body))).toEqual(["error", "issues"]);
    expect(at(answer.body, "error")).toBe("Invalid request payload");
    const issues = listAt(answer.body, "issues");
    expect(issues).toEqual([
      { path: needs, message: expect.stringMatching(new RegExp(`^${needs} is needed`)) },
    ]);
    expect(Object.keys(recordAt(issues[0]))).toEqual(["path", "message"]);
  });
});

describe.each(entities)("what the document's create of $path answers", (entity) => {
  const { path, prefix } = entity;

  it("gives every documented key, in the document's order, of the documented type", async () => {
    const answer = await created(entity);
    expect(answer.status).toBe(201);
    const fields = fieldsOf(path);
    const record = recordAt(answer.body);
    expect(Object.keys(record).slice(0, fields.length)).toEqual(fields.map(({ name }) => name));
    const strange = fields.filter((field) => !isOfType(record[field.name], field));
    expect(strange).toEqual([]);
  });

  it("has stamps of the server's own, whatever was sent", async () => {
    const { headers, body } = await created(entity);
    const record = recordAt(body);
    const id = String(record["id"]);
    expect(id).toMatch(new RegExp(`^${prefix}-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-`));
    expect(headers.get("location")).toBe(`${listOf(path)}/${id}`);
    expect(headers.get("etag")).toBe('"1"');
    expect(record).toMatchObject({
      tenant_id: tenantId,
      app_id: null,
      created_by: expect.stringMatching(/^key-/),
      updated_by: record["created_by"],
      updated_at: record["created_at"],
      source: "edm",
      source_type: "api",
      is_deleted: false,
      deleted_at: null,
      deleted_by: null,
      schema_version: 1,
      version: 1,
    });
    const age = Date.now() - Date.parse(String(record["created_at"]));
    expect(age).toBeLessThan(600_000);
  });
});

describe.each(entities)("the document's operations of $path", (entity) => {
  const { path } = entity;

  it("list: records and where the next ones begin", async () => {
    const { text } = await created(entity);
    const answer = await rest.get(listOf(path));
    expect(answer.status).toBe(200);
    expect(Object.keys(recordAt(answer.body))).toEqual(["data", "pagination"]);
    const count = listAt(answer.body, "data").length;
    expect(at(answer.body, "pagination")).toEqual({ count, limit: 25, next_cursor: null });
    expect(Object.keys(recordAt(answer.body, "pagination"))).toEqual([
      "count",
      "limit",
      "next_cursor",
    ]);
    expect(answer.text).toContain(text);
  });

  it("get: the record, byte for byte as it was created", async () => {
    const { text, headers } = await created(entity);
    const answer = await rest.get(headers.get("location") ?? "");
    expect([answer.status, answer.text]).toEqual([200, text]);
    expect(answer.headers.get("etag")).toBe('"1"');
  });
});

const operationsOf = ({ path }: (typeof entities)[number]) =>
  samples.text(`${path}: operations`).split(" ");
const changing = entities.filter((entity) => operationsOf(entity).includes("update"));
const logs = entities.filter((entity) => !operationsOf(entity).includes("update"));

describe.each(changing)("the document's changes of $path", (entity) => {
  const { path } = entity;

  it("update: what is sent changes, and nothing else but its stamps", async () => {
    const { body, headers } = await created(entity);
    const field = path === "line-items" ? "description" : "custom_fields";
    const value = field === "description" ? "Harbor dues" : { berth: "7" };
    const answer = await rest.patch(headers.get("location") ?? "", { [field]: value });
    expect(answer.status).toBe(200);
    expect(Object.keys(recordAt(answer.body))).toEqual(Object.keys(recordAt(body)));
    expect(answer.body).toEqual({
      ...recordAt(body),
      [field]: value,
      version: 2,
      updated_at: at(answer.body, "updated_at"),
    });
    expect(answer.headers.get("etag")).toBe('"2"');
  });

  it("delete: the record, marked as deleted", async () => {
    const { body, headers } = await created(entity);
    const location = headers.get("location") ?? "";
    const answer = await rest.delete(location);
    expect(answer.status).toBe(200);
    const deleted_at = String(at(answer.body, "deleted_at"));
    expect(deleted_at).toMatch(instant);
    expect(answer.body).toEqual({
      ...recordAt(body),
      is_deleted: true,
      deleted_at,
      deleted_by: at(body, "created_by"),
      version: 2,
      updated_at: at(answer.body, "updated_at"),
    });
    expect((await rest.get(location)).status).toBe(404);
    expect((await rest.get(`${location}?include_deleted=true`)).text).toBe(answer.text);
  });
});

describe.each(logs)("the document's changes of $path, a log", (entity) => {
  it("update and delete: 405, there is only what the document lists", async () => {
    const { text, headers } = await created(entity);
    const location = headers.get("location") ?? "";
    for (const answer of [await rest.patch(location, {}), await rest.delete(location)]) {
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(Object.keys(recordAt(answer.body))).toEqual(["error"]);
    }
    expect((await rest.get(location)).text).toBe(text);
  });
});
