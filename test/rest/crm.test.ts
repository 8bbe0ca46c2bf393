import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

let gateway: TestGateway;
let rest: RestClient;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("north");
  rest = restClient(gateway, { "x-api-key": await gateway.keyFor("north") });
});
afterAll(() => gateway.close());

describe("the CRM API", () => {
  it("creates, reads, changes and deletes a record, each with its version", async () => {
    const created = await rest.post("/api/v1/crm/accounts", { name: "North" });
    expect(created.status).toBe(201);
    expect(created.headers.get("etag")).toBe('"1"');
    const path = created.headers.get("location") ?? "";
    expect(path).toBe(`/api/v1/crm/accounts/${String(at(created.body, "id"))}`);
    const read = await rest.get(path);
    expect(read.text).toBe(created.text);
    const changed = await rest.patch(path, { name: "South", version: 1 });
    expect(changed.body).toMatchObject({ name: "South", version: 2, is_deleted: false });
    expect((await rest.patch(path, { name: "East" }, { "if-match": '"1"' })).status).toBe(412);
    const deleted = await rest.delete(path);
    expect(deleted.body).toMatchObject({ name: "South", version: 3, is_deleted: true });
    expect((await rest.get(path)).status).toBe(404);
  });

  it("keeps every digit of a number, in and out", async () => {
    const account = await rest.post("/api/v1/crm/accounts", { name: "Exact" });
    const id = String(at(account.body, "id"));
    const deal = await rest.post(
      "/api/v1/crm/deals",
      `{"account_id":"${id}","value":123456789012345.6789}`,
    );
    expect(deal.text).toContain('"value":123456789012345.6789,');
  });
});
