import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  // These are the interpreter's statements. compiled.test.ts counts the compiled lane's.
  gateway = await startGateway({ compiled: false });
  const tenant = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(tenant.slug);
  const accounts = await tenant.makeMany(
    "account",
    Array.from({ length: 100 }, (_, index) => ({
      name: `Account ${String(index).padStart(3, "0")}`,
    })),
  );
  const contacts = await tenant.makeMany(
    "contact",
    accounts.map(({ uuid }) => ({ accountId: uuid, lastName: "Doe" })),
  );
  const deals = await tenant.makeMany(
    "deal",
    accounts.flatMap(({ uuid }, index) =>
      Array.from({ length: index % 4 }, (_, number) => ({
        accountId: uuid,
        dealNumber: `${uuid}-${number}`,
        stage: `stage-${number}`,
        currency: number === 0 ? "USD" : "EUR",
        value: String(index),
      })),
    ),
  );
  await tenant.makeMany(
    "activity",
    accounts.map(({ uuid }) => ({ accountId: uuid, type: "call" })),
  );
  const [first] = contacts;
  if (first === undefined) throw new Error("no contact");
  for (const deal of deals.slice(0, 10)) await tenant.stakeholder(deal, first);
});
afterAll(() => gateway.close());

async function statementsOf(query: string, variables: object = {}): Promise<string[]> {
  gateway.statements.clear();
  await gateway.data(key, query, { ...variables });
  return gateway.statements.all().map(({ text }) => text);
}

const perParent = `query ($first: Int!) {
  accounts(first: $first, orderBy: [{ name: asc }]) {
    nodes {
      id
      dealsAggregate(groupBy: [{ field: stage }], orderBy: [{ sum: { value: desc_nulls_last }, currency: "EUR" }], first: 2) {
        count sum { value { currency amount } } groupCount
        groups { key { stage } count avg { value { currency amount } } }
      }
      activitiesAggregate(groupBy: [{ field: occurredAt, by: month, timeZone: "America/New_York" }]) {
        count max { occurredAt } groups { key { occurredAt } count }
      }
      contacts(first: 1) { nodes { id dealsAggregate { count } } }
    }
  }
}`;

describe("aggregates on edges", () => {
  it.each([1, 20, 100])("take one statement each for %i parents", async (first) => {
    gateway.statements.clear();
    const data = await gateway.data(key, perParent, { first });
    // accounts, their deals', activities' and contacts', and the contacts' deals' aggregates.
    expect(gateway.statements.all()).toHaveLength(5);
    const nodes = listAt(data, "accounts", "nodes");
    expect(nodes).toHaveLength(first);
    for (const [index, node] of nodes.entries()) {
      const found = index % 4;
      expect(at(node, "dealsAggregate", "count")).toBe(found);
      expect(at(node, "dealsAggregate", "groupCount")).toBe(found);
      // The limit is each parent's own.
      expect(listAt(node, "dealsAggregate", "groups")).toHaveLength(Math.min(2, found));
      expect(at(node, "activitiesAggregate", "count")).toBe(1);
    }
  });

  it("give each parent its own figures", async () => {
    const data = await gateway.data(key, perParent, { first: 100 });
    expect(at(data, "accounts", "nodes", 7, "dealsAggregate")).toEqual({
      count: 3,
      sum: {
        value: [
          { currency: "EUR", amount: "14" },
          { currency: "USD", amount: "7" },
        ],
      },
      groupCount: 3,
      groups: ["stage-1", "stage-2"].map((stage) => ({
        key: { stage },
        count: 1,
        avg: { value: [{ currency: "EUR", amount: "7" }] },
      })),
    });
    expect(at(data, "accounts", "nodes", 0, "dealsAggregate")).toEqual({
      count: 0,
      sum: { value: [] },
      groupCount: 0,
      groups: [],
    });
  });

  it("over a join table take one statement, too", async () => {
    const texts = await statementsOf(
      "{ deals(first: 100) { nodes { contactsAggregate(groupBy: [{ field: accountId }]) { count groups { key { accountId } } } } } }",
    );
    expect(texts).toHaveLength(2);
  });

  it("under two names take two statements, as their arguments may differ", async () => {
    const texts = await statementsOf(
      '{ accounts(first: 100) { nodes { usd: dealsAggregate(where: { currency: { eq: "USD" } }) { count } eur: dealsAggregate(where: { currency: { eq: "EUR" } }) { count } } } }',
    );
    expect(texts).toHaveLength(3);
  });
});

describe("what is not selected", () => {
  it("is not computed", async () => {
    const [text = ""] = await statementsOf(
      "{ dealsAggregate(groupBy: [{ field: stage }]) { count } }",
    );
    expect(text).not.toMatch(/"stage"|"value"|"currency"|GROUPING|dense_rank/);
    const [groups = ""] = await statementsOf(
      "{ dealsAggregate(groupBy: [{ field: stage }]) { groups { key { stage } sum { probability } } } }",
    );
    expect(groups).not.toMatch(/"value"|"currency"|GROUPING|UNION/);
    expect(groups.match(/sum\(t\./g)).toHaveLength(1);
  });

  it("takes no statement when nothing is selected", async () => {
    expect(await statementsOf("{ dealsAggregate { __typename sum { __typename } } }")).toEqual([]);
    expect(await statementsOf("{ dealsAggregate { groups { count } groupCount } }")).toEqual([]);
  });

  it("counts too when it is in a fragment, and not when it is skipped", async () => {
    const texts = await statementsOf(
      `query ($yes: Boolean!) { dealsAggregate { ...Figures max { createdAt } sum { value @skip(if: $yes) { amount } } } }
       fragment Figures on DealAggregate { avg { probability } }`,
      { yes: true },
    );
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(/"probability"/);
    expect(texts[0]).not.toMatch(/"value"/);
  });
});

describe("one statement", () => {
  it("gives figures, groups and how many groups there are", async () => {
    const texts = await statementsOf(
      "{ dealsAggregate(groupBy: [{ field: stage }], orderBy: [{ count: desc }]) { count sum { value { amount } } groupCount groups { key { stage } count sum { value { amount } } } } }",
    );
    expect(texts).toHaveLength(1);
  });

  it("gives the pipeline, and one the forecast", async () => {
    const rest = "count amounts { currency count value weightedValue }";
    expect(await statementsOf(`{ pipeline { stage ${rest} } }`)).toHaveLength(1);
    expect(await statementsOf(`{ forecast { month ${rest} } }`)).toHaveLength(1);
    const [counted = ""] = await statementsOf("{ pipeline { stage count } }");
    expect(counted).not.toMatch(/sum\(|"currency"/);
  });
});
