import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase, type Database } from "../../src/db/database.ts";
import { crmFace } from "../../src/rest/crm/face.ts";
import { readListQuery } from "../../src/rest/list-query.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures, type Made, type TenantFixtures } from "../support/samples/fixtures.ts";
import { explainPlan, isBoundedBy, statementOf, type Explained } from "../support/database/plan.ts";

const size = 1_500;
const edges = 2;

let testDatabase: TestDatabase;
let fixtures: Fixtures;
let database: Database;
let tenant: TenantFixtures;
let contacts: readonly Made[];

/** Three tenants whose every deal has two people and two quotes, each quote two lines. */
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  fixtures = await Fixtures.open(testDatabase.url);
  database = openDatabase({ url: testDatabase.url, maxConnections: 1 });
  for (const slug of ["blue-ridge", "north-harbor", "east-gate"]) {
    tenant = await fixtures.tenant(slug);
    const { uuid: accountId } = await tenant.account();
    const numbers = Array.from({ length: size }, (_, index) => index);
    contacts = await tenant.makeMany(
      "contact",
      numbers.map(() => ({ accountId })),
    );
    const deals = await tenant.makeMany(
      "deal",
      numbers.map((index) => ({ accountId, dealNumber: `D-${index}`, currency: "USD" })),
    );
    const links = deals.flatMap(({ uuid: deal_id }, index) =>
      [0, 1].map((next) => ({
        tenant_id: tenant.uuid,
        deal_id,
        contact_id: contacts[(index + next) % size]?.uuid,
      })),
    );
    await fixtures.insertMany("deal_contacts", links);
    await tenant.makeMany(
      "stageChange",
      deals.map(({ uuid: dealId }) => ({ dealId, toStage: "lead", changedBy: "usr-1" })),
    );
    const quotes = await tenant.makeMany(
      "quote",
      deals.flatMap(({ uuid: dealId }, index) =>
        [0, 1].map((next) => ({
          accountId,
          dealId,
          quoteNumber: `Q-${index}-${next}`,
          currency: "USD",
        })),
      ),
    );
    await tenant.makeMany(
      "lineItem",
      quotes.flatMap(({ uuid: quoteId }) =>
        [0, 1].map((position) => ({ quoteId, position, currency: "USD" })),
      ),
    );
  }
  await fixtures.client.query("ANALYZE");
});
afterAll(async () => {
  await database.close();
  await fixtures.close();
  await testDatabase.drop();
});

async function planOf(path: string, query: string, count = false): Promise<Explained> {
  const resource = crmFace.resources.find((one) => one.path.endsWith(path));
  if (resource === undefined) throw new Error(`nothing at ${path}`);
  const request = readListQuery(resource, new URLSearchParams(query));
  const want = { ...request.want, total: count };
  const statement = await statementOf(tenant.uuid, (reader) =>
    reader.listAs({ ...request, want }, resource.columns),
  );
  return explainPlan(database.forTenant(tenant.uuid), statement);
}

describe("of three tenants' records", () => {
  it("a page of deals reads its own rows and what hangs on them", async () => {
    const plan = await planOf("/deals", "limit=100");
    expect(isBoundedBy(tenant.uuid, plan)).toBe(true);
    // A row more tells whether there is another page; a person is a link and a contact.
    expect(plan.read).toBeLessThanOrEqual(101 * (1 + 2 * edges + edges + 1));
  });

  it("a page of quotes reads its own rows and their lines", async () => {
    const plan = await planOf("/quotes", "limit=100");
    expect(isBoundedBy(tenant.uuid, plan)).toBe(true);
    // The three tenants are read for the time zone of one: what has expired goes by its day.
    expect(plan.read).toBeLessThanOrEqual(101 * (1 + edges) + 3);
  });

  it("the deals of a person are found from that person", async () => {
    const plan = await planOf("/deals", `contact_ids=${contacts[7]?.id ?? ""}`, true);
    expect(isBoundedBy(tenant.uuid, plan)).toBe(true);
    expect(plan.read).toBeLessThan(50);
  });

  it.each(["false", "true"])(
    "the deals with people or without (is_empty=%s) look at each row a few times, and not each for each",
    async (isEmpty) => {
      const plan = await planOf("/deals", `contact_ids[is_empty]=${isEmpty}`, true);
      expect(plan.read).toBeLessThan(20 * size);
    },
  );
});
