import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { untilWaiting } from "../support/database/waiting.ts";
import { post } from "../support/gateway/limits.ts";
import { startSecond } from "../support/writes/races.ts";
import { restClient, type RestClient } from "../support/rest/client.ts";

const pointsPerMinute = 1_000;
const env = { POINTS_PER_MINUTE: String(pointsPerMinute), RATE_LIMIT_STORE: "postgres" };

let gateway: TestGateway;
let second: Awaited<ReturnType<typeof startSecond>>;
let slug: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env });
  second = await startSecond(gateway.databaseUrl, "silent", env);
  const tenant = await gateway.fixtures.tenant("north-harbor");
  ({ slug } = tenant);
  for (let count = 0; count < 4; count += 1) {
    const account = await tenant.account({ name: `Account ${count}` });
    const deal = await tenant.deal(account);
    const quote = await tenant.quote(account, deal);
    await tenant.lineItem(quote);
  }
});
afterAll(async () => {
  await gateway.fixtures.client.query("ROLLBACK");
  await second.close();
  await gateway.close();
});

type Cost = { readonly requested: number; readonly actual: number };

/** Sends an operation: what it cost, and what is left of the minute. */
async function spend(
  key: string,
  query: string,
  options: { readonly url?: string; readonly idempotencyKey?: string } = {},
): Promise<{ readonly status: number; readonly cost: Cost; readonly left: number }> {
  const { url = gateway.url, idempotencyKey } = options;
  const headers: Record<string, string> =
    idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
  const { status, answer } = await post(url, key, { query, headers });
  const [requested, actual] = ["requested", "actual"].map((name) =>
    Number(at(answer, "extensions", "cost", name)),
  );
  return {
    status,
    cost: { requested: requested ?? 0, actual: actual ?? 0 },
    left: Number(at(answer, "extensions", "rateLimit", "points", "remaining")),
  };
}

/** What is left, asked for by an operation that costs nothing. */
const leftOf = async (key: string) => (await spend(key, "{ __typename }")).left;

const accounts = "/api/v1/crm/accounts";
const rest = (key: string): RestClient => restClient(gateway, { "x-api-key": key });

