import { expect, vi } from "vitest";
import type { TestGateway } from "../gateway/gateway.ts";

type Watched = Pick<TestGateway, "fixtures">;

/** For machines that are busy: what never comes still fails. */
export const patience = { timeout: 60_000, interval: 10 };

/**
 * How many sessions wait for what the fixtures' connection has locked. What the gateway does by itself meanwhile (it
 * notes the use of keys, and looks keys up anew) does not count.
 */
export async function waiting({ fixtures }: Watched): Promise<number> {
  const { rows } = await fixtures.client.query<{ count: number }>(
    `SELECT count(DISTINCT pid)::int AS count FROM pg_locks
     WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))`,
  );
  return rows[0]?.count ?? 0;
}

/** Gives back once so many wait for what the fixtures' connection has locked. */
export const untilWaiting = (watched: Watched, count = 1): Promise<void> =>
  vi.waitFor(async () => expect(await waiting(watched)).toBe(count), patience);

/** Gives back once no connection of the gateway runs a statement or has a transaction open. */
export async function untilAtRest({ fixtures }: Watched): Promise<void> {
  await vi.waitFor(async () => {
    // In a transaction PostgreSQL shows the sessions as they were when it was first asked.
    await fixtures.client.query("SELECT pg_stat_clear_snapshot()");
    const { rows } = await fixtures.client.query(
      `SELECT query FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'crm-gateway' AND state <> 'idle'`,
    );
    expect(rows).toEqual([]);
  }, patience);
}
