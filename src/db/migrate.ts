import { randomUUID } from "node:crypto";
import pg from "pg";
import { StartupError } from "../lib/startup-error.ts";
import {
  checksum,
  isUnchanged,
  lineAt,
  type MigrationFile,
  migrationsDirectory,
  readMigrations,
} from "./migration-files.ts";
import {
  lockMilliseconds,
  beginInTurn,
  patiently,
  takeTurn,
  unlockSession,
} from "./migration-locks.ts";
import { migrationSteps } from "./migration-steps.ts";
import { sqlStatements } from "./sql-statements.ts";
import { stepOfParts } from "./citus/shards.ts";
import type { Step } from "./citus/step.ts";
import { tableSteps } from "./citus/tables.ts";
import { runOnNodes } from "./distribute.ts";
import { hasDistributedTables } from "./fence.ts";
import { withOwner } from "./with-owner.ts";

/** Where one migration stands. `unknown` was applied by another version of the gateway. */
type MigrationStatus = {
  name: string;
  state: "applied" | "pending" | "failed" | "changed" | "unknown";
  appliedAt: Date | null;
};

type HistoryRow = {
  checksum: string;
  migration_name: string;
  finished_at: Date | null;
};

type Options = {
  url: string;
  /** Folder of the migrations; those of this clone when left out. */
  directory?: string;
};

// Prisma's own layout, so that its commands read the history and write to it.
const createHistory = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                      VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum                VARCHAR(64) NOT NULL,
  finished_at             TIMESTAMPTZ,
  migration_name          VARCHAR(255) NOT NULL,
  logs                    TEXT,
  rolled_back_at          TIMESTAMPTZ,
  started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

const recordApplied = `INSERT INTO _prisma_migrations
  (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
  VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`;

/**
 * Applies the migrations that the database lacks, each in one transaction with its row of history;
 * a failing one leaves nothing behind. Any number of processes may do it at once.
 *
 * @throws StartupError when a migration fails, failed before, or was changed after it was applied.
 */
export async function migrate(
  options: Options & { log?: (line: string) => void },
): Promise<{ applied: string[] }> {
  const { directory = migrationsDirectory, log = () => undefined } = options;
  const files = await readMigrations(directory);
  return await withOwner(options.url, "migrate", async (client) => {
    const applied: string[] = [];
    // Nothing is locked or written while nothing is missing: the usual start costs one SELECT.
    let missing = nextMissing(files, await readHistory(client));
    while (missing !== undefined) {
      const name = await patiently(log, () => applyNext(client, files));
      if (name === undefined) break;
      log(`Applied migration ${name}`);
      applied.push(name);
      missing = nextMissing(files, await readHistory(client));
    }
    return { applied };
  });
}

/** Compares the migrations of this clone with the database's history, oldest first; writes nothing. */
export async function migrationStatus(options: Options): Promise<MigrationStatus[]> {
  const files = await readMigrations(options.directory ?? migrationsDirectory);
  const history = await withOwner(options.url, "migrate", readHistory);
  return statusOf(files, history);
}

