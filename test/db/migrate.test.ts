import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartupError } from "../../src/lib/startup-error.ts";
import { migrate, migrationStatus } from "../../src/db/migrate.ts";
import { migrationsDirectory, readMigrations } from "../../src/db/migration-files.ts";
import { sqlStatements } from "../../src/db/sql-statements.ts";
import { withSchemaEngine } from "../../tools/schema-engine.ts";
import {
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
} from "../support/database/database.ts";

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  directory = await mkdtemp(join(tmpdir(), "crm-gateway-migrations-"));
});
afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

test("applies what is missing, in the order of names, once", async () => {
  await write("2_second", "ALTER TABLE things ADD COLUMN name text;");
  await write("1_first", "CREATE TABLE things (id int);");
  const lines: string[] = [];
  const log = (line: string): number => lines.push(line);
  expect(await migrate({ url: database.url, directory, log })).toEqual({
    applied: ["1_first", "2_second"],
  });
  expect(lines).toEqual(["Applied migration 1_first", "Applied migration 2_second"]);
  expect(await migrate({ url: database.url, directory })).toEqual({ applied: [] });
  await write("3_third", "DROP TABLE things;");
  expect(await states()).toEqual(["applied", "applied", "pending"]);
  expect(await migrate({ url: database.url, directory })).toEqual({ applied: ["3_third"] });
});

test("eight processes that start together apply each migration once", async () => {
  await write("1_first", "CREATE TABLE things (id int); SELECT pg_sleep(0.1);");
  await write("2_second", "INSERT INTO things VALUES (1);");
  const runs = await Promise.all(
    Array.from({ length: 8 }, () => migrate({ url: database.url, directory })),
  );
  expect(runs.flatMap(({ applied }) => applied).toSorted()).toEqual(["1_first", "2_second"]);
  expect(await query("SELECT id FROM things")).toEqual([{ id: 1 }]);
});

test("a failing migration leaves nothing behind and tells its line", async () => {
  await write("1_good", "CREATE TABLE good (id int);");
  await write("2_bad", "CREATE TABLE half (id int);\n-- 🙂\nSELECT nonsense FROM half;\n");
  await expect(migrate({ url: database.url, directory })).rejects.toThrow(
    new StartupError('The migration 2_bad failed at line 3: column "nonsense" does not exist'),
  );
  expect(await query("SELECT to_regclass('half') AS half, to_regclass('good') AS good")).toEqual([
    { half: null, good: "good" },
  ]);
  expect(await states()).toEqual(["applied", "pending"]);
});

test("a function body with semicolons is one statement", async () => {
  await write(
    "1_function",
    "CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END $$;",
  );
  await migrate({ url: database.url, directory });
  expect(await query("SELECT two()")).toEqual([{ two: 2 }]);
});

test.each([
  ["strings", String.raw`SELECT ';', E'\';''', ''';', "a;b" FROM c`],
  ["dollar quotes", "SELECT $$;$$, $a$;$b$;$$;$a$, x$y FROM t$"],
  ["comments", "-- it's ;\nSELECT 1 /* ; /* ' ; */ ; */"],
  ["parentheses", "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)"],
  [
    "the body of a function",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
  ],
])("a migration is not cut in %s", (_, sql) => {
  expect(sqlStatements(`${sql}; SELECT 2;\n\n-- The end.\n`)).toEqual([
    { text: `${sql};`, start: 0 },
    { text: " SELECT 2;", start: sql.length + 1 },
  ]);
});

test("refuses a migration that was changed after it was applied, except in line endings", async () => {
  await write("1_first", "CREATE TABLE things\n(id int);");
  await migrate({ url: database.url, directory });
  await write("1_first", "CREATE TABLE things\r\n(id int);");
  expect(await states()).toEqual(["applied"]);
  await write("1_first", "CREATE TABLE things\n(id bigint);");
  expect(await states()).toEqual(["changed"]);
  await expect(migrate({ url: database.url, directory })).rejects.toThrow(
    /1_first was changed after it was applied/,
  );
});

test("refuses to go on from a migration that another program left unfinished", async () => {
  await write("1_first", "CREATE TABLE things (id int);");
  await migrate({ url: database.url, directory });
  await query("UPDATE _prisma_migrations SET finished_at = NULL");
  expect(await states()).toEqual(["failed"]);
  await expect(migrate({ url: database.url, directory })).rejects.toThrow(/never finished/);
});

