import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formsOf, readCurl, replay, Samples, uuidv7 } from "../../support/rest/documented.ts";
import { TenantFixtures } from "../../support/samples/fixtures.ts";
import { at, recordAt, startGateway, type TestGateway } from "../../support/gateway/gateway.ts";
import { restClient, type RestAnswer } from "../../support/rest/client.ts";

const samples = await Samples.of("integration");
const documented = samples.json("create: answer 201");
const tenantId = String(at(documented, "tenant_id"));

let gateway: TestGateway;
let key: string;
let departments: Readonly<Record<"bare" | "prefixed", string>>;

beforeAll(async () => {
  gateway = await startGateway();
  const { fixtures } = gateway;
  await fixtures.insert("tenants", { id: tenantId, slug: "countertop", name: "Countertop" });
  const tenant = new TenantFixtures(fixtures, { uuid: tenantId, id: tenantId }, "countertop");
  const { uuid, id } = await tenant.department("Kitchens");
  departments = { bare: uuid, prefixed: id };
  key = await gateway.keyFor("countertop");
});
afterAll(() => gateway.close());

/** Sends the line as it stands, with key and department filled in; to another path where one is given. */
function create(department: string, path?: string): Promise<RestAnswer> {
  const request = readCurl(samples.text("create: request"), {
    "{your-secret}": key,
    "{department-id}": department,
  });
  return replay(restClient(gateway, {}), path === undefined ? request : { ...request, path });
}

describe("the document's request for a customer", () => {
  it.each(["bare", "prefixed"] as const)(
    "creates the documented record, key by key (%s department)",
    async (form) => {
      const answer = await create(departments[form]);
      expect(answer.status).toBe(201);
      expect(formsOf(answer.body)).toEqual(formsOf(documented));
      const { id, created_at, updated_at, ...rest } = recordAt(answer.body);
      expect(id).toMatch(uuidv7);
      expect(updated_at).toBe(created_at);
      expect({ ...recordAt(documented), ...rest }).toEqual(documented);
      expect(answer.headers.get("location")).toBe(`/api/v1/integration/customers/${String(id)}`);
      expect(answer.headers.get("etag")).toBe('"1"');
      expect(answer.headers.get("x-ratelimit-remaining")).toMatch(/^\d+$/);
    },
  );

  it.each(["/v1/customers", "/v1/customer", "/v1/customer/"])(
    "does the same at the document's other path %s",
    async (path) => {
      const answer = await create(departments.bare, path);
      expect(answer.status).toBe(201);
      expect(formsOf(answer.body)).toEqual(formsOf(documented));
      const id = String(at(answer.body, "id"));
      const alias = path.replace(/\/$/, "");
      const read = await restClient(gateway, { "x-api-key": key }).get(`${alias}/${id}`);
      expect([read.status, read.text]).toEqual([200, answer.text]);
    },
  );
});

describe("the document's record", () => {
  it("is given byte for byte, with its own id and times", async () => {
    const { id, tenant_id, first_name, last_name, phone_1, phone_1_label, created_at } =
      recordAt(documented);
    const stored = { id, tenant_id, first_name, last_name, phone_1, phone_1_label, created_at };
    await gateway.fixtures.insert("contacts", { ...stored, updated_at: created_at });
    const rest = restClient(gateway, { "x-api-key": key });
    for (const path of ["/api/v1/integration/customers", "/v1/customers", "/v1/customer"]) {
      const answer = await rest.get(`${path}/${String(id)}`);
      expect([answer.status, answer.text]).toEqual([200, JSON.stringify(documented)]);
    }
  });
});
