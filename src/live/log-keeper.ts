import type pg from "pg";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";

/** How often old events are looked for. */
const roundMilliseconds = 3_600_000;
/** The most events that one statement deletes, beside those that end the last transaction in it. */
const eventsAtOnce = 5_000;
/** The lock of the process that deletes, any number that no other part uses. */
const keeperLock = 4_715_004;

/** Deletes events that are older than the log is kept, every hour, in one process of all. */
export class LogKeeper {
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #running: Promise<unknown> | null = null;

  constructor(options: {
    readonly database: Database;
    readonly keepDays: number;
    readonly onTrouble: (error: unknown) => void;
  }) {
    const { database, keepDays, onTrouble } = options;
    const round = (): void => {
      const { signal } = this.#closing;
      this.#running ??= asOwnWork(() =>
        database.asOwner((client) => pruneLogs(client, keepDays, signal)),
      )
        .catch(onTrouble)
        .finally(() => (this.#running = null));
    };
    this.#timer = setInterval(round, roundMilliseconds).unref();
    round();
  }

  /** Waits for the statement that runs. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#running;
  }
}

/**
 * Deletes the events of all tenants that are older than some days, whole transactions from the old end on. Each log keeps
 * its last transaction, behind which positions go on. Gives the number of deleted events. Once the signal is aborted no
 * further statement deletes.
 */
export async function pruneLogs(
  client: pg.Client,
  keepDays: number,
  signal?: AbortSignal,
): Promise<number> {
  const { rows: locked } = await client.query<{ ours: boolean }>(
    "SELECT pg_try_advisory_lock($1) AS ours",
    [keeperLock],
  );
  if (locked[0]?.ours !== true) return 0;
  const { rows: tenants } = await client.query<{ id: string }>("SELECT id FROM tenants");
  let deleted = 0;
  for (const { id } of tenants) {
    if (signal?.aborted === true) break;
    deleted += await pruneLog(client, id, keepDays, signal);
  }
  await client.query("SELECT pg_advisory_unlock($1)", [keeperLock]);
  return deleted;
}

async function pruneLog(
  client: pg.Client,
  tenantId: string,
  keepDays: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  // Occurrence goes up with the position but for milliseconds, so the search ends at the first young event.
  const { rows } = await client.query<{ last: string | null }>(
    `SELECT (SELECT max(position) FROM change_events WHERE tenant_id = $1 AND ends_transaction AND position < least(
       (SELECT max(position) FROM change_events WHERE tenant_id = $1),
       (SELECT position FROM change_events WHERE tenant_id = $1 AND occurred_at >= now() - make_interval(days => $2) ORDER BY position LIMIT 1)
     ))::text AS last`,
    [tenantId, keepDays],
  );
  const last = rows[0]?.last ?? null;
  let deleted = 0;
  while (last !== null && signal?.aborted !== true) {
    const { rowCount } = await client.query(
      `DELETE FROM change_events WHERE tenant_id = $1 AND position <= coalesce(
         (SELECT position FROM change_events WHERE tenant_id = $1 AND ends_transaction AND position < $2
            AND position >= (SELECT min(position) FROM change_events WHERE tenant_id = $1) + $3 ORDER BY position LIMIT 1),
         $2::bigint)`,
      [tenantId, last, eventsAtOnce],
    );
    if ((rowCount ?? 0) === 0) return deleted;
    deleted += rowCount ?? 0;
  }
  return deleted;
}
