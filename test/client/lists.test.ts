import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AsteriPublicApiClient,
  ConnectionError,
  createCrmClient,
  type Account,
  type CrmClient,
  type Export,
} from "../../client/src/index.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let apiKey: string;
let client: CrmClient;
let accounts: readonly Made[];

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north-harbor");
  apiKey = await gateway.keyFor(tenant.slug);
  client = createCrmClient({ baseUrl: gateway.url, apiKey });
  const rows = Array.from({ length: 23 }, (_, index) => ({
    name: `Harbor ${String(index).padStart(2, "0")}`,
    email: `office-${index}@harbor.example`,
    legalName: [null, "Bay, Cove \\ Co", "Lighthouse Trust"][index] ?? null,
    tags: index === 4 ? ["key, account", "vip"] : [],
    employeeCount: index,
    annualRevenue: `${index}.5`,
    createdAt: new Date(Date.UTC(2026, 0, 1 + index)),
  }));
  accounts = await tenant.makeMany("account", rows);
});
afterAll(() => gateway.close());

describe("for await over a list", () => {
  it.each([
    ["newest first, which leaves out what comes in front", "-created_at", 0],
    ["oldest first, which comes to what is added behind", "created_at", 5],
  ] as const)("gives each record once while others are made: %s", async (_name, sort, added) => {
    const own = await gateway.fixtures.tenant(`changing${added}`);
    const made = await own.makeMany(
      "account",
      Array.from({ length: 23 }, (_, index) => ({
        name: `Account ${index}`,
        createdAt: new Date(Date.UTC(2026, 0, 1 + index)),
      })),
    );
    const changing = createCrmClient({
      baseUrl: gateway.url,
      apiKey: await gateway.keyFor(own.slug),
    });
    const before = made.map(({ id }) => id);
    const seen: string[] = [];
    const pages: number[] = [];
    for await (const page of changing.customer.accounts.list({ sort, limit: 5 }).pages()) {
      pages.push(page.data.length);
      seen.push(...page.data.map(({ id }) => id));
      if (pages.length <= 5) await changing.customer.accounts.create({ name: "New" });
    }
    const expected = sort === "created_at" ? before : before.toReversed();
    expect(seen.slice(0, 23)).toEqual(expected);
    expect(new Set(seen).size).toBe(23 + added);
    expect(seen).toHaveLength(23 + added);
    expect(pages.length).toBeGreaterThan(4);
  });

  it("goes through the customers of the other API, too, in its shape", async () => {
    const { customers } = new AsteriPublicApiClient({
      baseUrl: gateway.url,
      organizationId: tenant.uuid,
      apiKey,
    });
    const seen: string[] = [];
    for await (const { id } of customers.list({ limit: 6 })) seen.push(`acc-${id}`);
    expect(seen).toEqual(accounts.map(({ id }) => id).toReversed());
    const { data } = await customers.list({ email: "office-7@harbor.example" });
    expect(data).toMatchObject([{ display_name: "Harbor 07", organization_id: tenant.uuid }]);
  });

  it("can begin at a cursor that another list ended with", async () => {
    const { pagination } = await client.customer.accounts.list({ sort: "name", limit: 20 });
    const rest: (string | null)[] = [];
    const cursor = pagination.next_cursor ?? "";
    for await (const { name } of client.customer.accounts.list({
      sort: "name",
      limit: 2,
      cursor,
    })) {
      rest.push(name);
    }
    expect(rest).toEqual(["Harbor 20", "Harbor 21", "Harbor 22"]);
  });
});

describe("a list", () => {
  it("awaited gives the first page and how many there are", async () => {
    const { data, pagination } = await client.customer.accounts.list();
    expect(data).toHaveLength(23);
    expect(pagination).toEqual({ count: 23, limit: 25, next_cursor: null });
  });

  it.each([
    [{ name: "Harbor 07" }, ["Harbor 07"]],
    [{ employee_count: { gte: 20 } }, ["Harbor 20", "Harbor 21", "Harbor 22"]],
    [{ annual_revenue: { gt: 3, lt: 5.5 } }, ["Harbor 03", "Harbor 04"]],
    [{ name: { in: ["Harbor 01", "Harbor 02"] } }, ["Harbor 01", "Harbor 02"]],
    [{ email: { starts_with: "OFFICE-1@" } }, ["Harbor 01"]],
    [{ created_at: { lte: new Date("2026-01-02") } }, ["Harbor 00", "Harbor 01"]],
    [{ parent_account_id: null, employee_count: { lt: 1 } }, ["Harbor 00"]],
    [{ q: "lighthouse" }, ["Harbor 02"]],
    [{ legal_name: { in: ["Bay, Cove \\ Co", "none"] } }, ["Harbor 01"]],
    [{ tags: { all: ["vip", "key, account"] } }, ["Harbor 04"]],
    [{ tags: "vip", email: { ne: "x@y.example" } }, ["Harbor 04"]],
    [{ is_deleted: true }, []],
  ] as const)("takes filters as the server reads them: %j", async (parameters, expected) => {
    const { data } = await client.customer.accounts.list({ ...parameters, sort: "name" });
    expect(data.map(({ name }) => name)).toEqual(expected);
  });

  it("shows deleted records when it is asked to, as get does", async () => {
    const { accounts: collection } = client.customer;
    const { id } = await collection.create({ name: "Closed" });
    const gone = await collection.delete(id);
    expect(gone).toMatchObject({ id, is_deleted: true, version: 2 });
    expect((await collection.list({ name: "Closed" })).data).toEqual([]);
    const { data } = await collection.list({ name: "Closed", include_deleted: true });
    expect(data).toEqual([gone]);
    await expect(collection.get(id)).rejects.toMatchObject({ status: 404 });
    expect(await collection.get(id, { includeDeleted: true })).toEqual(gone);
  });
});

