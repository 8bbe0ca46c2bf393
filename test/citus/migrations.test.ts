import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { examine } from "../../src/db/doctor.ts";
import { migrate } from "../../src/db/migrate.ts";
import { migrationsDirectory } from "../../src/db/migration-files.ts";
import { distributeAll, lockMilliseconds } from "../support/database/citus.ts";
import { createEmptyCluster, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";
import { completeTenant } from "../support/samples/two-tenants.ts";

/** The first of those that are written for Citus too. */
const first = "20261129140000_plans_on_every_node";
let database: TestDatabase;
let fixtures: Fixtures;
let directory: string;

beforeAll(async () => {
  database = await createEmptyCluster();
  directory = await mkdtemp(join(tmpdir(), "crm-gateway-citus-"));
});
afterAll(async () => {
  await fixtures.close();
  await database.drop();
  await rm(directory, { recursive: true });
});

const copied = async (isWanted: (name: string) => boolean): Promise<void> => {
  for (const name of (await readdir(migrationsDirectory)).filter(isWanted))
    await cp(join(migrationsDirectory, name), join(directory, name), { recursive: true });
};
const migrated = () => migrate({ url: database.url, directory });
/** A tenant with rows of the tables that there were then. */
async function earlyTenant(slug: string): Promise<void> {
  const tenant = await fixtures.tenant(slug);
  const account = await tenant.account();
  const contact = await tenant.contact(account);
  const deal = await tenant.deal(account, { primaryContactId: contact.uuid });
  await tenant.activity(account, { dealId: deal.uuid });
  await tenant.lineItem(await tenant.quote(account, deal));
}
const query = async (sql: string): Promise<unknown[]> => (await fixtures.client.query(sql)).rows;

it("runs on distributed tables with rows in them", async () => {
  await copied((name) => name <= first);
  await migrated();
  await distributeAll(database.url);
  fixtures = await Fixtures.open(database.url);
  for (const slug of ["one", "two", "three"]) await earlyTenant(slug);
  await copied((name) => name > first);
  await migrated();
  expect((await examine({ url: database.url, lockMilliseconds })).filter(({ ok }) => !ok)).toEqual(
    [],
  );
  expect(
    await query(
      `SELECT DISTINCT result FROM run_command_on_placements('import_chunks',
         $$SELECT attstorage FROM pg_attribute WHERE attrelid = '%1$s'::regclass AND attname = 'body'$$)`,
    ),
  ).toEqual([{ result: "e" }]);
  await completeTenant(fixtures, "four");
});

it("distributes the tables that it makes, with their keys and their fence", async () => {
  await mkdir(join(directory, "29990101000000_notes"));
  await writeFile(
    join(directory, "29990101000000_notes", "migration.sql"),
    `CREATE TABLE "notes" ("tenant_id" UUID NOT NULL, "id" UUID NOT NULL, "account_id" UUID, CONSTRAINT "notes_pkey" PRIMARY KEY ("tenant_id", "id"));
     CREATE INDEX "notes_account_idx" ON "notes" ("tenant_id", "account_id");
     ALTER TABLE "notes" ADD CONSTRAINT "notes_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants" ("id");
     ALTER TABLE "notes" ADD CONSTRAINT "notes_account_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts" ("tenant_id", "id");
     ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
     CREATE POLICY tenant_fence ON notes USING (tenant_id = current_tenant_id()) WITH CHECK (tenant_id = current_tenant_id());
     SELECT plan_tenants_alike('notes');
     INSERT INTO notes SELECT tenant_id, id, id FROM accounts;
     ALTER TABLE accounts ADD COLUMN grade TEXT NOT NULL DEFAULT 'B';
     UPDATE accounts a SET grade = 'A' FROM notes n WHERE n.tenant_id = a.tenant_id AND n.account_id = a.id;`,
  );
  await migrated();
  expect(await query("SELECT DISTINCT grade FROM accounts")).toEqual([{ grade: "A" }]);
  expect(await query("SELECT count(*) > 0 AS found FROM notes")).toEqual([{ found: true }]);
  await expect(
    query("INSERT INTO notes SELECT tenant_id, id, tenant_id FROM contacts"),
  ).rejects.toMatchObject({ code: "23503" });
  expect(
    await query(
      `SELECT count(DISTINCT colocation_id)::integer AS groups FROM citus_tables
       WHERE table_name::text IN ('notes', 'accounts', 'change_events')`,
    ),
  ).toEqual([{ groups: 1 }]);
  const findings = await examine({ url: database.url, lockMilliseconds });
  expect(findings.filter(({ name, ok }) => !ok && name !== "migrations")).toEqual([]);
});
