import { v7 as uuidv7 } from "uuid";
import type { FencedPool } from "../db/fenced-pool.ts";
import type { Transaction } from "../db/transaction.ts";
import { asOwnWork } from "../db/work.ts";
import type { LiveEvent } from "../live/listening.ts";
import type { Endpoint, Sent } from "../modules/webhook/endpoint.ts";

/** A delivery that this process may send now. */
export type Claimed = {
  /** Bare UUID. */
  readonly id: string;
  readonly position: bigint;
  /** Bare UUID; the message is known by it. */
  readonly eventId: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
};

/** What became of a delivery. */
export type Outcome = Pick<Claimed, "id" | "attempt"> & {
  readonly status: "waiting" | "delivered" | "failed" | "dropped";
  readonly reason: string | null;
  /** Milliseconds until the next attempt, if it waits. */
  readonly pause: number | null;
  /** Null if nothing was sent. */
  readonly sent: Sent | null;
};

/** What the state of an endpoint follows from. */
export type State = {
  readonly isActive: boolean;
  /** Milliseconds since the first failure behind the last delivery; null if it does not fail. */
  readonly failingFor: number | null;
};

type Of = Pick<Endpoint, "tenantId" | "id">;

/**
 * The rows of deliveries: the queue of each endpoint. All that moves an endpoint's queue locks the endpoint's row first,
 * so that any number of processes work on it, and each sees what the others have taken.
 */
export class Deliveries {
  readonly #pool: FencedPool;

  constructor(pool: FencedPool) {
    this.#pool = pool;
  }