describe("an operation", () => {
  it("costs what it read, and the rest of what it could have read is given back", async () => {
    const key = await gateway.keyFor(slug);
    const nested = `{ tenant { accounts(first: 9) { nodes { deals(first: 5) { nodes {
      quotes(first: 2) { nodes { lineItems(first: 4) { nodes { id } } } } } } } } } }`;
    const { cost, left } = await spend(key, nested);
    expect(cost).toEqual({ requested: 1 + 9 + 45 + 90 + 360, actual: 1 + 4 + 4 + 4 + 4 });
    expect(left).toBe(pointsPerMinute - cost.actual);
  });

  it.each([
    ["a full page", "{ accounts(first: 4) { nodes { id } } }", 4, 4],
    ["an empty page", '{ accounts(where: { name: { eq: "None" } }) { nodes { id } } }', 25, 1],
    ["a page by its edges", "{ accounts { edges { cursor node { name } } } }", 25, 4],
    [
      "where a page stands, which does not say how many it has",
      "{ accounts { pageInfo { hasNextPage } } }",
      25,
      25,
    ],
    [
      "a count, whatever comes of it",
      "{ accounts(first: 9) { totalCount nodes { id } } }",
      109,
      104,
    ],
    [
      "ten values of each",
      `{ accounts(first: 9) { nodes { id name email phone industry
       website domain source tags ownerId } } }`,
      18 + 9 * 10,
      4,
    ],
    ["nothing", "{ __typename }", 0, 0],
    ["what is left out", "{ accounts(first: 9) @skip(if: true) { nodes { id } } }", 0, 0],
    [
      "what it has under two names",
      "{ a: accounts(first: 9) { nodes { id } } b: tenant { id } }",
      10,
      5,
    ],
    [
      "a mutation, whatever it finds",
      `mutation { deleteAccounts(inputs: [{ id: "acc-0190aaaa-0000-7000-8000-000000000000" }]) { written } }`,
      10,
      10,
    ],
  ])("costs as much for %s", async (_name, query, requested, actual) => {
    const key = await gateway.keyFor(slug);
    const { cost, left } = await spend(key, query);
    expect([cost, left]).toEqual([{ requested, actual }, pointsPerMinute - actual]);
  });

  it("costs the items of lists that are no pages, and the bytes of long values", async () => {
    const tenant = await gateway.fixtures.tenant("long-values");
    const key = await gateway.keyFor(tenant.slug);
    const tags = Array.from({ length: 30 }, (_, index) => `t${index}`);
    const input = { name: "Long", tags, description: "x".repeat(60_000) };
    await gateway.data(
      key,
      "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }",
      { input },
    );
    const long = (fields: string) =>
      spend(key, `{ accounts(first: 1, where: { name: { eq: "Long" } }) { nodes { ${fields} } } }`);
    expect((await long("a: tags b: tags")).cost).toEqual({ requested: 1 + 1 + 20, actual: 1 + 6 });
    expect((await long("description")).cost).toEqual({ requested: 1 + 10, actual: 1 + 6 });
    const parts = Array.from({ length: 3 }, (_, index) => `a${index}: changes { field old new }`);
    const query = `{ changes(first: 1) { nodes { ${parts.join(" ")} } } }`;
    const { cost } = await spend(await gateway.keyFor(tenant.slug), query);
    const changes = await gateway.data(
      key,
      "{ changes(first: 1) { nodes { changes { field } } } }",
    );
    const made = listAt(changes, "changes", "nodes", 0, "changes").length;
    expect(made).toBeGreaterThan(3);
    expect(cost.actual).toBeGreaterThanOrEqual(made);
    expect(cost.actual).toBeLessThanOrEqual(cost.requested);
  });

  it("may cost all that is left, though it turns out to need little of it", async () => {
    const key = await gateway.keyFor(slug);
    const query = "{ accounts(first: 10) { nodes { contacts(first: 90) { nodes { id } } } } }";
    for (let turn = 0; turn < 3; turn += 1) {
      const { status, cost } = await spend(key, query);
      expect([status, cost]).toEqual([200, { requested: 910, actual: 8 }]);
    }
  });
});

describe("an operation that fails", () => {
  it("before anything is read costs one", async () => {
    const key = await gateway.keyFor(slug);
    const { cost } = await spend(key, '{ accounts(first: 9, after: "none") { nodes { id } } }');
    expect(cost).toEqual({ requested: 9, actual: 1 });
    expect(await leftOf(key)).toBe(pointsPerMinute - 1);
  });

  it("for a limit that is none costs one over REST, and is counted", async () => {
    const key = await gateway.keyFor(slug);
    for (const limit of ["0.5", "1e-1", "-3", "many", ""]) {
      expect((await rest(key).get(`${accounts}?limit=${limit}`)).status).toBe(400);
    }
    expect(await leftOf(key)).toBe(pointsPerMinute - 5);
  });

  it("once something was read costs all that it could", async () => {
    const key = await gateway.keyFor(slug);
    const { cost } = await spend(
      key,
      "{ accounts(first: 9) { nodes { deals(first: 0) { nodes { id } } contacts(first: 3) { nodes { id } } } } }",
    );
    expect(cost).toEqual({ requested: 9 + 9 * 25 + 9 * 3, actual: 9 + 9 * 25 + 9 * 3 });
  });

  it("in part costs that part as if it had been read", async () => {
    const key = await gateway.keyFor(slug);
    const { cost } = await spend(
      key,
      '{ accounts(first: 9) { nodes { id } } node(id: "acc-none") { id } }',
    );
    expect(cost).toEqual({ requested: 10, actual: 5 });
  });

  it("because its scope is missing, or it is too expensive, costs nothing", async () => {
    const key = await gateway.keyFor(slug, ["read:deals"]);
    const refused = await spend(key, "{ accounts { nodes { id } } }");
    expect(refused).toMatchObject({ status: 403, cost: { requested: 25, actual: 0 } });
    const expensive = await spend(key, "{ dealsAggregate { count } }");
    expect(expensive.cost).toEqual({ requested: 2_000, actual: 0 });
    expect(await leftOf(key)).toBe(pointsPerMinute);
  });

  it("because its client has gone costs all that it could", async () => {
    const key = await gateway.keyFor(slug);
    const { client } = gateway.fixtures;
    await client.query("BEGIN; LOCK TABLE accounts");
    const gone = new AbortController();
    const query = "{ accounts(first: 70) { nodes { id } } }";
    const answer = post(gateway.url, key, { query, signal: gone.signal });
    answer.catch(() => undefined);
    await untilWaiting(gateway, 1);
    expect(await leftOf(key)).toBe(pointsPerMinute - 70);
    gone.abort();
    await expect(answer).rejects.toThrow(/abort/);
    await untilWaiting(gateway, 0);
    await client.query("ROLLBACK");
    await gateway.data(key, "{ accounts(first: 1) { nodes { id } } }");
    expect(await leftOf(key)).toBe(pointsPerMinute - 71);
  });
});

