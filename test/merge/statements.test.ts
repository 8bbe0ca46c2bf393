import { afterAll, beforeAll, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { accountFamily } from "../support/samples/account-family.ts";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { done, merge } from "../support/writes/merging.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("north"));
});
afterAll(() => gateway.close());

/** How many statements a merge takes, and how many edges it moves. */
async function cost(kind: "account" | "contact", into: string, from: string) {
  gateway.statements.clear();
  const { moved, contactsMerged } = done(
    await merge(gateway, key, kind, { into, from }, "version"),
  );
  return {
    edges: Object.values(moved).reduce((sum, count) => sum + count, 0),
    twins: contactsMerged.length,
    statements: gateway.statements.all().length,
  };
}

it("merging accounts takes the same number of statements for 7 and for 700 edges", async () => {
  const costs = [];
  for (const size of [1, 100]) {
    const [into, from] = [
      await accountFamily(tenant, 1, `into-${size}`),
      await accountFamily(tenant, size, `from-${size}`),
    ];
    costs.push(await cost("account", into.account.id, from.account.id));
  }
  expect(costs).toEqual([
    { edges: 7, twins: 0, statements: 24 },
    { edges: 700, twins: 0, statements: 24 },
  ]);
});

it("people merged along cost some more, however many they are", async () => {
  const costs = [];
  for (const size of [1, 50]) {
    const [into, from] = [
      await accountFamily(tenant, size, `twin-${size}`),
      await accountFamily(tenant, size, `other-${size}`),
    ];
    await gateway.fixtures.client.query(
      "UPDATE contacts SET email = replace(email, 'other-', 'twin-'), email_key = replace(email_key, 'other-', 'twin-') WHERE account_id = $1",
      [from.account.uuid],
    );
    costs.push(await cost("account", into.account.id, from.account.id));
  }
  expect(costs.map(({ twins, statements }) => ({ twins, statements }))).toEqual([
    { twins: 2, statements: 33 },
    { twins: 100, statements: 33 },
  ]);
});

it("merging contacts takes the same number of statements for 4 and for 500 edges", async () => {
  const costs = [];
  for (const size of [1, 125]) {
    const account = await tenant.account();
    const [into, from] = [await tenant.contact(account), await tenant.contact(account)];
    const places = Array.from({ length: size });
    const main = { accountId: account.uuid, contactId: from.uuid, type: "call" };
    await tenant.makeMany(
      "contact",
      places.map(() => ({ accountId: account.uuid, reportsToContactId: from.uuid })),
    );
    const activities = await tenant.makeMany(
      "activity",
      places.map(() => main),
    );
    const deals = await tenant.makeMany(
      "deal",
      places.map((_, place) => ({
        accountId: account.uuid,
        currency: "USD",
        dealNumber: `D-${size}-${place}`,
      })),
    );
    for (const activity of activities) await tenant.participant(activity, from);
    for (const deal of deals) await tenant.stakeholder(deal, from);
    costs.push(await cost("contact", into.id, from.id));
  }
  expect(costs).toEqual([
    { edges: 4, twins: 0, statements: 25 },
    { edges: 500, twins: 0, statements: 25 },
  ]);
});
