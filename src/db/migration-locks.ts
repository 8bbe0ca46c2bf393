import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { StartupError } from "../lib/startup-error.ts";

/** The number that `prisma migrate deploy` locks too, so it and we exclude each other. */
const turn = 72_707_369;
/** Gives back what `takeTurn` took. */
export const unlockSession = `SELECT pg_advisory_unlock(${turn})`;
const pollMilliseconds = 50;

/**
 * The longest wait for a table's lock. Requests queue behind it, so it is shorter than they notice, and than the time after
 * which PostgreSQL looks for deadlocks (1 s): it is always the migration that begins again.
 */
export const lockMilliseconds = 500;
const pauseMilliseconds = 1_000;
/** So often a migration is tried: about five minutes. */
const mostAttempts = 200;
/** lock_not_available, and deadlock_detected. */
const lockTroubles: ReadonlySet<string | undefined> = new Set(["55P03", "40P01"]);

/** Waits until no other process migrates. It asks again and again: a waiting statement would hold up an index that is built. */
export async function takeTurn(client: pg.Client): Promise<void> {
  while (!(await isLocked(client, `SELECT pg_try_advisory_lock(${turn}) AS locked`))) {
    await sleep(pollMilliseconds);
  }
}

/**
 * Begins a transaction in which no other process migrates. Each question has a transaction of its own: an index that is
 * built waits for the end of all that it finds at work.
 */
export async function beginInTurn(client: pg.Client): Promise<void> {
  for (;;) {
    await client.query("BEGIN");
    if (await isLocked(client, `SELECT pg_try_advisory_xact_lock(${turn}) AS locked`)) return;
    await client.query("ROLLBACK");
    await sleep(pollMilliseconds);
  }
}

async function isLocked(client: pg.Client, sql: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(sql);
  return rows[0]?.locked === true;
}

/** Begins again while requests hold the locks that a migration needs. */
export async function patiently<Result>(
  log: (line: string) => void,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      const cause = error instanceof StartupError ? error.cause : error;
      const waited = cause instanceof pg.DatabaseError && lockTroubles.has(cause.code);
      if (!waited || attempts === mostAttempts) throw error;
      if (attempts === 1) log("A migration waits for the locks of running requests");
      await sleep(pauseMilliseconds);
    }
  }
}
