import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCrmClient } from "../../client/src/index.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let rest: RestClient;
/** What a new record of each list needs. */
const needed: Record<string, Readonly<Record<string, unknown>>> = {};

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north");
  key = await gateway.keyFor("north");
  rest = restClient(gateway, { "x-api-key": key });
  const account = await tenant.account();
  const quote = await tenant.quote(account, null);
  Object.assign(needed, {
    accounts: { name: "North" },
    contacts: { last_name: "Harbor" },
    deals: { account_id: account.id, name: "Cleaning" },
    quotes: { account_id: account.id, name: "One year" },
    "line-items": { quote_id: quote.id, description: "Night", quantity: 1, unit_price: 2 },
  });
});
afterAll(() => gateway.close());

const lists = ["accounts", "contacts", "deals", "quotes", "line-items"] as const;
const accounts = "/api/v1/crm/accounts";
const under = (externalId: string, list: string = accounts): string =>
  `${list}/external/${encodeURIComponent(externalId)}`;

/** What is wrong with what was sent, by its path. */
const issuesOf = ({ status, body }: RestAnswer) => [
  status,
  ...listAt(body, "issues").map((issue) => [at(issue, "path"), at(issue, "message")]),
];

const count = async (): Promise<number> => {
  const { body } = await rest.get(`${accounts}?limit=1&include_deleted=true`);
  return Number(at(body, "pagination", "count"));
};

