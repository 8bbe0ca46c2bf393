import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seedDemo } from "../../src/seed/demo.ts";
import { type OnProgress, seed } from "../../src/seed/seed.ts";
import { tableNames } from "../../src/seed/tables.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { isLong } from "../support/run/run-length.ts";
import { brokenRules, stampRule } from "./rules.ts";

const anchor = new Date("2026-11-20T00:00:00.000Z");
const stamped = ["accounts", "contacts", "deals", "quotes", "line_items", "activities"];

let database: TestDatabase;
let client: pg.Client;

async function connect(url: string): Promise<pg.Client> {
  const connected = new pg.Client({ connectionString: url });
  connected.on("error", () => undefined);
  await connected.connect();
  return connected;
}

async function numberOf(sql: string, on: pg.Client = client): Promise<number> {
  const { rows } = await on.query<{ n: string }>(`SELECT (${sql}) AS n`);
  return Number(rows[0]?.n);
}

/** A digest of each table's rows, generated columns and all. */
async function digests(on: pg.Client, slug?: string): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const table of tableNames) {
    const column = table === "tenants" ? "id" : "tenant_id";
    const { rows } = await on.query<{ digest: string }>(
      `SELECT md5(coalesce(string_agg(r::text, '|' ORDER BY r::text), '')) AS digest FROM ${table} r
       WHERE $1::text IS NULL OR ${column} = (SELECT id FROM tenants WHERE slug = $1)`,
      [slug ?? null],
    );
    result[table] = rows[0]?.digest ?? "";
  }
  return result;
}

