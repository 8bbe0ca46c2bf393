import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hearPlans, tellPlans, type Logged, type PlanLog } from "../support/database/plan-log.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { casesOf } from "../support/run/run-length.ts";
import { fillTenant } from "../support/samples/crowded-database.ts";

/** Rows in each table of two tenants that share each statement. */
const sizes = { large: casesOf(20_000, 4_000), small: 10 };
type Slug = keyof typeof sizes;

let gateway: TestGateway;
let plans: PlanLog;
const keys = new Map<Slug, string>();

beforeAll(async () => {
  gateway = await startGateway({ maxConnections: 1 });
  const { fixtures } = gateway;
  for (const slug of ["large", "small"] as const) {
    await fillTenant(fixtures, await fixtures.tenant(slug), sizes[slug]);
    keys.set(slug, await gateway.keyFor(slug));
  }
  await fixtures.client.query("VACUUM ANALYZE");
  await tellPlans(fixtures.client);
  plans = await hearPlans(gateway.database.pool);
});
afterAll(() => gateway.close());

const ask = (slug: Slug, query: string, variables: object = {}) =>
  gateway.data(keys.get(slug) ?? "", query, { ...variables });

/** The plan of a call's single statement. */
async function planOf(slug: Slug, query: string, variables: object): Promise<Logged> {
  plans.take();
  await ask(slug, query, variables);
  const [plan, ...others] = plans.take().filter(({ text }) => text.includes("concat('{"));
  if (plan === undefined || others.length > 0) throw new Error("not one statement");
  return plan;
}

/** Whether a plan is generic: its conditions have the tenant as a parameter. */
const isForAll = ({ scans }: Logged): boolean =>
  scans.length > 0 && scans.every(({ condition }) => condition.includes("tenant_id = $1"));

type Asked = {
  readonly query: string;
  readonly variables: (slug: Slug) => Promise<object>;
  /** The most pages of 8 KB that it may read of each tenant. */
  readonly pages: Readonly<Record<Slug, number>>;
};
const deal = "id name stage value currency createdAt";

/** What is looked for in each tenant, and the most pages that may be read there. */
type Looked = {
  readonly query: string;
  readonly variables: Readonly<Record<Slug, object>>;
  readonly pages: Readonly<Record<Slug, number>>;
};

describe.each<[string, Asked]>([
  [
    "a page of any size",
    {
      query: `query ($first: Int!) { deals(first: $first) { nodes { ${deal} } } }`,
      variables: () => Promise.resolve({ first: 5 }),
      pages: { large: 10, small: 10 },
    },
  ],
  [
    "a page behind a cursor",
    {
      query: `query ($after: String) { accounts(first: 5, after: $after) {
        pageInfo { hasNextPage hasPreviousPage endCursor } nodes { id displayName } } }`,
      variables: async (slug) => {
        const first = await ask(slug, "{ accounts(first: 3) { pageInfo { endCursor } } }");
        return { after: at(first, "accounts", "pageInfo", "endCursor") };
      },
      pages: { large: 20, small: 20 },
    },
  ],
  [
    "a record by its id",
    {
      query: `query ($id: ID!) { deal(id: $id) { ${deal} account { displayName } } }`,
      variables: async (slug) => {
        const first = await ask(slug, "{ deals(first: 1) { nodes { id } } }");
        return { id: at(first, "deals", "nodes", 0, "id") };
      },
      pages: { large: 10, small: 10 },
    },
  ],
  [
    "four levels, with a filter and a count",
    {
      query: `query ($first: Int!, $stage: String!) { accounts(first: $first) { nodes { id
        contacts(first: $first) { nodes { id } }
        deals(first: $first, where: { stage: { eq: $stage } }) { totalCount nodes { id
          quotes(first: $first) { nodes { id lineItems(first: $first) { nodes { id total } } } } } } } } }`,
      variables: () => Promise.resolve({ first: 5, stage: "proposal" }),
      pages: { large: 1_000, small: 200 },
    },
  ],
  [
    "figures of each account's deals",
    {
      query: `query ($first: Int!) { accounts(first: $first) { nodes { id
        dealsAggregate { count sum { value { currency amount } } } } } }`,
      variables: () => Promise.resolve({ first: 5 }),
      // One account has a 30th of all deals, each perhaps on a page of its own.
      pages: { large: 50 + sizes.large / 20, small: 30 },
    },
  ],
  [
    "figures of all deals in groups",
    {
      query: `query ($first: Int!) { dealsAggregate(groupBy: [{ field: stage }], first: $first) {
        groups { key { stage } count sum { value { currency amount } } } } }`,
      variables: () => Promise.resolve({ first: 5 }),
      // An index has all that is read.
      pages: { large: sizes.large / 40, small: 15 },
    },
  ],
  [
    "a filter over an edge of each account's deals",
    {
      query: `query ($first: Int!, $number: String!) { accounts(first: $first) { nodes { id
        deals(first: $first, where: { quotes: { some: { quoteNumber: { eq: $number } } } }) { totalCount nodes { id } } } } }`,
      variables: () => Promise.resolve({ first: 5, number: "Q-7" }),
      // Each deal is looked up, of the account with a 30th of them too.
      pages: { large: sizes.large / 2, small: 120 },
    },
  ],
])("%s has one plan, which reads of each tenant what it needs there", (_, asked) => {
  it.each([
    ["large", "small"],
    ["small", "large"],
  ] as const)("when the %s one asks first, and the %s one then", async (one, other) => {
    // A text of its own for each order of the tenants.
    const text = asked.query.replace("{ id", `{ ${one}: id`);
    for (let time = 0; time < 3; time += 1) {
      for (const slug of [one, other]) {
        const plan = await planOf(slug, text, await asked.variables(slug));
        expect(isForAll(plan)).toBe(true);
        expect(plan.buffers).toBeLessThanOrEqual(asked.pages[slug]);
      }
    }
  });
});

