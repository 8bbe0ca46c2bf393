import { createHash } from "node:crypto";
import { RateLimiterPostgres } from "rate-limiter-flexible";
import type { FencedPool } from "../db/fenced-pool.ts";
import { minuteMilliseconds, type Grant, type SharedCounters } from "./quota.ts";

/** The library compares with one limit; every credential has its own, so it only counts. */
const points = Number.MAX_SAFE_INTEGER;
const duration = minuteMilliseconds / 1_000;

/**
 * Counters in PostgreSQL that all processes share. While the database does not answer each process counts for itself:
 * without it nothing else is answered either.
 */
export class PostgresCounters implements SharedCounters {
  readonly #pool: FencedPool;
  readonly #limiter: RateLimiterPostgres;

  constructor(pool: FencedPool) {
    this.#pool = pool;
    this.#limiter = new RateLimiterPostgres({
      // Outside of `asTenant`: the policy of the table wants a connection that is pinned to no tenant.
      storeClient: pool,
      storeType: "client",
      tableName: "quota_counters",
      tableCreated: true,
      keyPrefix: "",
      points,
      duration,
      clearExpiredByTimeout: false,
    });
  }

  async grant(key: string, wanted: number, limit: number): Promise<Grant> {
    // Hashed, since a token's subject may be somebody's address.
    const name = createHash("sha256").update(key).digest("base64url");
    const { consumedPoints, msBeforeNext } = await this.#limiter.consume(name, wanted);
    const before = consumedPoints - wanted;
    return {
      granted: Math.max(0, Math.min(wanted, limit - before)),
      left: Math.max(0, limit - consumedPoints),
      resetAt: Date.now() + msBeforeNext,
    };
  }

  /** Takes away the counters of minutes that are over; what fails now is done by the next one. */
  async sweep(): Promise<void> {
    const text = "DELETE FROM quota_counters WHERE expire < $1";
    await this.#pool.query(text, [Date.now()]).catch(() => undefined);
  }
}