describe.each(lists)("PUT %s by external_id", (list) => {
  const path = `/api/v1/crm/${list}`;

  it("makes the record, then changes it, as a creation and a change answer", async () => {
    const made = await rest.put(under("SAP-1", path), needed[list]);
    const id = String(at(made.body, "id"));
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${path}/${id}`);
    expect(made.headers.get("etag")).toBe('"1"');
    expect(made.body).toMatchObject({ ...needed[list], external_id: "SAP-1" });
    expect((await rest.get(`${path}/${id}`)).text).toBe(made.text);

    const body = list === "line-items" ? { quantity: 3 } : { tags: ["vip"] };
    const changed = await rest.put(under("SAP-1", path), body);
    expect([changed.status, changed.headers.get("location")]).toEqual([200, null]);
    expect(changed.headers.get("etag")).toBe('"2"');
    expect(changed.body).toMatchObject({ id, ...body, external_id: "SAP-1" });
    // What comes back is what was read.
    const again = await rest.put(under("SAP-1", path), changed.body);
    expect([again.status, at(again.body, "id")]).toEqual([200, id]);
  });
});

describe("a key in the path", () => {
  it.each([
    "SAP/4711",
    "a b",
    "Zeile ü 7 ✓ 🚀",
    "100%",
    "%25",
    "%2F",
    "a+b",
    "a?b=c&d#e",
    "a\\b:c;d@e",
    "'; DROP TABLE accounts; --",
    "export",
    "external",
    "null",
    "0",
    "...",
    "k".repeat(255),
    "ü".repeat(255),
  ])("is the record's, character by character: %s", async (externalId) => {
    const made = await rest.put(under(externalId), { name: "Keyed" });
    expect([made.status, at(made.body, "external_id")]).toEqual([201, externalId]);
    const changed = await rest.put(`${under(externalId)}/`, { name: "Renamed" });
    expect([changed.status, at(changed.body, "id")]).toEqual([200, at(made.body, "id")]);
  });

  it("is trimmed, and compared exactly", async () => {
    const made = await rest.put(under("  Trim-1 "), {});
    expect(at(made.body, "external_id")).toBe("Trim-1");
    expect((await rest.put(under("Trim-1"), {})).status).toBe(200);
    expect((await rest.put(under("trim-1"), {})).status).toBe(201);
  });

  it.each([
    ["blank", "%20"],
    ["nothing but blanks", "%20%09%E3%80%80"],
    ["256 characters", "k".repeat(256)],
    ["4,000 characters", "k".repeat(4_000)],
    ["NUL", "a%00b"],
    ["no UTF-8", "%ff"],
    ["half of a character", "%ED%A0%80"],
    ["half of an escape", "a%2"],
  ])("is refused at external_id, and nothing is written: %s", async (_, segment) => {
    const before = await count();
    const answer = await rest.put(`${accounts}/external/${segment}`, { name: "Lost" });
    expect(issuesOf(answer)).toEqual([400, ["external_id", expect.stringMatching(/\S/)]]);
    expect(await count()).toBe(before);
  });

  it("may be repeated in the body, which may not have another", async () => {
    const body = { name: "Twice", external_id: " Body-1 " };
    expect((await rest.put(under("Body-1"), body)).status).toBe(201);
    const before = await count();
    for (const other of ["Body-2", "body-1", "", null, 1, ["Body-1"], {}]) {
      const answer = await rest.put(under("Body-1"), { name: "Lost", external_id: other });
      expect(issuesOf(answer)).toEqual([
        400,
        ["external_id", expect.stringContaining("says something else than the path")],
      ]);
    }
    expect(await count()).toBe(before);
    expect((await rest.put(under("Body-1"), {})).body).toMatchObject({ name: "Twice" });
  });

  it("comes with a body that a change takes, also where the record is new", async () => {
    const before = await count();
    const answer = await rest.put(under("Strict-1"), { employee_count: "many", version: "one" });
    expect(issuesOf(answer)).toEqual([
      400,
      ["employee_count", expect.any(String)],
      ["version", expect.any(String)],
    ]);
    expect(await count()).toBe(before);
  });

  it("is PUT's alone, there is one of activities neither, and it takes no parameter", async () => {
    const { status, headers } = await rest.patch(under("SAP-1"), {});
    expect([status, headers.get("allow")]).toEqual([405, "PUT"]);
    expect((await rest.put(under("SAP-1", "/api/v1/crm/activities"), {})).status).toBe(404);
    expect((await rest.put("/api/v1/crm/customers/external/a", {})).status).toBe(404);
    expect((await rest.put(`${accounts}/external/`, {})).status).toBe(405);
    expect(issuesOf(await rest.put(`${under("SAP-1")}?restore=true`, {}))).toEqual([
      400,
      ["restore", expect.stringContaining("not a parameter")],
    ]);
  });
});

describe("a record that has gone, or is somebody else's", () => {
  it("stays deleted, and a new one is made", async () => {
    const made = await rest.put(under("Gone-1"), { name: "Old" });
    await rest.delete(`${accounts}/${String(at(made.body, "id"))}`);
    const next = await rest.put(under("Gone-1"), { name: "New" });
    expect([next.status, at(next.body, "name")]).toEqual([201, "New"]);
    expect(at(next.body, "id")).not.toBe(at(made.body, "id"));
    const old = await rest.get(`${accounts}/${String(at(made.body, "id"))}?include_deleted=true`);
    expect(old.body).toMatchObject({ name: "Old", is_deleted: true });
  });

  it("of another application is 409 that shows nothing of it", async () => {
    await rest.put(under("App-1"), { name: "Secret" });
    const other = await gateway.keyFor("north");
    await gateway.fixtures.client.query("UPDATE api_keys SET app_id = 'app-1' WHERE id = $1", [
      other.split("_")[2],
    ]);
    const bound = { "x-api-key": other };
    const answer = await rest.put(under("App-1"), { name: "Mine" }, bound);
    expect([answer.status, answer.body]).toEqual([
      409,
      { error: expect.any(String), field: "external_id", existing: null },
    ]);
    expect((await rest.put(under("App-1"), {}, { ...bound, "if-match": '"1"' })).status).toBe(404);
    expect((await rest.put(under("App-1"), {})).body).toMatchObject({ name: "Secret" });
  });

  it("of another tenant is no one's: its key is free here", async () => {
    await gateway.fixtures.tenant("south");
    const south = { "x-api-key": await gateway.keyFor("south") };
    const mine = await rest.put(under("Both-1"), { name: "North's" });
    const theirs = await rest.put(under("Both-1"), { name: "South's" }, south);
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect((await rest.put(under("Both-1"), {})).text).not.toContain("South");
  });
});

describe("versions and retries", () => {
  it("with If-Match only changes: 412 for another version, 404 where there is none", async () => {
    await rest.put(under("Match-1"), { name: "One" });
    const ifMatch = (value: string) => ({ "if-match": value });
    const changed = await rest.put(under("Match-1"), { name: "Two" }, ifMatch('"1"'));
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"2"']);
    const stale = await rest.put(under("Match-1"), { name: "Three" }, ifMatch('"1"'));
    expect([stale.status, at(stale.body, "current", "name")]).toEqual([412, "Two"]);
    const bodied = await rest.put(under("Match-1"), { name: "Three", version: 1 });
    expect([bodied.status, at(bodied.body, "current", "name")]).toEqual([409, "Two"]);
    expect(
      issuesOf(await rest.put(under("Match-1"), { version: 1 }, ifMatch('"2"'))).at(1),
    ).toEqual(["version", expect.stringContaining("If-Match")]);
    const before = await count();
    for (const value of ["*", '"1"']) {
      const none = await rest.put(under("Match-none"), { name: "Lost" }, ifMatch(value));
      expect([none.status, none.body]).toEqual([404, { error: "Account not found" }]);
    }
    expect(await count()).toBe(before);
  });

  it("under one Idempotency-Key gets the first answer, 201 too; another key is another request", async () => {
    const once = { "idempotency-key": randomUUID() };
    const first = await rest.put(under("Once-1"), { name: "One" }, once);
    await rest.put(under("Once-1"), { name: "Two" });
    const again = await rest.put(under("Once-1"), { name: "One" }, once);
    expect([again.status, again.text, again.headers.get("location")]).toEqual([
      201,
      first.text,
      first.headers.get("location"),
    ]);
    expect((await rest.put(under("Once-2"), { name: "One" }, once)).status).toBe(422);
    // The write was done, and its answer was not kept: the gateway was killed in between.
    await gateway.fixtures.client.query(
      "UPDATE idempotency_keys SET status = NULL, response = NULL",
    );
    const replayed = await rest.put(under("Once-1"), { name: "One" }, once);
    expect([replayed.status, at(replayed.body, "name")]).toEqual([201, "Two"]);
  });

  it("of 20 at once makes one record, and each gets it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => rest.put(under("Race-1"), { name: "Racer" })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(answers.map(({ body }) => at(body, "id"))).size).toBe(1);
  });
});

describe("the client", () => {
  it("upserts by a key with whatever characters, and refuses what a path cannot have", async () => {
    const { customer } = createCrmClient({ baseUrl: gateway.url, apiKey: key });
    const made = await customer.contacts.upsert("SAP/ü 7%", { last_name: "Berg" });
    const changed = await customer.contacts.upsert(
      "SAP/ü 7%",
      { city: "Bern" },
      { ifMatch: made.version },
    );
    expect(changed).toMatchObject({ id: made.id, external_id: "SAP/ü 7%", last_name: "Berg" });
    for (const refused of ["", ".", ".."]) {
      await expect(customer.contacts.upsert(refused, {})).rejects.toThrow("externalId: ");
    }
  });
});