  /**
   * Puts events behind an endpoint's cursor into its queue, and moves the cursor. False if another process has moved it.
   * An event that is there already, of a replay, waits again under the same id.
   */
  enqueue(endpoint: Endpoint, events: readonly LiveEvent[], position: string): Promise<boolean> {
    const { tenantId, id } = endpoint;
    return this.#transaction(tenantId, async (transaction) => {
      const moved = await transaction.rows(
        `UPDATE webhooks SET position = $4::bigint
         WHERE tenant_id = $1::uuid AND id = $2::uuid AND position = $3::bigint AND status = 'active' RETURNING 1`,
        [tenantId, id, endpoint.position, position],
      );
      if (moved.length === 0) return false;
      if (events.length === 0) return true;
      const rows = events.map(({ position: place, event }) => ({
        id: uuidv7(),
        position: place,
        event_id: event["id"],
        record_type: event["recordType"],
        record_id: event["recordId"],
      }));
      await transaction.rows(
        `INSERT INTO webhook_deliveries AS d (tenant_id, webhook_id, id, position, event_id, record_type, record_id, next_attempt_at)
         SELECT $1::uuid, $2::uuid, r.id, r.position, r.event_id, r.record_type, r.record_id, now()
         FROM json_to_recordset($3::json) AS r(id uuid, position bigint, event_id uuid, record_type text, record_id uuid)
         ORDER BY r.position
         ON CONFLICT (tenant_id, webhook_id, position) DO UPDATE
         SET status = 'waiting', status_reason = NULL, attempts = 0, next_attempt_at = EXCLUDED.next_attempt_at, leased_until = NULL, finished_at = NULL
         WHERE d.status <> 'waiting' RETURNING 1`,
        [tenantId, id, JSON.stringify(rows)],
      );
      return true;
    });
  }

  /** How many deliveries of an endpoint wait, counted to `most`. */
  async waiting({ tenantId, id }: Of, most: number): Promise<number> {
    const rows = await this.#rows(
      tenantId,
      `SELECT count(*)::text FROM (SELECT FROM webhook_deliveries
         WHERE tenant_id = $1::uuid AND webhook_id = $2::uuid AND status = 'waiting' LIMIT $3::integer) w`,
      [tenantId, id, most],
    );
    return Number(rows[0]?.[0]);
  }

  /**
   * Takes deliveries that are due, each the first in its record's line, for `milliseconds`. With those that others have
   * taken they are at most `atOnce`. What a killed process had taken is due again after that time; `held` are those that
   * the caller still works on, however long ago it took them.
   */
  claim(
    { tenantId, id }: Of,
    atOnce: number,
    milliseconds: number,
    held: readonly string[] = [],
  ): Promise<Claimed[]> {
    return this.#transaction(tenantId, async (transaction) => {
      const locked = await transaction.rows(
        `SELECT 1 FROM webhooks WHERE tenant_id = $1::uuid AND id = $2::uuid AND status = 'active' FOR NO KEY UPDATE`,
        [tenantId, id],
      );
      if (locked.length === 0) return [];
      const rows = await transaction.rows(
        // What waits is read once and sorted. Without statistics, e.g. in a new database, PostgreSQL takes a queue for one
        // row, and a look for each row at those ahead of it takes it through the whole queue.
        `WITH waiting AS MATERIALIZED (
           SELECT id, record_id, position, next_attempt_at, leased_until FROM webhook_deliveries
           WHERE tenant_id = $1::uuid AND webhook_id = $2::uuid AND status = 'waiting'
         ), first AS (
           SELECT DISTINCT ON (record_id) * FROM waiting ORDER BY record_id, position
         ), due AS (
           SELECT id FROM first
           WHERE next_attempt_at <= now() AND (leased_until IS NULL OR leased_until <= now()) AND id <> ALL ($5::uuid[])
           ORDER BY next_attempt_at, position
           LIMIT greatest(0, $3::integer - (SELECT count(*) FROM waiting WHERE leased_until > now() OR id = ANY ($5::uuid[]))))
         UPDATE webhook_deliveries d
         SET attempts = d.attempts + 1, leased_until = now() + $4::integer * interval '1 millisecond'
         FROM due WHERE d.tenant_id = $1::uuid AND d.id = due.id
         RETURNING d.id, d.position::text, d.event_id, d.attempts::text`,
        [tenantId, id, atOnce, milliseconds, held],
      );
      return rows.map(([delivery, position, eventId, attempt]) => ({
        id: delivery ?? "",
        position: BigInt(position ?? 0),
        eventId: eventId ?? "",
        attempt: Number(attempt),
      }));
    });
  }

  /** Takes a delivery for `milliseconds` more. False if another process has taken it meanwhile. */
  async renew({ tenantId }: Of, { id, attempt }: Claimed, milliseconds: number): Promise<boolean> {
    const renewed = await this.#transaction(tenantId, (transaction) =>
      transaction.rows(
        `UPDATE webhook_deliveries SET leased_until = now() + $4::integer * interval '1 millisecond'
         WHERE tenant_id = $1::uuid AND id = $2::uuid AND attempts = $3::integer AND status = 'waiting' RETURNING 1`,
        [tenantId, id, attempt, milliseconds],
      ),
    );
    return renewed.length > 0;
  }

  /**
   * Writes what became of deliveries. An outcome counts if its attempt is still the last one, or if it was delivered;
   * a failure is forgotten with the lease that ran out.
   */
  settle({ tenantId, id }: Of, outcomes: readonly Outcome[]): Promise<State> {
    const rows = outcomes.map(({ sent, ...outcome }) => ({
      ...outcome,
      attempt_id: uuidv7(),
      started_at: sent?.startedAt ?? null,
      milliseconds: sent?.milliseconds,
      http_status: sent?.httpStatus,
      answer: sent?.answer,
      failure: sent?.failure,
    }));
    const given = JSON.stringify(rows);
    const wasDelivered = outcomes.some(({ status }) => status === "delivered");
    const hasFailed = outcomes.some(({ sent }) => sent != null && sent.failure !== null);
    const failingSince = wasDelivered
      ? "NULL"
      : hasFailed
        ? "least(failing_since, now())"
        : "failing_since";
    return this.#transaction(tenantId, async (transaction) => {
      const [state] = await transaction.rows(
        `UPDATE webhooks SET failing_since = ${failingSince}
         WHERE tenant_id = $1::uuid AND id = $2::uuid AND removed_at IS NULL
         RETURNING status, failing_since`,
        [tenantId, id],
      );
      // The endpoint was deleted meanwhile, and its deliveries are removed.
      if (state === undefined) return { isActive: false, failingFor: null };
      transaction.send(
        `INSERT INTO webhook_attempts (tenant_id, id, delivery_id, started_at, milliseconds, http_status, answer, failure)
         SELECT $1::uuid, r.attempt_id, r.id, r.started_at, r.milliseconds, r.http_status, r.answer, r.failure
         FROM json_to_recordset($2::json) AS r(attempt_id uuid, id uuid, started_at timestamptz, milliseconds integer, http_status integer, answer text, failure text)
         WHERE r.started_at IS NOT NULL
           AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.tenant_id = $1::uuid AND d.id = r.id)
         RETURNING 1`,
        [tenantId, given],
      );
      // Citus takes now() neither within CASE or COALESCE nor beside a column, unless in the time of one zone.
      await transaction.rows(
        `UPDATE webhook_deliveries d
         SET status = r.status, status_reason = r.reason, leased_until = NULL,
           next_attempt_at = (now() AT TIME ZONE 'UTC' + r.pause * interval '1 millisecond') AT TIME ZONE 'UTC',
           finished_at = (now() AT TIME ZONE 'UTC' + CASE WHEN r.status <> 'waiting' THEN interval '0' END) AT TIME ZONE 'UTC'
         FROM json_to_recordset($2::json) AS r(id uuid, attempt integer, status delivery_status, reason text, pause integer)
         WHERE d.tenant_id = $1::uuid AND d.id = r.id AND d.status = 'waiting' AND (d.attempts = r.attempt OR r.status = 'delivered')
         RETURNING 1`,
        [tenantId, given],
      );
      return {
        isActive: state[0] === "active",
        failingFor: state[1] == null ? null : Date.now() - Date.parse(state[1]),
      };
    });
  }

  /** Gives claimed deliveries back unsent: their attempts do not count. */
  async giveBack({ tenantId }: Of, claimed: readonly Claimed[]): Promise<void> {
    if (claimed.length === 0) return;
    await this.#transaction(tenantId, (transaction) =>
      transaction.rows(
        `UPDATE webhook_deliveries d SET attempts = d.attempts - 1, leased_until = NULL
         FROM json_to_recordset($2::json) AS r(id uuid, attempt integer)
         WHERE d.tenant_id = $1::uuid AND d.id = r.id AND d.attempts = r.attempt AND d.status = 'waiting' RETURNING 1`,
        [tenantId, JSON.stringify(claimed.map(({ id, attempt }) => ({ id, attempt })))],
      ),
    );
  }

  #transaction<Result>(
    tenantId: string,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return asOwnWork(() => this.#pool.transaction(tenantId, work, { isUnlogged: true }));
  }

  #rows(tenantId: string, text: string, values: readonly unknown[]) {
    return asOwnWork(() => this.#pool.forTenant(tenantId).rows(text, values));
  }
}