function statusOf(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): MigrationStatus[] {
  const rows = new Map(history.map((row) => [row.migration_name, row]));
  const known = files.map(({ name, sql }): MigrationStatus => {
    const row = rows.get(name);
    if (row === undefined) return { name, state: "pending", appliedAt: null };
    if (row.finished_at === null) return { name, state: "failed", appliedAt: null };
    const state = isUnchanged(sql, row.checksum) ? "applied" : "changed";
    return { name, state, appliedAt: row.finished_at };
  });
  const names = new Set(files.map(({ name }) => name));
  const unknown = history
    .filter((row) => !names.has(row.migration_name))
    .map((row): MigrationStatus => ({
      name: row.migration_name,
      state: row.finished_at === null ? "failed" : "unknown",
      appliedAt: row.finished_at,
    }));
  return [...known, ...unknown].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The oldest migration to apply; a history that cannot be built upon is refused. */
function nextMissing(
  files: readonly MigrationFile[],
  history: readonly HistoryRow[],
): MigrationFile | undefined {
  const status = statusOf(files, history);
  const failed = status.find(({ state }) => state === "failed");
  if (failed !== undefined) {
    throw new StartupError(
      `The migration ${failed.name} was begun by another program and never finished: mend the ` +
        `database, then tell it with "prisma migrate resolve"`,
    );
  }
  const changed = status.find(({ state }) => state === "changed");
  if (changed !== undefined) {
    throw new StartupError(
      `The migration ${changed.name} was changed after it was applied: restore its migration.sql ` +
        `and put the change into a new migration`,
    );
  }
  const pending = status.find(({ state }) => state === "pending");
  return files.find(({ name }) => name === pending?.name);
}

/** Applies the oldest missing migration; undefined when another process was faster. */
async function applyNext(
  client: pg.Client,
  files: readonly MigrationFile[],
): Promise<string | undefined> {
  try {
    await beginInTurn(client);
    // A time limit meant for requests must not stop the building of an index.
    await client.query(
      `SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${lockMilliseconds}`,
    );
    await client.query(createHistory);
    const next = nextMissing(files, await readHistory(client));
    if (next !== undefined && isConcurrent(next)) {
      await client.query("COMMIT");
      return await applyConcurrently(client, files);
    }
    const behind: Step[] = [];
    if (next !== undefined) {
      behind.push(...(await run(client, next)));
      await migrationSteps[next.name]?.(client);
      await client.query(recordApplied, [randomUUID(), checksum(next.sql), next.name]);
    }
    await client.query("COMMIT");
    await runOnNodes(client, behind);
    return next?.name;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

const concurrently =
  /^(?:\s|--[^\n]*\n)*(?:CREATE (?:UNIQUE )?INDEX|DROP INDEX|REINDEX INDEX) CONCURRENTLY\b/i;

/** Whether all statements build or drop indexes beside requests, which PostgreSQL does outside of transactions alone. */
const isConcurrent = ({ sql }: MigrationFile): boolean =>
  sqlStatements(sql).every(({ text }) => concurrently.test(text));

/** The same without a transaction. What a failed attempt left behind, the migration's own first statements drop. */
async function applyConcurrently(
  client: pg.Client,
  files: readonly MigrationFile[],
): Promise<string | undefined> {
  await takeTurn(client);
  try {
    const next = nextMissing(files, await readHistory(client));
    if (next === undefined) return undefined;
    if (!isConcurrent(next)) return await applyNext(client, files);
    await client.query("SET statement_timeout = 0");
    for (const { text, start } of sqlStatements(next.sql)) {
      await client.query(text).catch((error: unknown) => {
        throw explain(next, start, error);
      });
    }
    await client.query(recordApplied, [randomUUID(), checksum(next.sql), next.name]);
    return next.name;
  } finally {
    await client.query(unlockSession);
  }
}

/** The commands that a table may come from, as PostgreSQL calls them. */
const mayCreate: ReadonlySet<string> = new Set(["CREATE", "DO"]);

/**
 * One statement at a time: Citus passes each on to its nodes, and several in one text are none that it can pass on. Gives
 * what new tables need on the nodes once they are committed.
 */
async function run(client: pg.Client, migration: MigrationFile): Promise<Step[]> {
  const behind: Step[] = [];
  // Keys between distributed tables are made on one connection to each node. Without Citus the setting means nothing.
  await client.query("SET LOCAL citus.multi_shard_modify_mode = 'sequential'");
  const { rows } = await client.query<{ distributed: boolean }>(
    `SELECT ${hasDistributedTables} AS distributed`,
  );
  const isDistributed = rows[0]?.distributed === true;
  for (const { text, start } of sqlStatements(migration.sql)) {
    const ofParts = isDistributed ? stepOfParts(text) : null;
    if (ofParts !== null) await client.query("SET LOCAL citus.enable_ddl_propagation = off");
    const { command } = await client.query(text).catch((error: unknown) => {
      throw explain(migration, start, error);
    });
    if (ofParts !== null) {
      await client.query("SET LOCAL citus.enable_ddl_propagation = on");
      behind.push(ofParts);
    }
    // A new table is empty, and keys that follow lead to tables that are distributed.
    if (!isDistributed || !mayCreate.has(command)) continue;
    for (const step of await tableSteps(client)) {
      if (step.isOnNodes === true) behind.push(step);
      else await client.query(step.sql);
    }
  }
  return behind;
}

function explain({ name, sql }: MigrationFile, start: number, error: unknown): StartupError {
  const message = error instanceof Error ? error.message : String(error);
  let place = "";
  if (error instanceof pg.DatabaseError) {
    if (error.position !== undefined) {
      place = ` at line ${lineAt(sql, start + Number(error.position))}`;
    } else if (error.where !== undefined) place = ` in ${error.where.split("\n")[0] ?? ""}`;
  }
  return new StartupError(`The migration ${name} failed${place}: ${message}`, { cause: error });
}

/** The valid rows of the history. Migrations that were rolled back by hand do not count. */
async function readHistory(client: pg.Client): Promise<HistoryRow[]> {
  // One round trip, also on an empty database, where the table is missing.
  const rows = await client
    .query<HistoryRow>(
      `SELECT checksum, migration_name, finished_at FROM _prisma_migrations
       WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
    )
    .then(({ rows: found }) => found)
    .catch((error: unknown) => {
      if (error instanceof pg.DatabaseError && error.code === "42P01") return [];
      throw error;
    });
  return rows;
}
