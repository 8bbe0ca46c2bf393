import { makeWorkerUtils } from "graphile-worker";
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { examineUpkeep, type UpkeepSubject } from "../../src/db/upkeep.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

async function findings(subject: Partial<UpkeepSubject> = {}) {
  const given = { url: database.url, connections: 15, dataDir: "/", logKeepDays: null, ...subject };
  return new Map((await examineUpkeep(given)).map((finding) => [finding.name, finding]));
}
const off = (detail: RegExp) => ({ ok: false, detail: expect.stringMatching(detail) });
const slow = (detail: RegExp) => ({
  ok: true,
  isSlow: true,
  detail: expect.stringMatching(detail),
});

it("tells the tests' own careless settings, and nothing else", async () => {
  const found = await findings({ limits: { diskBytes: 0 } });
  const settings = found.get("settings");
  expect(settings).toMatchObject(
    off(/fsync is off, .*: ALTER SYSTEM SET fsync = 'on', SELECT pg_reload_conf\(\)/),
  );
  for (const told of [
    "full_page_writes is off",
    "autovacuum is off",
    "synchronous_commit is off",
  ]) {
    expect(settings?.detail).toContain(told);
  }
  expect([...found.values()].filter(({ ok, isSlow }) => !ok || isSlow)).toEqual([settings]);
});

it("an index that is missing, with the statement that makes it", async () => {
  await client.query("DROP INDEX accounts_tags_idx, accounts_live_external_id_key");
  const { detail } = (await findings()).get("expected indexes") ?? {};
  const statements = (detail ?? "").split("; ").map((line) => line.split(" is missing: ")[1] ?? "");
  expect(statements).toHaveLength(2);
  for (const statement of statements) {
    expect(statement).toMatch(/^CREATE (UNIQUE )?INDEX CONCURRENTLY "/);
    await client.query(statement);
  }
  expect((await findings()).get("expected indexes")).toMatchObject({ ok: true });
});

it("dead rows and old statistics, until they are vacuumed", async () => {
  const limits = { rows: 100 };
  await client.query(
    "CREATE TABLE crowd AS SELECT n FROM generate_series(1, 300) n; ANALYZE crowd",
  );
  await client.query("DELETE FROM crowd WHERE n > 100");
  await client.query("SELECT pg_stat_force_next_flush()");
  const found = await findings({ limits });
  expect(found.get("dead rows")).toMatchObject(
    slow(/^crowd has 200 dead rows .*: VACUUM \(ANALYZE\) crowd$/),
  );
  expect(found.get("old statistics")).toMatchObject(slow(/^\d+ rows of crowd .*: ANALYZE crowd$/));
  await client.query("VACUUM (ANALYZE) crowd");
  const mended = await findings({ limits });
  expect(mended.get("dead rows")).toMatchObject({ isSlow: false });
  expect(mended.get("old statistics")).toMatchObject({ isSlow: false });
});

it("more connections than PostgreSQL has", async () => {
  expect((await findings({ connections: 1_000 })).get("connections")).toMatchObject(
    off(/may open 1000 connections .* has 597: .*ALTER SYSTEM SET max_connections = 1020, restart/),
  );
});

it("a transaction and a replication slot that hold up vacuum", async () => {
  const slot = `doctor_${process.pid}`;
  const idle = new pg.Client({ connectionString: database.url });
  await idle.connect();
  await idle.query("BEGIN; SELECT 1");
  await client.query("SELECT pg_create_physical_replication_slot($1, true)", [slot]);
  try {
    const held = (await findings({ limits: { transactionSeconds: 0, slotBytes: 0 } })).get(
      "held up",
    );
    expect(held).toMatchObject(slow(/is open for \d+ s: SELECT pg_terminate_backend\(\d+\)/));
    expect(held?.detail).toContain(`SELECT pg_drop_replication_slot('${slot}')`);
  } finally {
    await client.query("SELECT pg_drop_replication_slot($1)", [slot]);
    await idle.end();
  }
});

it("webhooks and jobs that stand still", async () => {
  await client.query("SET session_replication_role = replica");
  await client.query(
    `INSERT INTO webhook_deliveries (tenant_id, id, webhook_id, position, event_id, record_type, record_id, next_attempt_at)
     SELECT a, a, a, 1, a, 'deal', a, now() - interval '1 hour' FROM gen_random_uuid() a`,
  );
  await client.query("SET session_replication_role = origin");
  const jobs = await makeWorkerUtils({ connectionString: database.url });
  await jobs.migrate();
  await jobs.addJob("late", {}, { runAt: new Date(Date.now() - 3_600_000) });
  const failing = await jobs.addJob("lost", {}, { maxAttempts: 1 });
  await jobs.permanentlyFailJobs([failing.id], "nobody knows it");
  await jobs.release();
  const due = (await findings()).get("work that is due");
  expect(due).toMatchObject(off(/^1 deliveries of webhooks are overdue: start `crm work`/));
  expect(due?.detail).toMatch(/1 jobs are overdue: .*1 jobs have failed for good: SELECT/);
});

it("a log that is kept for ever, clocks that differ, a disk that is full", async () => {
  const limits = { logBytes: 0, clockMilliseconds: -1, diskBytes: Number.MAX_VALUE };
  const found = await findings({ limits });
  expect(found.get("log of changes")).toMatchObject(slow(/kept for ever: set LOG_KEEP_DAYS/));
  expect(found.get("clock")).toMatchObject(off(/^the clocks differ by \d+ ms: timedatectl/));
  expect(found.get("disk")).toMatchObject(off(/^\d+ MB are free at \/: delete files/));
  const kept = await findings({ logKeepDays: 30, limits: { logBytes: 0 } });
  expect(kept.get("log of changes")).toMatchObject({ isSlow: false });
});
