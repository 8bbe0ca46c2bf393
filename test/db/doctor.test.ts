import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { examine, type Finding, judgeVersion } from "../../src/db/doctor.ts";
import {
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
} from "../support/database/database.ts";
import { withClient } from "../support/database/with-client.ts";

/** Roles belong to the whole cluster, which other tests use: harm is done to this one. */
const scratchRole = `doctor_${process.pid}`;
let healthy: TestDatabase;

beforeAll(async () => {
  healthy = await createTestDatabase();
  await execute(healthy, `CREATE ROLE ${scratchRole} NOLOGIN`);
});
afterAll(async () => {
  await execute(healthy, `DROP ROLE ${scratchRole}`);
  await healthy.drop();
});

test("finds nothing wrong with a migrated database", async () => {
  const findings = await examine({ url: healthy.url });
  expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  expect(findings.map(({ name }) => name)).toEqual([
    "version",
    "migrations",
    "role",
    "fence",
    "extensions",
    "letters",
    "indexes",
    "statistics",
    "search operators",
  ]);
  expect(findings.at(-1)?.detail).toMatch(/all marked LEAKPROOF/);
});

test("a PostgreSQL before 15 is too old", () => {
  expect(judgeVersion(140_022)).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/version 14/),
  });
  expect(judgeVersion(150_003)).toEqual({ ok: true, detail: "PostgreSQL 15.3" });
});

describe.each([
  ["migrations", "DELETE FROM _prisma_migrations WHERE migration_name LIKE '%fence'", /pending/],
  ["migrations", "UPDATE _prisma_migrations SET checksum = 'other'", /changed/],
  ["migrations", "UPDATE _prisma_migrations SET finished_at = NULL", /failed/],
  ["role", "ALTER TABLE departments OWNER TO crm_gateway", /owns something/],
  ["fence", "ALTER TABLE deals DISABLE ROW LEVEL SECURITY", /deals has row-level security off/],
  ["fence", "DROP POLICY tenant_fence ON tenants", /tenants has no policy/],
  ["fence", "CREATE POLICY open ON quotes FOR SELECT USING (true)", /quotes has a policy that/],
  [
    "fence",
    "CREATE POLICY open ON quotes FOR INSERT WITH CHECK (true)",
    /quotes has a policy that/,
  ],
  ["fence", "CREATE TABLE leads (tenant_id uuid)", /leads has row-level security off/],
  ["extensions", "DROP EXTENSION btree_gin CASCADE", /CREATE EXTENSION btree_gin/],
  [
    "indexes",
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'accounts_tags_idx'::regclass",
    /REINDEX INDEX CONCURRENTLY accounts_tags_idx$/,
  ],
  [
    "statistics",
    "ALTER TABLE deals ALTER COLUMN tenant_id SET STATISTICS 100",
    /superuser: SELECT plan_tenants_alike\('deals'\)$/,
  ],
  [
    "statistics",
    `SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', 'deals', 'attname', 'tenant_id',
       'inherited', false, 'most_common_vals', '{0190bbbb-0000-7000-8000-000000000001}', 'most_common_freqs', '{1}'::real[])`,
    /superuser: SELECT plan_tenants_alike\('deals'\)$/,
  ],
  [
    "statistics",
    "SELECT pg_clear_attribute_stats('public', 'deals', 'tenant_id', false)",
    /superuser: SELECT plan_tenants_alike\('deals'\)$/,
  ],
])("%s", (name, harm, detail) => {
  test(`is off after ${harm}`, async () => {
    const found = await examineAfter(harm, name);
    expect(found).toMatchObject({ ok: false, detail: expect.stringMatching(detail) });
  });
});

test.each([
  ["SUPERUSER", /is a superuser/],
  ["BYPASSRLS", /bypasses row-level security/],
])("a role with %s is off", async (attribute, detail) => {
  await execute(healthy, `ALTER ROLE ${scratchRole} ${attribute}`);
  try {
    expect(await finding("role", { url: healthy.url, role: scratchRole })).toMatchObject({
      ok: false,
      detail: expect.stringMatching(detail),
    });
  } finally {
    await execute(healthy, `ALTER ROLE ${scratchRole} NO${attribute}`);
  }
});

