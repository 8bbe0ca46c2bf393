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
  /** The most pages of 8 KB that it may read of either tenant. */
  readonly pages: number;
};
const deal = "id name stage value currency createdAt";

describe.each<[string, Asked]>([
  [
    "a page of any size",
    {
      query: `query ($first: Int!) { deals(first: $first) { nodes { ${deal} } } }`,
      variables: () => Promise.resolve({ first: 5 }),
      pages: 10,
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
      pages: 20,
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
      pages: 10,
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
      pages: 1_000,
    },
  ],
])("%s has one plan, which reads no more of a large tenant than of a small one", (_, asked) => {
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
        expect(plan.buffers).toBeLessThanOrEqual(asked.pages);
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
