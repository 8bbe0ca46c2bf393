import { statfs } from "node:fs/promises";
import pg from "pg";
import type { Finding } from "./doctor.ts";
import { migrationsDirectory, readMigrations } from "./migration-files.ts";
import { sqlStatements } from "./sql-statements.ts";
import { withOwner } from "./with-owner.ts";

/** What is still well. Tests set other limits, to reach them. */
export type UpkeepLimits = {
  /** Rows that are dead, or changed since statistics were taken; fewer do not matter. */
  readonly rows: number;
  readonly transactionSeconds: number;
  /** Of the log that a replication slot keeps from being removed. */
  readonly slotBytes: number;
  readonly clockMilliseconds: number;
  /** Free, where DATA_DIR is. */
  readonly diskBytes: number;
  /** Age of what is due and not done. */
  readonly dueSeconds: number;
  /** Of the log of changes without LOG_KEEP_DAYS. */
  readonly logBytes: number;
};

const defaults: UpkeepLimits = {
  rows: 10_000,
  transactionSeconds: 3_600,
  slotBytes: 1_000_000_000,
  clockMilliseconds: 2_000,
  diskBytes: 1_000_000_000,
  dueSeconds: 600,
  logBytes: 20_000_000_000,
};

/** What a gateway needs of the database, and where it keeps files. */
export type UpkeepSubject = {
  readonly url: string;
  /** Connections that all processes of one gateway may open. */
  readonly connections: number;
  readonly dataDir: string;
  readonly logKeepDays: number | null;
  readonly limits?: Partial<UpkeepLimits>;
};

type Subject = UpkeepSubject & { readonly client: pg.Client; readonly most: UpkeepLimits };
/** What is off, with the command that mends it; `slow` is no danger. */
type Fault = { readonly detail: string; readonly isSlow?: boolean };
type Check = (subject: Subject) => Promise<readonly Fault[]>;

const checks: readonly (readonly [name: string, fine: string, check: Check])[] = [
  ["expected indexes", "all indexes of the migrations are there", missingIndexes],
  ["dead rows", "vacuum keeps up", deadRows],
  ["old statistics", "statistics are as new as the rows", oldStatistics],
  ["settings", "safe, and not those of an untouched installation", settings],
  ["connections", "enough for this gateway", connections],
  ["held up", "no old transaction or replication slot keeps vacuum from its work", heldUp],
  ["work that is due", "webhooks and jobs are done in time", dueWork],
  ["log of changes", "not too long", logOfChanges],
  ["clock", "that of the database agrees with this machine's", clock],
  ["disk", "there is room at DATA_DIR", disk],
];

/**
 * Looks for what slows or endangers a database that is as it should be. It only reads; every fault comes with the command
 * that mends it. `isSlow` marks findings that are no danger.
 */
export function examineUpkeep(subject: UpkeepSubject): Promise<(Finding & { isSlow: boolean })[]> {
  return withOwner(subject.url, "doctor", async (client) => {
    const most = { ...defaults, ...subject.limits };
    const findings: (Finding & { isSlow: boolean })[] = [];
    for (const [name, fine, check] of checks) {
      const faults = await check({ ...subject, client, most }).catch(unlessMigrated);
      findings.push({
        name,
        ok: faults.every(({ isSlow }) => isSlow === true),
        isSlow: faults.some(({ isSlow }) => isSlow === true),
        detail: faults.length === 0 ? fine : faults.map(({ detail }) => detail).join("; "),
      });
    }
    return findings;
  });
}

/** Before the migrations, tables are missing that checks ask. */
function unlessMigrated(error: unknown): readonly Fault[] {
  if (error instanceof pg.DatabaseError && error.code === "42P01") {
    return [{ detail: "a table is missing: crm migrate" }];
  }
  throw error;
}