test("a database whose LC_CTYPE knows only ASCII is off", async () => {
  const ascii = await createEmptyDatabase("LOCALE_PROVIDER libc LOCALE 'C'");
  await execute(ascii, "CREATE EXTENSION pg_trgm");
  expect(await finding("letters", { url: ascii.url })).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/LC_CTYPE is C/),
  });
  await ascii.drop();
});

test("a role that inherits another one's rights is off", async () => {
  await execute(healthy, `GRANT pg_read_all_data TO ${scratchRole}`);
  const found = await finding("role", { url: healthy.url, role: scratchRole });
  await execute(healthy, `REVOKE pg_read_all_data FROM ${scratchRole}`);
  expect(found).toMatchObject({ ok: false, detail: expect.stringMatching(/member of another/) });
});

test("a missing role is off", async () => {
  const found = await finding("role", { url: healthy.url, role: "nobody_at_all" });
  expect(found).toMatchObject({ ok: false, detail: expect.stringMatching(/missing/) });
});

test("operators that are not leakproof are told, not held against the database", async () => {
  const found = await examineAfter(
    "ALTER FUNCTION texticlike NOT LEAKPROOF; ALTER FUNCTION word_similarity_op NOT LEAKPROOF",
    "search operators",
  );
  expect(found).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/filters on text, search .* texticlike, word_similarity_op$/),
  });
});

test("a table that is dropped meanwhile is no hole in the fence", async () => {
  const database = await createTestDatabase();
  await execute(
    database,
    `CREATE TABLE leads (tenant_id uuid); ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
     CREATE POLICY tenant_fence ON leads USING (tenant_id = current_tenant_id()); SELECT plan_tenants_alike('leads')`,
  );
  await withClient(database.url, async (client) => {
    await client.query("BEGIN; DROP TABLE leads");
    const found = finding("fence", { url: database.url });
    // It waits for the table, to print its policies.
    await expect.poll(() => waiting(client), { timeout: 60_000 }).toBe(1);
    await client.query("COMMIT");
    expect(await found).toMatchObject({ ok: true });
  });
  await database.drop();
});

test("an index that is being built is not taken for a broken one", async () => {
  const database = await createTestDatabase();
  await withClient(database.url, async (client) => {
    await client.query("BEGIN; LOCK TABLE accounts IN ROW EXCLUSIVE MODE");
    const built = execute(
      database,
      "CREATE INDEX CONCURRENTLY accounts_new_idx ON accounts (name)",
    );
    await expect.poll(() => waiting(client), { timeout: 60_000 }).toBe(1);
    expect(await finding("indexes", { url: database.url })).toMatchObject({
      ok: true,
      detail: expect.stringMatching(/being built .*accounts_new_idx$/),
    });
    await client.query("COMMIT");
    await built;
  });
  expect(await finding("indexes", { url: database.url })).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^all \d+ are valid/),
  });
  await database.drop();
});

/** How many sessions wait for a lock in the client's database. */
async function waiting(client: pg.Client): Promise<number | null> {
  // A transaction would go on to see what it saw first.
  await client.query("SELECT pg_stat_clear_snapshot()");
  const { rowCount } = await client.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rowCount;
}

async function examineAfter(harm: string, name: string): Promise<Finding | undefined> {
  const database = await createTestDatabase();
  try {
    await execute(database, harm);
    return await finding(name, { url: database.url });
  } finally {
    await database.drop();
  }
}

async function finding(
  name: string,
  options: { url: string; role?: string },
): Promise<Finding | undefined> {
  const findings = await examine(options);
  return findings.find((found) => found.name === name);
}

async function execute({ url }: TestDatabase, sql: string): Promise<void> {
  await withClient(url, (client) => client.query(sql));
}