describe.each<[string, Looked]>([
  [
    "a search in a list",
    {
      query: `query ($text: String!) { accounts(first: 5, search: $text) { totalCount nodes { id } } }`,
      variables: { large: { text: "xylophone" }, small: { text: "Harbor" } },
      // The large one lacks the word, as the index of words tells; all rows of the small one have theirs.
      pages: { large: 200, small: 60 },
    },
  ],
  [
    "a filter over an edge to many",
    {
      query: `query ($number: String!) { accounts(first: 5, where: { deals: { some: { dealNumber: { eq: $number } } } }) { totalCount nodes { id } } }`,
      variables: { large: { number: `D-${sizes.large}` }, small: { number: "D-7" } },
      pages: { large: 30, small: 30 },
    },
  ],
  [
    "a filter over an edge to one",
    {
      query: `query ($domain: String!) { deals(first: 5, where: { account: { domain: { eq: $domain } } }) { totalCount nodes { id } } }`,
      variables: { large: { domain: "3998.example" }, small: { domain: "7.example" } },
      pages: { large: 30, small: 30 },
    },
  ],
  [
    "figures behind a filter over two edges",
    {
      query: `query ($number: String!) { dealsAggregate(where: { account: { deals: { some: { dealNumber: { eq: $number } } } } }) { count sum { value { currency amount } } } }`,
      variables: { large: { number: `D-${sizes.large}` }, small: { number: "D-7" } },
      pages: { large: 30, small: 30 },
    },
  ],
])("%s is planned for what is looked for each time", (_, { query, variables, pages }) => {
  it.each([
    ["large", "small"],
    ["small", "large"],
  ] as const)("when the %s one asks first, and the %s one then", async (one, other) => {
    const text = `${query} # ${one}`;
    for (let time = 0; time < 3; time += 1) {
      for (const slug of [one, other]) {
        const plan = await planOf(slug, text, variables[slug]);
        expect(isForAll(plan)).toBe(false);
        expect(plan.buffers).toBeLessThanOrEqual(pages[slug]);
      }
    }
  });
});

it("a filter over all rows of a tenant is planned for its values each time", async () => {
  const query = `query ($stage: String!) { deals(first: 5, where: { stage: { eq: $stage } }) { nodes { id } } }`;
  for (let time = 0; time < 7; time += 1) {
    for (const stage of ["proposal", "lead"]) {
      const plan = await planOf("large", query, { stage });
      expect(isForAll(plan)).toBe(false);
      // A scan in the list's order would read all deals.
      expect(plan.buffers).toBeLessThanOrEqual(10);
    }
  }
});