describe("a record", () => {
  it("is created, read, changed and deleted; what was read can be sent back", async () => {
    const { accounts: collection, deals } = client.customer;
    const account = await collection.create({ name: "Bay", employee_count: 4 });
    const deal = await deals.create({ account_id: account.id, value: 12.5 });
    expect(await deals.get(deal.id)).toEqual(deal);
    const changed = await deals.update(deal.id, { ...deal, name: "Renewal" }, { ifMatch: 1 });
    expect(changed).toMatchObject({ id: deal.id, value: 12.5, name: "Renewal", version: 2 });
    expect(await deals.update(deal.id, { name: null })).toMatchObject({ name: null, version: 3 });
    expect(await deals.delete(deal.id, { ifMatch: 3 })).toMatchObject({ is_deleted: true });
  });

  it("of the integration API belongs to a department", async () => {
    const department = await tenant.department("Sales");
    const options = { baseUrl: gateway.url, apiKey, departmentId: department.id };
    const { customers } = createCrmClient(options).integration;
    const made = await customers.create({ last_name: "Doe", first_name: "John" });
    expect(made).toMatchObject({ last_name: "Doe", tenant_id: tenant.uuid, email: null });
    expect(await customers.get(made.id)).toEqual(made);
    expect((await customers.list({ last_name: "Doe" })).data).toEqual([made]);
  });
});

describe("an export", () => {
  const namesIn = async (records: Export<Account>) => {
    const names: (string | null)[] = [];
    for await (const { name } of records) names.push(name);
    return names;
  };

  it("gives all records that match, and then how many they were and the position of its snapshot", async () => {
    const found = client.customer.accounts.export({ sort: "name", name: { contains: "Harbor" } });
    expect(found.end).toBe(null);
    const names = await namesIn(found);
    expect([names.length, names[0], found.end?.rows]).toEqual([23, "Harbor 00", 23]);
    const query =
      "query ($after: String) { changes(first: 1, after: $after) { nodes { recordId } } }";
    const changes = await gateway.data(apiKey, query, { after: found.end?.position });
    expect(changes).toEqual({ changes: { nodes: [] } });
    // Asked again, it is sent again.
    expect((await namesIn(found)).length).toBe(23);
  });

  it("may be left early, and is refused as lists are", async () => {
    const left = client.customer.accounts.export();
    for await (const { id } of left) {
      expect(id).toMatch(/^acc-/);
      break;
    }
    expect(left.end).toBe(null);
    const wrong = client.customer.accounts.export({ name: { contains: "x".repeat(201) } });
    await expect(namesIn(wrong)).rejects.toMatchObject({
      status: 400,
      issues: [{ path: "name[contains]" }],
    });
  });

  it.each([
    ["between two lines", (text: string) => text.split("\n").slice(0, 5).join("\n") + "\n"],
    ["within a line", (text: string) => text.slice(0, 3_000)],
    ["and one record is missing", (text: string) => text.split("\n").slice(1).join("\n")],
  ])("that is cut throws: %s", async (_name, cut) => {
    const own = createCrmClient({
      baseUrl: gateway.url,
      apiKey,
      fetch: async (...request) => new Response(cut(await (await fetch(...request)).text())),
    });
    await expect(namesIn(own.customer.accounts.export())).rejects.toThrow(ConnectionError);
  });

  it("ends with the caller's signal", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const records = client.customer.accounts.export({}, { signal });
    const reading = (async () => {
      for await (const _ of records) controller.abort(new Error("enough"));
    })();
    // What has come already is given.
    await Promise.allSettled([reading]);
    await expect(namesIn(records)).rejects.toThrow("enough");
  });
});
