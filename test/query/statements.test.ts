import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

const fiveLevels = `query ($first: Int!) {
  tenant {
    accounts(first: $first) {
      totalCount
      nodes {
        displayName
        parent { displayName }
        open: deals(first: 2, where: { stage: { eq: "lead" } }) {
          totalCount
          nodes {
            dealNumber
            primaryContact { displayName }
            quotes(first: 2) {
              totalCount
              nodes { quoteNumber lineItems(first: 2) { nodes { total } } }
            }
          }
        }
        won: deals(first: 1, where: { stage: { eq: "closed_won" } }) { nodes { value } }
        activities(first: 3) { totalCount nodes { subject contacts(first: 2) { nodes { email } } } }
      }
    }
  }
}`;
let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("north-harbor"));
  const parent = await tenant.account({ createdAt: "2020-01-01T00:00:00Z" });
  const accounts = await tenant.makeMany(
    "account",
    Array.from({ length: 100 }, (_, index) => ({
      name: `Account ${index}`,
      parentAccountId: parent.uuid,
    })),
  );
  for (const account of accounts) {
    const contact = await tenant.contact(account, { email: `${account.uuid}@example.com` });
    const deals = await tenant.makeMany(
      "deal",
      Array.from({ length: 6 }, (_, index) => ({
        accountId: account.uuid,
        dealNumber: `${account.uuid}-${index}`,
        currency: "USD",
        stage: index < 4 ? "lead" : "closed_won",
        primaryContactId: contact.uuid,
      })),
    );
    const quotes = await tenant.makeMany(
      "quote",
      deals.flatMap((deal) =>
        [1, 2, 3].map((index) => ({
          accountId: account.uuid,
          dealId: deal.uuid,
          quoteNumber: `${deal.uuid}-${index}`,
          currency: "USD",
        })),
      ),
    );
    await tenant.makeMany(
      "lineItem",
      quotes.flatMap((quote) =>
        [1, 2, 3].map((position) => ({ quoteId: quote.uuid, currency: "USD", position })),
      ),
    );
    const activities = await tenant.makeMany(
      "activity",
      Array.from({ length: 5 }, () => ({ accountId: account.uuid, type: "call" })),
    );
    for (const activity of activities) await tenant.participant(activity, contact);
  }
});
afterAll(() => gateway.close());

describe("a five-level query", () => {
  it.each([1, 20, 100])("costs one statement at %i root rows", async (first) => {
    gateway.statements.clear();
    const data = await gateway.data(key, fiveLevels, { first });
    const statements = gateway.statements.all();

    expect(listAt(data, "tenant", "accounts", "nodes")).toHaveLength(first);
    expect(at(data, "tenant", "accounts", "totalCount")).toBe(101);
    expect(at(data, "tenant", "accounts", "nodes", 0, "open", "totalCount")).toBe(4);
    expect(
      at(data, "tenant", "accounts", "nodes", 0, "open", "nodes", 0, "quotes", "totalCount"),
    ).toBe(3);
    expect(statements).toHaveLength(1);
  });
});

describe("100 parents of which one has 10,000 children", () => {
  it("reads only the pages", async () => {
    const large = await gateway.fixtures.tenant("blue-ridge");
    const largeKey = await gateway.keyFor(large.slug);
    const parents = await large.makeMany(
      "account",
      Array.from({ length: 100 }, (_, index) => ({ name: `P${index}` })),
    );
    const [busy] = parents;
    if (busy === undefined) throw new Error("no parent");
    await large.makeMany(
      "activity",
      Array.from({ length: 10_000 }, (_, index) => ({
        accountId: busy.uuid,
        type: "call",
        occurredAt: new Date(Date.UTC(2026, 0, 1, 0, 0, index)),
      })),
    );
    await gateway.fixtures.client.query("ANALYZE activities");

    const query =
      "{ accounts(first: 100) { nodes { id activities(first: 10) { nodes { id } } } } }";
    gateway.statements.clear();
    await gateway.data(largeKey, query);
    const statements = gateway.statements.all();
    expect(statements).toHaveLength(1);
    const read = await rowsRead(large, statements[0]?.text ?? "");
    expect(read.get("accounts")).toBe(100);
    expect(read.get("activities")).toBe(10);
  });
});

/** How many rows of each table PostgreSQL read for a statement, by its own account. */
async function rowsRead(owner: TenantFixtures, text: string): Promise<ReadonlyMap<string, number>> {
  const db = gateway.database.forTenant(owner.uuid);
  const rows = await db.rows(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ${text}`, [
    owner.uuid,
  ]);
  const read = new Map<string, number>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const table: unknown = Reflect.get(node, "Relation Name");
    if (typeof table === "string") {
      const removed = Number(Reflect.get(node, "Rows Removed by Filter") ?? 0);
      const each = Number(Reflect.get(node, "Actual Rows")) + removed;
      read.set(table, (read.get(table) ?? 0) + each * Number(Reflect.get(node, "Actual Loops")));
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(JSON.parse(rows[0]?.[0] ?? "null"));
  return read;
}

it.each([
  ["hasNextPage", false],
  ["hasPreviousPage", true],
])(
  "whoever follows a list with `after` and %s: rows before the cursor are looked for: %s",
  async (field, looks) => {
    const first = await gateway.data(key, "{ accounts(first: 2) { pageInfo { endCursor } } }");
    const after = at(first, "accounts", "pageInfo", "endCursor");
    gateway.statements.clear();
    const page = await gateway.data(
      key,
      `query ($after: String) { accounts(first: 2, after: $after) { pageInfo { ${field} } } }`,
      { after },
    );
    expect(at(page, "accounts", "pageInfo", field)).toBe(true);
    const texts = gateway.statements.all().map(({ text }) => text);
    expect(texts.some((text) => text.includes("SELECT TRUE"))).toBe(looks);
  },
);