describe("an answer that is given again under its idempotency key", () => {
  it("costs one, over GraphQL and REST", async () => {
    const key = await gateway.keyFor(slug);
    const query = 'mutation { createAccount(input: { name: "Again" }) { account { name } } }';
    const first = await spend(key, query, { idempotencyKey: "again" });
    const again = await spend(key, query, { idempotencyKey: "again" });
    expect([first.cost, again.cost]).toEqual([
      { requested: 11, actual: 11 },
      { requested: 11, actual: 1 },
    ]);
    const headers = { "idempotency-key": "again over rest" };
    const costs: number[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const before = await leftOf(key);
      expect((await rest(key).post(accounts, { name: "Rest" }, headers)).status).toBe(201);
      costs.push(before - (await leftOf(key)));
    }
    expect(costs).toEqual([10, 1]);
  });
});

describe("a REST request", () => {
  it("costs what it read, and one when nothing was", async () => {
    const key = await gateway.keyFor(slug);
    const cost = async (path: string): Promise<number> => {
      const before = await leftOf(key);
      await rest(key).get(path);
      return before - (await leftOf(key));
    };
    expect(await cost(`${accounts}?limit=4&name=Account%201`)).toBe(101);
    expect(await cost(`${accounts}?limit=4&name=None`)).toBe(100);
    expect(await cost(`${accounts}?limit=0`)).toBe(1);
    expect(await cost(`${accounts}/acc-0190aaaa-0000-7000-8000-000000000000`)).toBe(1);
  });
});

describe("two gateways that share one account of points", () => {
  it("serve as many as one would, and never more than there are", async () => {
    const key = await gateway.keyFor(slug);
    const query = "{ accounts(first: 10) { nodes { contacts(first: 40) { nodes { id } } } } }";
    let spentSoFar = 0;
    for (let turn = 0; turn < 6; turn += 1) {
      const { status, cost } = await spend(key, query, {
        url: turn % 2 === 0 ? gateway.url : second.url,
      });
      expect(status).toBe(200);
      expect(cost.requested).toBe(410);
      spentSoFar += cost.actual;
    }
    const full = "{ accounts(first: 100) { totalCount nodes { id } } }";
    let refused = 0;
    for (let turn = 0; turn < 12 && refused === 0; turn += 1) {
      const { status, cost } = await spend(key, full, {
        url: turn % 2 === 0 ? gateway.url : second.url,
      });
      if (status === 200) spentSoFar += cost.actual;
      else refused += 1;
    }
    expect(refused).toBe(1);
    expect(spentSoFar).toBeLessThanOrEqual(pointsPerMinute);
    expect(spentSoFar).toBeGreaterThan(pointsPerMinute - 400);
  });
});
