import { createHash } from "node:crypto";
import { DatabaseError } from "pg";
import type { FencedPool } from "../db/fenced-pool.ts";
import { troubleOf } from "../db/trouble.ts";
import { GatewayError } from "../lib/errors.ts";
import { minuteMilliseconds, type Grant, type SharedCounters } from "./rate-limiter.ts";

/** PostgreSQL's clock, which all processes share. */
const now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/**
 * Counts, and begins a minute if none runs. A minute that would last more than two minutes was begun before the clock
 * was set back, and is over.
 */
const isRunning = `counter.expire BETWEEN excluded.expire - ${minuteMilliseconds - 1} AND excluded.expire + ${minuteMilliseconds}`;
const countText = `
  INSERT INTO quota_counters AS counter (key, points, expire) VALUES ($1, $2, ${now} + ${minuteMilliseconds})
  ON CONFLICT (key) DO UPDATE SET
    points = excluded.points + CASE WHEN ${isRunning} THEN counter.points ELSE 0 END,
    expire = CASE WHEN ${isRunning} THEN counter.expire ELSE excluded.expire END
  RETURNING points, expire, expire - ${now} AS milliseconds`;

/** Only changes the counter of its own minute. An amount returned to the next minute would exceed that limit. */
const takeBackText = `
  UPDATE quota_counters SET points = greatest(0, points - $2) WHERE key = $1 AND expire = $3`;

const sweepText = `
  DELETE FROM quota_counters WHERE expire NOT BETWEEN ${now} AND ${now} + ${2 * minuteMilliseconds}`;

type Counted = { readonly points: number; readonly expire: string; readonly milliseconds: string };

/**
 * Counters in PostgreSQL that all processes share. While the database is unavailable, each process counts for itself;
 * no operations are answered then either.
 */
export class PostgresCounters implements SharedCounters {
  readonly #pool: FencedPool;

  constructor(pool: FencedPool) {
    this.#pool = pool;
  }

  async grant(key: string, wanted: number, limit: number): Promise<Grant | null> {
    // Outside of `asTenant`: the policy of the table wants a connection that is pinned to no tenant.
    const answer = await this.#pool
      .query<Counted>(countText, [nameOf(key), wanted])
      .catch((error: unknown) => {
        if (isOutage(error)) return null;
        throw error;
      });
    if (answer === null) return null;
    const [counted] = answer.rows;
    if (counted === undefined) throw new Error("nothing was counted");
    const { points, expire, milliseconds } = counted;
    return {
      granted: Math.max(0, Math.min(wanted, limit - (points - wanted))),
      left: Math.max(0, limit - points),
      minute: expire,
      milliseconds: Number(milliseconds),
    };
  }

  async takeBack(key: string, amount: number, minute: string): Promise<void> {
    await this.#pool.query(takeBackText, [nameOf(key), amount, minute]);
  }

  /** Deletes the counters of past minutes. The next call retries a failure. */
  async sweep(): Promise<void> {
    await this.#pool.query(sweepText).catch(() => undefined);
  }
}

/** SQLSTATEs of a database that accepts no writes at the moment: read-only, full, failing. */
const unwritableStates = /^(25006|53|58)/;

/** Whether the database cannot count at the moment. Any other error is a bug, and grants nothing. */
function isOutage(error: unknown): boolean {
  if (error instanceof GatewayError) return error.code === "UNAVAILABLE";
  const isUnwritable = error instanceof DatabaseError && unwritableStates.test(error.code ?? "");
  return isUnwritable || troubleOf(error) !== null;
}

/** A hash, since a token's subject may be a person's email address. */
function nameOf(key: string): string {
  return createHash("sha256").update(key).digest("base64url");
}
