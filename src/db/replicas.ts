import { LRUCache } from "lru-cache";
import pg from "pg";
import { GatewayError } from "../lib/errors.ts";
import type { FencedPool, Queryable } from "./fenced-pool.ts";
import { troubleOf } from "./trouble.ts";
import { asOwnWork, currentWork, type Caller, type Work } from "./work.ts";

/** How often the primary is asked how far its log has come, and each replica how far it has followed. */
const pollMilliseconds = 100;
/** A replica that has not said for so long how far it is gets no queries. */
const silentMilliseconds = 1_000;
/** The most callers that are remembered as writers. */
const maxWriters = 100_000;

/** How far the primary's log had come at a time, in bytes. */
type Mark = { readonly at: number; readonly bytes: number };

type ReplicasOptions = {
  /** A replica that is further behind, in milliseconds, gets no queries. */
  readonly maxLag: number;
  /** Tells the processes beside this one of a caller's write. */
  readonly tellOthers?: ((caller: Caller) => Promise<void>) | undefined;
};

type Replica = {
  readonly pool: FencedPool;
  /** What was committed before this time is there. */
  coversUntil: number;
  /** When it said so. */
  saidAt: number;
  isAsking: boolean;
};

/**
 * Streaming replicas that queries are sent to. A caller's query goes to a replica that has all that the caller wrote, and
 * that is no further behind than allowed; otherwise to the primary. All times are this process's.
 */
export class Replicas {
  readonly #primary: FencedPool;
  readonly #replicas: readonly Replica[];
  readonly #maxLag: number;
  readonly #writers: LRUCache<string, number>;
  readonly #polling: NodeJS.Timeout;
  #marks: Mark[] = [];
  #isMarking = false;

  constructor(
    primary: FencedPool,
    pools: readonly FencedPool[],
    { maxLag, tellOthers }: ReplicasOptions,
  ) {
    this.#primary = primary;
    this.#maxLag = maxLag;
    this.#replicas = pools.map((pool) => ({
      pool,
      coversUntil: -Infinity,
      saidAt: -Infinity,
      isAsking: false,
    }));
    // What is older is on every replica that is used.
    this.#writers = new LRUCache({ max: maxWriters, ttl: maxLag });
    primary.onWrite = async (work) => {
      const caller = work?.caller;
      if (caller == null) return;
      this.noteWrite(caller);
      // One that does not answer is gone, and what it believed with it.
      await tellOthers?.(caller).catch(() => undefined);
    };
    this.#polling = setInterval(() => this.#poll(), pollMilliseconds).unref();
    this.#poll();
  }

  /** A caller's writes were committed by now, here or in another process. */
  noteWrite(caller: Caller): void {
    this.#writers.set(nameOf(caller), performance.now());
  }

  /** Runs one tenant's statements: queries on a replica that suits their caller, everything else on the primary. */
  forTenant(tenantId: string): Queryable {
    const primary = this.#primary.forTenant(tenantId);
    return {
      rows: async (...statement) => {
        const replica = this.#choose(currentWork())?.forTenant(tenantId);
        if (replica === undefined) return primary.rows(...statement);
        try {
          return await replica.rows(...statement);
        } catch (error) {
          if (!isReplicasOwn(error)) throw error;
          return primary.rows(...statement);
        }
      },
    };
  }

  /** Where something may be read; null for the primary alone. A caller stays with one replica while it can. */
  #choose(work: Work | undefined): FencedPool | null {
    if (work === undefined || work.writes || work.caller === null) return null;
    const caller = nameOf(work.caller);
    const now = performance.now();
    const since = Math.max(this.#writers.get(caller) ?? -Infinity, now - this.#maxLag);
    const first = hash(caller);
    for (let step = 0; step < this.#replicas.length; step += 1) {
      const replica = this.#replicas[(first + step) % this.#replicas.length];
      if (replica === undefined) return null;
      const { pool, coversUntil, saidAt } = replica;
      if (coversUntil > since && now - saidAt < silentMilliseconds) return pool;
    }
    return null;
  }

  async close(): Promise<void> {
    clearInterval(this.#polling);
    await Promise.all(this.#replicas.map(({ pool }) => pool.close()));
  }

  #poll(): void {
    void this.#mark();
    for (const replica of this.#replicas) void this.#ask(replica);
  }

  async #mark(): Promise<void> {
    if (this.#isMarking) return;
    this.#isMarking = true;
    const at = performance.now();
    const bytes = await bytesOf(this.#primary, primaryLsn);
    if (bytes !== null) {
      this.#marks = [...this.#marks.filter((mark) => mark.at > at - this.#maxLag), { at, bytes }];
    }
    this.#isMarking = false;
  }

  async #ask(replica: Replica): Promise<void> {
    if (replica.isAsking) return;
    replica.isAsking = true;
    const askedAt = performance.now();
    const bytes = await bytesOf(replica.pool, "pg_last_wal_replay_lsn()");
    if (bytes !== null) {
      const reached = this.#marks.findLast((mark) => mark.bytes <= bytes);
      if (reached !== undefined) replica.coversUntil = Math.max(replica.coversUntil, reached.at);
      replica.saidAt = askedAt;
    }
    replica.isAsking = false;
  }
}

/**
 * How far the primary has come, also with commits that are not written yet. At the beginning of a page the place to
 * insert at lies behind the page's header, which no replica replays.
 */
const primaryLsn = `(SELECT CASE WHEN (at.written - '0/0') % current_setting('wal_block_size')::numeric <> 0
    OR at.inserted - at.written > 40 THEN at.inserted ELSE at.written END
  FROM (SELECT pg_current_wal_lsn() AS written, pg_current_wal_insert_lsn() AS inserted) at)`;

/** A place in the log; null while the server does not say, and on a primary that was a replica. */
async function bytesOf(pool: FencedPool, lsn: string): Promise<number | null> {
  const text = `SELECT pg_wal_lsn_diff(${lsn}, '0/0')::text AS bytes`;
  const answer = await asOwnWork(() => pool.query<{ bytes: string | null }>(text)).catch(
    () => null,
  );
  const bytes = answer?.rows[0]?.bytes ?? null;
  return bytes === null ? null : Number(bytes);
}

/** A query was cancelled on a replica, since it stood in the way of what the replica follows. */
const recoveryConflict = "40001";

/** Whether it is the replica that failed, and not the query. */
function isReplicasOwn(error: unknown): boolean {
  if (error instanceof GatewayError) return error.code === "UNAVAILABLE";
  const isConflict = error instanceof pg.DatabaseError && error.code === recoveryConflict;
  return isConflict || troubleOf(error)?.code === "UNAVAILABLE";
}

const nameOf = ({ tenantId, id }: Caller): string => `${tenantId} ${id}`;

function hash(text: string): number {
  let sum = 0;
  for (let place = 0; place < text.length; place += 1) {
    sum = (Math.imul(sum, 31) + text.charCodeAt(place)) >>> 0;
  }
  return sum;
}
