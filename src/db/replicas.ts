import { LRUCache } from "lru-cache";
import pg from "pg";
import { GatewayError } from "../lib/errors.ts";
import type { FencedPool, Queryable } from "./fenced-pool.ts";
import { troubleOf } from "./trouble.ts";
import { asOwnWork, currentWork, type Caller, type Work } from "./work.ts";

/** The interval at which the positions of the primary and of each replica are read. */
const pollMilliseconds = 100;
/** A replica whose position is unknown for this time gets no queries. */
const silentMilliseconds = 1_000;
/** The most callers that are remembered as writers. */
const maxWriters = 100_000;

/** The position in the primary's log at a time, in bytes. */
type Mark = { readonly at: number; readonly bytes: number };

type ReplicasOptions = {
  /** A replica that is further behind, in milliseconds, gets no queries. */
  readonly maxLag: number;
  /** Reports a caller's write to the other processes of the port. */
  readonly tellOthers?: ((caller: Caller) => Promise<void>) | undefined;
};

type Replica = {
  readonly pool: FencedPool;
  /** It has all commits before this time. */
  coversUntil: number;
  /** The time at which its position was read. */
  saidAt: number;
  isAsking: boolean;
};

/**
 * Streaming replicas for queries. A caller's query goes to a replica that has all the caller's writes and is not too far
 * behind, or else to the primary. All times are of this process's clock.
 */
export class Replicas {
  readonly #primary: FencedPool;
  readonly #replicas: readonly Replica[];
  readonly #maxLag: number;
  readonly #writers: LRUCache<string, number>;
  readonly #tellOthers: ReplicasOptions["tellOthers"];
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
    // Every replica in use has older writes.
    this.#writers = new LRUCache({ max: maxWriters, ttl: maxLag });
    this.#tellOthers = tellOthers;
    primary.onSeen = async (work) => {
      if (work?.caller != null) await this.saw(work.caller);
    };
    this.#polling = setInterval(() => this.#poll(), pollMilliseconds).unref();
    this.#poll();
  }

  /** Notes in all processes that a caller has seen what replicas may lack: its own write, or what it was told of others'. */
  async saw(caller: Caller): Promise<void> {
    this.noteWrite(caller);
    // A process that does not answer has ended.
    await this.#tellOthers?.(caller).catch(() => undefined);
  }

  /** Notes in this process that a caller has seen what is committed by now. */
  noteWrite(caller: Caller): void {
    this.#writers.set(nameOf(caller), performance.now());
  }

  /** Runs one tenant's statements: queries on a suitable replica, all others on the primary. */
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

  /** The replica for a query; null for the primary. A caller stays with the same replica while possible. */
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
 * The position of the primary's log, with commits that are not written yet. At the beginning of a page, the insert
 * position lies behind the page's header, which no replica replays.
 */
const primaryLsn = `(SELECT CASE WHEN (at.written - '0/0') % current_setting('wal_block_size')::numeric <> 0
    OR at.inserted - at.written > 40 THEN at.inserted ELSE at.written END
  FROM (SELECT pg_current_wal_lsn() AS written, pg_current_wal_insert_lsn() AS inserted) at)`;

/** A position in the log in bytes; null if the server does not answer, and on a primary that was a replica. */
async function bytesOf(pool: FencedPool, lsn: string): Promise<number | null> {
  const text = `SELECT pg_wal_lsn_diff(${lsn}, '0/0')::text AS bytes`;
  const answer = await asOwnWork(() => pool.query<{ bytes: string | null }>(text)).catch(
    () => null,
  );
  const bytes = answer?.rows[0]?.bytes ?? null;
  return bytes === null ? null : Number(bytes);
}

/** SQLSTATE of a query on a replica that was cancelled because it conflicted with replay. */
const recoveryConflict = "40001";

/** Whether the replica failed, and not the query. */
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
