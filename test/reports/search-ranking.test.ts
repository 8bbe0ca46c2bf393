// A search for an account by its exact name gave 100 activities and deals that mention it, and not the account.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type pg from "pg";
import { openDatabase, type Database } from "../../src/db/database.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { Reader } from "../../src/query/reader.ts";
import { searchWords } from "../../src/query/search.ts";
import { seed } from "../../src/seed/seed.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures, type TenantFixtures } from "../support/samples/fixtures.ts";
import { casesOf } from "../support/run/run-length.ts";

/** What each kind of record is called by. */
const named: Readonly<Record<string, string>> = {
  "accounts by name": "SELECT name, id FROM accounts WHERE deleted_at IS NULL",
  "accounts by domain": "SELECT domain, id FROM accounts WHERE deleted_at IS NULL",
  "accounts by email": "SELECT email, id FROM accounts WHERE deleted_at IS NULL",
  "accounts by phone": "SELECT phone, id FROM accounts WHERE deleted_at IS NULL",
  "people by name": "SELECT display_name, id FROM contacts WHERE deleted_at IS NULL",
  "people by email": "SELECT email, id FROM contacts WHERE deleted_at IS NULL",
  "people by phone":
    "SELECT p, id FROM contacts, unnest(ARRAY[phone_1, phone_2, phone_3]) p WHERE p IS NOT NULL AND deleted_at IS NULL",
  "deals by name": "SELECT name, id FROM deals WHERE deleted_at IS NULL",
  "deals by number": "SELECT deal_number, id FROM deals WHERE deleted_at IS NULL",
  "quotes by name": "SELECT name, id FROM quotes WHERE deleted_at IS NULL",
  "quotes by number": "SELECT quote_number, id FROM quotes WHERE deleted_at IS NULL",
};

let testDatabase: TestDatabase;
let database: Database;
let fixtures: Fixtures;
let client: pg.Client;
const searched = catalog.entities.filter(({ searchable }) => searchable);

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase({ url: testDatabase.url, maxConnections: 2 });
  fixtures = await Fixtures.open(testDatabase.url);
  ({ client } = fixtures);
});
afterAll(async () => {
  await database.close();
  await fixtures.close();
  await testDatabase.drop();
});

async function search(tenantId: string, query: string, limit = 25, after: string | null = null) {
  const reader = new Reader({
    db: database.forTenant(tenantId),
    catalog,
    viewer: { tenantId, appId: null },
  });
  const words = searchWords(query);
  if (words === null) throw new Error("nothing to search for");
  return reader.search({
    entities: searched,
    words,
    limit,
    after,
    wantTotal: false,
    wantTexts: false,
  });
}

describe("in the demo", () => {
  let tenantId: string;
  beforeAll(async () => {
    const anchor = new Date("2026-11-20T00:00:00.000Z");
    await seed({ url: testDatabase.url, tenants: 1, accounts: 60, seed: 1, anchor });
    const { rows } = await client.query<{ id: string }>("SELECT id FROM tenants");
    tenantId = rows[0]?.id ?? "";
  });

  const count = casesOf(100, 10);
  it.each(Object.keys(named))("%s come first", async (kind) => {
    const names = Object.entries(named).map(
      ([of, sql]) => `SELECT '${of}' AS kind, t.* FROM (${sql}) AS t(name, id)`,
    );
    const { rows } = await client.query<{ name: string; ids: string[] }>(
      `WITH named AS (${names.join(" UNION ALL ")})
       SELECT n.name, (SELECT array_agg(o.id) FROM named o WHERE lower(o.name) = lower(n.name)) AS ids
       FROM named n WHERE n.kind = $1 AND n.name <> '' ORDER BY md5(n.name) LIMIT $2`,
      [kind, count],
    );
    const missed: string[] = [];
    for (const { name, ids } of rows) {
      const { hits } = await search(tenantId, name, 1);
      if (!ids.includes(hits[0]?.id ?? "")) missed.push(`${name}: ${hits[0]?.entity}`);
    }
    expect(rows.length).toBeGreaterThanOrEqual(Math.min(count, 16));
    expect(missed.length, missed.join("; ")).toBeLessThanOrEqual(rows.length / 100);
  });
});

describe("among records made for it", () => {
  let tenant: TenantFixtures;
  const made = new Map<string, string>();
  beforeAll(async () => {
    tenant = await fixtures.tenant("old-mill");
    const make = async (label: string, entity: string, values: Record<string, unknown>) => {
      made.set((await tenant.make(entity, values)).uuid, label);
    };
    const account = await tenant.account({ name: "Old Mill Learning" });
    made.set(account.uuid, "exact");
    const inAccount = { accountId: account.uuid };
    await make("longer", "account", { name: "Old Mill Learning Partners of the North" });
    await make("long", "account", { name: "Old Mill Learning Partners" });
    await make("words", "account", { name: "The Learning Old Mill" });
    await make("parts", "account", { name: "Goldmill Relearning, told" });
    await make("text", "account", { name: "Acme", description: "an old mill, for learning" });
    await make("similar", "account", { name: "Old Mil Lerning" });
    await make("person", "contact", { ...inAccount, firstName: "Old Mill", lastName: "Learning" });
    await make("deal", "deal", {
      ...inAccount,
      name: "Old Mill Learning",
      dealNumber: "D-1",
      currency: "USD",
    });
    await make("call", "activity", { ...inAccount, type: "call", subject: "Old Mill Learning" });
    await make("call about", "activity", {
      ...inAccount,
      type: "call",
      subject: "Old Mill Learning wants more",
    });
    await make("note", "activity", {
      ...inAccount,
      type: "note",
      description: "Old Mill Learning called",
    });
  });

  it.each(["old mill learning", "OLD MILL LEARNING", "Óld Mill Leärning", " old  mill learning "])(
    "%j: exact names, then beginnings, words, parts, other texts, likeness; accounts before people before the rest",
    async (query) => {
      const { hits } = await search(tenant.uuid, query);
      expect(hits.map(({ id }) => made.get(id))).toEqual([
        "exact",
        "person",
        "deal",
        "call",
        "long",
        "longer",
        "call about",
        "words",
        "parts",
        "text",
        "note",
        "similar",
      ]);
      const scores = hits.map(({ score }) => score);
      expect(Math.max(...scores)).toBeLessThanOrEqual(1);
      expect(Math.min(...scores)).toBeGreaterThanOrEqual(0);
      expect(scores[0]).not.toBe(scores[1]);
    },
  );

  it("is the same page by page, in one statement each", async () => {
    const whole = await search(tenant.uuid, "old mill learning");
    for (const size of [1, 2, 5]) {
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof search>> = await search(
          tenant.uuid,
          "old mill learning",
          size,
          after,
        );
        seen.push(...page.hits.map(({ id }) => id));
        after = page.hasNextPage ? (page.hits.at(-1)?.cursor ?? null) : null;
      } while (after !== null);
      expect(seen).toEqual(whole.hits.map(({ id }) => id));
    }
  });
});