async function missingIndexes({ client }: Subject): Promise<readonly Fault[]> {
  const expected = new Map<string, string>();
  for (const { sql } of await readMigrations(migrationsDirectory)) {
    for (const { text } of sqlStatements(sql)) {
      const statement = text
        .replaceAll(/--[^\n]*/g, " ")
        .replaceAll(/\s+/g, " ")
        .trim();
      const made = /^CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?"?(\w+)"? ON/i;
      const dropped = /^DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?"?(\w+)"?/i;
      const name = made.exec(statement)?.[1];
      if (name !== undefined) expected.set(name, statement.replace(/;$/, ""));
      expected.delete(dropped.exec(statement)?.[1] ?? "");
    }
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) AS name
     WHERE NOT EXISTS (SELECT FROM pg_class WHERE relname = name AND relkind IN ('i', 'I')) ORDER BY name`,
    [[...expected.keys()]],
  );
  return rows.map(({ name }) => ({
    detail: `${name} is missing: ${(expected.get(name) ?? "").replace(/INDEX (?!CONCURRENTLY)/, "INDEX CONCURRENTLY ")}`,
  }));
}

async function deadRows({ client, most }: Subject): Promise<readonly Fault[]> {
  const { rows } = await client.query<{ name: string; dead: string; live: string }>(
    `SELECT relname AS name, n_dead_tup AS dead, n_live_tup AS live FROM pg_stat_user_tables
     WHERE schemaname IN ('public', 'graphile_worker') AND n_dead_tup >= $1 AND n_dead_tup > 0.2 * n_live_tup
     ORDER BY n_dead_tup DESC`,
    [most.rows],
  );
  return rows.map(({ name, dead, live }) => ({
    isSlow: true,
    detail: `${name} has ${dead} dead rows beside ${live} live ones: VACUUM (ANALYZE) ${name}`,
  }));
}

async function oldStatistics({ client, most }: Subject): Promise<readonly Fault[]> {
  const { rows } = await client.query<{ name: string; changed: string; live: string }>(
    `SELECT relname AS name, n_mod_since_analyze AS changed, n_live_tup AS live FROM pg_stat_user_tables
     WHERE schemaname = 'public' AND n_mod_since_analyze >= $1 AND n_mod_since_analyze > 0.2 * n_live_tup
     ORDER BY relname`,
    [most.rows],
  );
  return rows.map(({ name, changed, live }) => ({
    isSlow: true,
    detail: `${changed} rows of ${name} (${live}) have changed since its statistics were taken: ANALYZE ${name}`,
  }));
}

/** Settings that cost data, and those of an installation that nobody has fitted to its machine. */
const dangerous: readonly (readonly [name: string, value: string, harm: string])[] = [
  ["fsync", "off", "a crash of the machine destroys the database"],
  ["full_page_writes", "off", "a crash of the machine destroys the database"],
  ["autovacuum", "off", "tables grow, and statistics grow old"],
];

async function settings({ client }: Subject): Promise<readonly Fault[]> {
  const { rows } = await client.query<{ name: string; setting: string; bytes: string | null }>(
    `SELECT name, setting,
       CASE unit WHEN '8kB' THEN setting::bigint * 8192 WHEN 'kB' THEN setting::bigint * 1024 END AS bytes
     FROM pg_settings`,
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  const value = (name: string): string => found.get(name)?.setting ?? "";
  const bytes = (name: string): number => Number(found.get(name)?.bytes ?? Number.NaN);
  const alter = (name: string, to: string): string => `ALTER SYSTEM SET ${name} = '${to}'`;
  const reload = "SELECT pg_reload_conf()";
  const faults: Fault[] = dangerous
    .filter(([name, bad]) => value(name) === bad)
    .map(([name, bad, harm]) => ({
      detail: `${name} is ${bad}, ${harm}: ${alter(name, "on")}, ${reload}`,
    }));
  const slow = (detail: string): number => faults.push({ detail, isSlow: true });
  if (value("synchronous_commit") === "off") {
    slow(
      `synchronous_commit is off, a crash loses the last writes: ${alter("synchronous_commit", "on")}, ${reload}`,
    );
  }
  if (bytes("shared_buffers") <= 134_217_728) {
    slow(
      `shared_buffers is 128 MB or less, a quarter of the memory is usual: ${alter("shared_buffers", "2GB")}, restart`,
    );
  }
  if (bytes("work_mem") < 4_194_304) {
    slow(`work_mem is less than 4 MB, sorts go to disk: ${alter("work_mem", "8MB")}, ${reload}`);
  }
  if (value("wal_level") === "minimal") {
    slow(
      `wal_level is minimal, which allows no replica and no base backup: ${alter("wal_level", "replica")}, restart`,
    );
  }
  return faults;
}

async function connections({ client, connections: needed }: Subject): Promise<readonly Fault[]> {
  const { rows } = await client.query<{ free: number }>(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS free`,
  );
  const free = rows[0]?.free ?? 0;
  if (needed <= free) return [];
  return [
    {
      detail:
        `one gateway may open ${needed} connections (WORKERS × POOL_SIZE, and those of jobs), PostgreSQL has ${free}: ` +
        `set a smaller POOL_SIZE, or ALTER SYSTEM SET max_connections = ${needed + 20}, restart`,
    },
  ];
}