beforeAll(async () => {
  database = await createTestDatabase();
  client = await connect(database.url);
  await seed({ url: database.url, tenants: 2, accounts: 450, seed: 1, anchor });
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe("seeded rows", () => {
  test.each(Object.entries(brokenRules))("%s", async (_, sql) => {
    const { rows } = await client.query(
      `SELECT $1::timestamptz IS NULL AS x, r.* FROM (${sql}) r LIMIT 3`,
      [anchor],
    );
    expect(rows).toEqual([]);
  });

  test.each(stamped)("stamps of %s agree with each other and with the id", async (table) => {
    const { rows } = await client.query(stampRule(table), [anchor]);
    expect(rows).toEqual([]);
  });

  test("are skewed: most accounts have a few activities, some hundreds", async () => {
    const counts = `SELECT count(x.id) AS n FROM accounts a LEFT JOIN activities x
      ON x.tenant_id = a.tenant_id AND x.account_id = a.id GROUP BY a.tenant_id, a.id`;
    expect(
      await numberOf(`SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM (${counts}) c`),
    ).toBeLessThan(8);
    expect(await numberOf(`SELECT count(*) FROM (${counts}) c WHERE n > 300`)).toBeGreaterThan(10);
    expect(
      await numberOf(
        "SELECT max(n) FROM (SELECT count(*) n FROM contacts WHERE account_id IS NOT NULL GROUP BY account_id) c",
      ),
    ).toBe(8);
  });

  test("show every kind there is", async () => {
    const missing: string[] = [];
    for (const condition of [
      "accounts WHERE parent_account_id IS NOT NULL",
      "accounts WHERE deleted_at IS NOT NULL",
      "accounts WHERE account_type = 'individual'",
      "accounts WHERE name IS NULL",
      "contacts WHERE account_id IS NULL",
      "contacts WHERE reports_to_contact_id IS NOT NULL",
      "contacts WHERE last_name LIKE '%ć%' OR last_name LIKE '%ü%'",
      "contacts WHERE department_id IS NOT NULL",
      "quotes WHERE deal_id IS NULL",
      "quotes WHERE status = 'expired'",
      "quotes WHERE is_primary",
      "deals WHERE stage = 'closed_lost'",
      "deals WHERE stage = 'closed_won'",
      "deals WHERE currency = 'GBP'",
      "line_items WHERE discount_type = 'percent'",
      "activities WHERE description LIKE '%👍%'",
      "activities WHERE deal_id IS NULL AND contact_id IS NOT NULL",
      "activities WHERE account_id IS NULL",
    ]) {
      if ((await numberOf(`SELECT count(*) FROM ${condition}`)) === 0) missing.push(condition);
    }
    expect(missing).toEqual([]);
    expect(
      await numberOf(
        "SELECT count(*) FROM accounts WHERE (custom_fields #>> '{risk,score}')::int >= 0",
      ),
    ).toBeGreaterThan(100);
    expect(
      await numberOf("SELECT count(*) FROM (SELECT FROM contacts WHERE is_primary) c"),
    ).toBeGreaterThan(600);
  });
});

describe("seed", () => {
  test("gives the same rows for the same seed and anchor, and others for another", async () => {
    const other = await createTestDatabase();
    const second = await connect(other.url);
    const again = await createTestDatabase();
    const third = await connect(again.url);
    const options = { tenants: 2, accounts: isLong ? 450 : 45, seed: 1, anchor };
    await seed({ url: other.url, ...options });
    await seed({ url: again.url, ...options });
    expect(await digests(second)).toEqual(await digests(third));
    await third.end();
    await again.drop();
    await seed({ url: other.url, tenants: 1, accounts: 20, seed: 2, anchor, slugs: ["other"] });
    await seed({ url: other.url, tenants: 1, accounts: 20, seed: 3, anchor, slugs: ["other"] });
    const first = await digests(second, "other");
    const changed = await digests(second, "other-2");
    expect(changed["accounts"]).not.toBe(first["accounts"]);
    const { rows } = await second.query<{ slug: string }>("SELECT slug FROM tenants ORDER BY slug");
    expect(rows.map(({ slug }) => slug)).toEqual(["other", "other-2", "tenant-1", "tenant-2"]);
    await second.end();
    await other.drop();
  });

  test("adds tenants when it runs again, also twice at once, and tells how far it is", async () => {
    const other = await createTestDatabase();
    const second = await connect(other.url);
    const options = { url: other.url, tenants: 2, accounts: 30, seed: 1, anchor };
    const told: Parameters<OnProgress>[] = [];
    await seed({ ...options, onProgress: (...progress) => told.push(progress) });
    const results = await Promise.all([seed(options), seed(options)]);
    const { rows } = await second.query<{ slug: string }>("SELECT slug FROM tenants ORDER BY slug");
    expect(rows.map(({ slug }) => slug)).toEqual(
      [1, 2, 3, 4, 5, 6].map((number) => `tenant-${number}`),
    );
    expect(results.map(({ tenants }) => tenants)).toEqual([2, 2]);
    const [done, total] = told.at(-1) ?? [0, 1];
    expect(done).toBe(total);
    expect(new Set(told.map(([, all]) => all))).toEqual(new Set([2 * 30]));
    expect(told.map(([before]) => before)).toEqual(
      told.map(([before]) => before).toSorted((a, b) => a - b),
    );
    await second.end();
    await other.drop();
  });

  test("leaves no half tenant when a row is refused in the middle", async () => {
    const other = await createTestDatabase();
    const second = await connect(other.url);
    const nothing = await digests(second);
    await second.query("ALTER TABLE activities ADD CHECK (subject NOT LIKE '%Lighting%')");
    await expect(
      seed({ url: other.url, tenants: 3, accounts: 300, seed: 1, anchor }),
    ).rejects.toThrow();
    expect(await digests(second)).toEqual(nothing);
    await second.end();
    await other.drop();
  });

  test("leaves no half tenant when the connection is lost, and fails", async () => {
    const other = await createTestDatabase();
    const second = await connect(other.url);
    let cut: Promise<unknown> | undefined;
    const onProgress = (): void => {
      cut ??= second.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'crm-gateway seed' AND state <> 'idle' AND datname = current_database()`,
      );
    };
    await expect(
      seed({
        url: other.url,
        tenants: 1,
        accounts: isLong ? 6_000 : 1_500,
        seed: 1,
        anchor,
        onProgress,
      }),
    ).rejects.toThrow();
    await cut;
    expect(await numberOf("SELECT count(*) FROM tenants", second)).toBe(0);
    await second.end();
    await other.drop();
  });
});

describe("seedDemo", () => {
  test("makes the demo once, also when two processes start at once", async () => {
    const other = await createTestDatabase();
    const second = await connect(other.url);
    const options = { url: other.url };
    await Promise.all([seedDemo(options), seedDemo(options)]);
    const before = await digests(second);
    await seedDemo(options);
    expect(await digests(second)).toEqual(before);
    const { rows } = await second.query<{
      slug: string;
      name: string;
      zone: string;
      currency: string;
    }>(
      "SELECT slug, name, time_zone AS zone, default_currency AS currency FROM tenants ORDER BY slug",
    );
    expect(rows).toEqual([
      { slug: "blue-ridge", name: "Blue Ridge Supply", zone: "America/Denver", currency: "USD" },
      {
        slug: "north-harbor",
        name: "North Harbor Facilities",
        zone: "America/New_York",
        currency: "USD",
      },
    ]);
    const sum = tableNames.map((table) => `(SELECT count(*) FROM ${table})`).join(" + ");
    const total = await numberOf(`SELECT ${sum}`, second);
    expect(total).toBeGreaterThan(4_000);
    expect(total).toBeLessThan(7_000);
    const busy = `SELECT account_id FROM activities GROUP BY account_id HAVING count(*) > 300`;
    expect(await numberOf(`SELECT count(*) FROM (${busy}) b`, second)).toBeGreaterThanOrEqual(3);
    await second.end();
    await other.drop();
  });
});
