import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";

const crm = "/api/v1/crm";
let gateway: TestGateway;
let rest: RestClient;
let accountId: string;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("north");
  rest = restClient(gateway, { "x-api-key": await gateway.keyFor("north") });
  accountId = String(at((await rest.post(`${crm}/accounts`, { name: "North" })).body, "id"));
});
afterAll(() => gateway.close());

const issuesOf = ({ body }: RestAnswer): readonly (readonly [string, string])[] =>
  listAt(body, "issues").map((issue) => [String(at(issue, "path")), String(at(issue, "message"))]);

// What took minutes before would end these by the time-out of a test.
describe("input that is dear to look at is refused as fast as other input", () => {
  it("a decimal of half a million zeros", async () => {
    const value = `${"0".repeat(400_000)}1.${"0".repeat(480_000)}1`;
    const answer = await rest.post(`${crm}/deals`, { account_id: accountId, value });
    expect([answer.status, issuesOf(answer)[0]?.[0]]).toEqual([400, "value"]);
    const query = `value=0.${"0".repeat(12_000)}1`;
    expect((await rest.get(`${crm}/deals?${query}`)).status).toBe(400);
  });

  it("a thousand line items of which each is wrong in many places", async () => {
    const line = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 0]));
    const answer = await rest.post(`${crm}/quotes`, {
      account_id: accountId,
      line_items: Array.from({ length: 999 }, () => line),
    });
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(100_000);
  });

  it("a filter by more edges than PostgreSQL plans in a moment, over REST and GraphQL", async () => {
    const ids = Array.from({ length: 31 }, (_, index) =>
      accountId.replace(/^acc/, "con").replace(/..$/, String(index + 10)),
    );
    const answer = await rest.get(`${crm}/deals?contact_ids[all]=${ids.join(",")}`);
    expect([answer.status, issuesOf(answer)[0]?.[1]]).toEqual([
      400,
      expect.stringContaining("at most 30 edges"),
    ]);
    const same = Array.from({ length: 31 }, () => ids[0]);
    expect((await rest.get(`${crm}/deals?contact_ids[all]=${same.join(",")}`)).status).toBe(200);
  });

  it("numbers in custom fields that print much longer than they are sent", async () => {
    const tiny = (count: number) => ({ custom_fields: { a: Array(count).fill(5e-324) } });
    expect((await rest.post(`${crm}/accounts`, tiny(100))).status).toBe(201);
    const answer = await rest.post(`${crm}/accounts`, tiny(1_000));
    expect(issuesOf(answer)).toEqual([
      ["custom_fields", expect.stringContaining("larger than 64 KB")],
    ]);
  });
});

describe("a value of the wrong type is told what it must be", () => {
  it.each([
    ["accounts", { name: 5 }, "name", "name must be text"],
    ["accounts", { tags: "x" }, "tags", "tags must be a list of texts"],
    ["accounts", { employee_count: "12" }, "employee_count", /must be a whole number/],
    ["accounts", { addresses: [{ city: 5 }] }, "addresses.0.city", /must be text/],
    ["contacts", { is_primary: "yes" }, "is_primary", "is_primary must be true or false"],
    ["contacts", { birthday: 5 }, "birthday", "birthday must be text"],
    ["quotes", { line_items: [5] }, "line_items.0", /must be a line item/],
  ])("%s %j", async (path, body, key, message) => {
    const answer = await rest.post(`${crm}/${path}`, { account_id: accountId, ...body });
    const found = issuesOf(answer).find(([place]) => place === key);
    expect(found?.[1]).toMatch(message);
    expect(found?.[1]).not.toContain("is needed");
  });

  it("also where it is a change of which nothing is needed", async () => {
    const answer = await rest.patch(`${crm}/accounts/${accountId}`, { version: "3" });
    expect(issuesOf(answer)).toEqual([["version", "version must be a whole number"]]);
  });
});

describe("a duplicate shows its record", () => {
  it("to nobody who may only write", async () => {
    const writer = restClient(gateway, {
      "x-api-key": await gateway.keyFor("north", ["write:customers"]),
    });
    const body = { last_name: "Doe", email: "doe@nowhere.example" };
    expect((await writer.post("/v1/customers", body)).status).toBe(201);
    const again = await writer.post("/v1/customers", body);
    expect([again.status, at(again.body, "field"), at(again.body, "existing")]).toEqual([
      409,
      "email",
      null,
    ]);
  });
});