async function heldUp({ client, most }: Subject): Promise<readonly Fault[]> {
  const { rows } = await client.query<{ detail: string }>(
    `SELECT format('the transaction of process %s is open for %s s: SELECT pg_terminate_backend(%s)',
         pid, extract(epoch FROM now() - xact_start)::int, pid) AS detail
       FROM pg_stat_activity
       WHERE xact_start < clock_timestamp() - make_interval(secs => $1) AND pid <> pg_backend_pid()
         AND datname = current_database() AND backend_type = 'client backend'
     UNION ALL
     SELECT format('the prepared transaction %s is open: ROLLBACK PREPARED %L', gid, gid)
       FROM pg_prepared_xacts
       WHERE prepared < clock_timestamp() - make_interval(secs => $1) AND database = current_database()
     UNION ALL
     SELECT format('the replication slot %s is not used, and keeps %s of the log: SELECT pg_drop_replication_slot(%L)',
         slot_name, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), slot_name)
       FROM pg_replication_slots
       WHERE NOT active AND NOT pg_is_in_recovery()
         AND pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) >= $2`,
    [most.transactionSeconds, most.slotBytes],
  );
  return rows.map(({ detail }) => ({ detail, isSlow: true }));
}

async function dueWork({ client, most }: Subject): Promise<readonly Fault[]> {
  const remedy =
    "start `crm work`, or a gateway with JOBS=on, and look for `trouble with jobs` in its log";
  const { rows } = await client.query<{ webhooks: string; engine: boolean }>(
    `SELECT to_regclass('graphile_worker.jobs') IS NOT NULL AS engine,
       (SELECT count(*) FROM webhook_deliveries WHERE finished_at IS NULL AND leased_until IS NULL
          AND next_attempt_at < now() - make_interval(secs => $1)) AS webhooks`,
    [most.dueSeconds],
  );
  const faults: Fault[] = [];
  const waiting = rows[0]?.webhooks ?? "0";
  if (waiting !== "0")
    faults.push({ detail: `${waiting} deliveries of webhooks are overdue: ${remedy}` });
  if (rows[0]?.engine !== true) return faults;
  const { rows: jobs } = await client.query<{ due: string; failed: string }>(
    `SELECT count(*) FILTER (WHERE locked_at IS NULL AND attempts < max_attempts
         AND run_at < now() - make_interval(secs => $1)) AS due,
       count(*) FILTER (WHERE attempts >= max_attempts) AS failed
     FROM graphile_worker.jobs`,
    [most.dueSeconds],
  );
  const { due = "0", failed = "0" } = jobs[0] ?? {};
  if (due !== "0") faults.push({ detail: `${due} jobs are overdue: ${remedy}` });
  if (failed !== "0") {
    faults.push({
      isSlow: true,
      detail:
        `${failed} jobs have failed for good: SELECT id, task_identifier, last_error FROM graphile_worker.jobs ` +
        `WHERE attempts >= max_attempts`,
    });
  }
  return faults;
}

async function logOfChanges({ client, logKeepDays, most }: Subject): Promise<readonly Fault[]> {
  if (logKeepDays !== null) return [];
  const { rows } = await client.query<{ size: string; pretty: string }>(
    `SELECT pg_total_relation_size('change_events') AS size,
       pg_size_pretty(pg_total_relation_size('change_events')) AS pretty`,
  );
  if (Number(rows[0]?.size) < most.logBytes) return [];
  return [
    {
      isSlow: true,
      detail: `it has ${rows[0]?.pretty} and is kept for ever: set LOG_KEEP_DAYS=365`,
    },
  ];
}

/** Tokens end, and quotas begin, by the one clock or by the other. */
async function clock({ client, most }: Subject): Promise<readonly Fault[]> {
  const asked = Date.now();
  const { rows } = await client.query<{ now: string }>(
    "SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now",
  );
  const answered = Date.now();
  const now = Number(rows[0]?.now);
  const difference = now < asked ? asked - now : Math.max(0, now - answered);
  if (difference <= most.clockMilliseconds) return [];
  return [
    {
      detail: `the clocks differ by ${Math.round(difference)} ms: timedatectl set-ntp true, on both machines`,
    },
  ];
}

async function disk({ dataDir, most }: Subject): Promise<readonly Fault[]> {
  const found = await statfs(dataDir).catch(() => null);
  if (found === null || found.bavail * found.bsize >= most.diskBytes) return [];
  const megabytes = Math.round((found.bavail * found.bsize) / 1_000_000);
  return [
    { detail: `${megabytes} MB are free at ${dataDir}: delete files there, or move DATA_DIR` },
  ];
}