test("a migration of a newer gateway is not in the way of an older one", async () => {
  await write("1_first", "CREATE TABLE things (id int);");
  await write("2_newer", "CREATE TABLE newer (id int);");
  await migrate({ url: database.url, directory });
  await rm(join(directory, "2_newer"), { recursive: true });
  expect(await states()).toEqual(["applied", "unknown"]);
  expect(await migrate({ url: database.url, directory })).toEqual({ applied: [] });
});

test("Prisma's own schema engine accepts the history", async () => {
  const template = await createTestDatabase();
  const files = await readMigrations(migrationsDirectory);
  const diagnosis = await withSchemaEngine(template.url, (engine) =>
    engine.diagnoseMigrationHistory({
      migrationsList: {
        baseDir: migrationsDirectory,
        lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"' },
        shadowDbInitScript: "",
        migrationDirectories: files.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
        })),
      },
      optInToShadowDatabase: false,
      filters: { externalTables: [], externalEnums: [] },
    }),
  );
  await template.drop();
  expect(diagnosis).toMatchObject({
    hasMigrationsTable: true,
    editedMigrationNames: [],
    failedMigrationNames: [],
    history: null,
  });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, "migration.sql"), sql);
}

async function states(): Promise<string[]> {
  const status = await migrationStatus({ url: database.url, directory });
  return status.map(({ state }) => state);
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

test("waits for a lock in small portions, behind which nobody waits for long", async () => {
  await write("1_first", "CREATE TABLE things (id int);");
  await migrate({ url: database.url, directory });
  await write("2_second", "ALTER TABLE things ADD COLUMN name text;");
  const reader = new pg.Client({ connectionString: database.url });
  await reader.connect();
  await reader.query("BEGIN; SELECT id FROM things");
  const log: string[] = [];
  const migration = migrate({ url: database.url, directory, log: (line) => log.push(line) });
  await expect.poll(() => log).toEqual(["A migration waits for the locks of running requests"]);
  // It waits, and has let go of the line in which others would stand behind it.
  expect(await query("SELECT id FROM things")).toEqual([]);
  await reader.query("COMMIT");
  expect(await migration).toEqual({ applied: ["2_second"] });
  await reader.end();
});

test("builds indexes beside writers, in any number of processes; a failed one begins anew", async () => {
  await write("1_first", "CREATE TABLE things (id int); INSERT INTO things VALUES (1), (1);");
  await migrate({ url: database.url, directory });
  await write(
    "2_second",
    "-- First what a failed attempt left.\nDROP INDEX CONCURRENTLY IF EXISTS things_id;\n" +
      "CREATE UNIQUE INDEX CONCURRENTLY things_id ON things (id);\n",
  );
  await write("3_third", "INSERT INTO things VALUES (2);");
  await expect(migrate({ url: database.url, directory })).rejects.toThrow(
    /^The migration 2_second failed.*could not create unique index "things_id"/,
  );
  const invalid = "SELECT 1 AS one FROM pg_index WHERE NOT indisvalid";
  expect(await query(invalid)).toEqual([{ one: 1 }]);
  await query("DELETE FROM things WHERE ctid IN (SELECT ctid FROM things LIMIT 1)");
  const runs = await Promise.all(
    Array.from({ length: 4 }, () => migrate({ url: database.url, directory })),
  );
  expect(runs.flatMap(({ applied }) => applied).toSorted()).toEqual(["2_second", "3_third"]);
  expect(await query(invalid)).toEqual([]);
});

test("who waits for its turn holds no transaction open, whose end an index would wait for", async () => {
  await write("1_first", "CREATE TABLE things (id int);");
  await migrate({ url: database.url, directory });
  await write("2_second", "CREATE INDEX CONCURRENTLY things_id ON things (id);\n");
  const writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
  await writer.query("BEGIN; INSERT INTO things VALUES (1)");
  const sessions = (is: string) =>
    query(
      `SELECT DISTINCT state FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crm-gateway migrate' AND (query LIKE 'CREATE INDEX%') = ${is}`,
    );
  const building = migrate({ url: database.url, directory });
  await expect.poll(() => sessions("true")).toEqual([{ state: "active" }]);
  const waiting = migrate({ url: database.url, directory });
  // Between two questions.
  await expect.poll(() => sessions("false")).toEqual([{ state: "idle" }]);
  await writer.query("COMMIT");
  await writer.end();
  expect(await Promise.all([building, waiting])).toEqual([
    { applied: ["2_second"] },
    { applied: [] },
  ]);
});
