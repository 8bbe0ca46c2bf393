import { expect, it } from "vitest";
import { stepOfParts } from "../../src/db/citus/shards.ts";
import { migrationsDirectory, readMigrations } from "../../src/db/migration-files.ts";
import { migrationHazards, refusedByCitus } from "../../tools/migration-rules.ts";

/** The last one that gateways of the version before were not meant to survive. */
const lastUnruled = "20261129180000_imports";

it("the version before survives each migration, and no request waits for one", async () => {
  const files = await readMigrations(migrationsDirectory);
  const hazards = files
    .filter((file) => file.name > lastUnruled)
    .flatMap((file) => migrationHazards(file.sql).map((hazard) => `${file.name}: ${hazard}`));
  expect(hazards).toEqual([]);
});

it.each([
  "DROP TABLE deals",
  'ALTER TABLE "deals" DROP COLUMN "name"',
  "ALTER TABLE deals RENAME COLUMN name TO title",
  "ALTER TABLE deals RENAME TO chances",
  "ALTER TABLE deals ALTER COLUMN value TYPE text",
  "ALTER TABLE deals ALTER COLUMN name SET NOT NULL",
  "ALTER TABLE deals ADD COLUMN region text, ADD COLUMN size int NOT NULL",
  "ALTER TABLE deals ADD COLUMN id2 uuid DEFAULT gen_random_uuid()",
  "ALTER TABLE deals ADD COLUMN n text GENERATED ALWAYS AS (lower(name)) STORED",
  "ALTER TABLE deals ADD CONSTRAINT positive CHECK (value > 0)",
  "ALTER TABLE deals ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id)",
  "ALTER TABLE deals ADD CONSTRAINT one UNIQUE (tenant_id, name)",
  'CREATE INDEX deals_name ON "deals" (name)',
  "-- The name is searched.\nCREATE UNIQUE INDEX deals_name ON public.deals (name)",
  "UPDATE deals SET name = trim(name)",
  "DROP FUNCTION match_phone(text)",
  "DROP POLICY tenant_fence ON deals",
  "CREATE INDEX CONCURRENTLY deals_name ON deals (name)",
])("refuses %s", (sql) => {
  expect(migrationHazards(`${sql};`)).toHaveLength(1);
});

it.each([
  "ALTER TABLE deals ADD COLUMN region text",
  "ALTER TABLE deals ADD COLUMN size int NOT NULL DEFAULT 0",
  "ALTER TABLE deals ADD COLUMN seen_at timestamptz DEFAULT now()",
  "ALTER TABLE deals ADD CONSTRAINT positive CHECK (value > 0) NOT VALID",
  "ALTER TABLE deals VALIDATE CONSTRAINT positive",
  "ALTER TABLE deals ADD CONSTRAINT one UNIQUE USING INDEX deals_one",
  "DROP INDEX CONCURRENTLY IF EXISTS deals_name; CREATE INDEX CONCURRENTLY deals_name ON deals (name)",
  'CREATE TABLE "leads" (id uuid); CREATE INDEX leads_id ON "leads" (id); ALTER TABLE leads ADD CHECK (id IS NOT NULL)',
  "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
  "-- Safe beside the version before: nothing reads it since 0.4.\nALTER TABLE deals DROP COLUMN old",
])("takes %s", (sql) => {
  expect(migrationHazards(`${sql};`)).toEqual([]);
});

/** The first one that is written for Citus too. */
const firstOnCitus = "20261129140000_plans_on_every_node";

it("each change of a table runs on Citus", async () => {
  const files = await readMigrations(migrationsDirectory);
  const refused = files
    .filter((file) => file.name >= firstOnCitus)
    .flatMap((file) => refusedByCitus(file.sql).map((text) => `${file.name}: ${text}`));
  expect(refused).toEqual([]);
});

it.each([
  "ALTER TABLE deals ALTER COLUMN host DROP EXPRESSION",
  "ALTER TABLE deals ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY",
  "ALTER TABLE deals ALTER a SET STORAGE PLAIN, ALTER b SET STORAGE PLAIN",
])("says that Citus refuses %s", (sql) => {
  expect(refusedByCitus(`-- Why.\n${sql};`)).toEqual([`${sql};`]);
});

it("what each shard takes for itself is made a step of the shards", () => {
  expect(
    stepOfParts('-- Why.\nALTER TABLE "import_chunks" ALTER COLUMN "body" SET STORAGE EXTERNAL;'),
  ).toMatchObject({
    sql: `SELECT * FROM run_command_on_placements('import_chunks', $$ALTER TABLE %1$s ALTER COLUMN "body" SET STORAGE EXTERNAL$$)`,
    isOnNodes: true,
  });
  expect(stepOfParts("ALTER TABLE deals ADD COLUMN region text;")).toBeNull();
});
