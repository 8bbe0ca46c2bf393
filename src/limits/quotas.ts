import type { Actor } from "../auth/actor.ts";
import type { LimitsConfig } from "../config.ts";
import { Quota, type Held, type QuotaState, type Taken } from "./quota.ts";
import { PostgresCounters } from "./postgres-counters.ts";
import type { FencedPool } from "../db/fenced-pool.ts";

/** What a credential has left of its minute. */
export type RateState = QuotaState & { readonly points: QuotaState };

/** How often what is over is forgotten. */
const sweepMilliseconds = 60_000;

/** The quotas of all credentials: requests and points of cost, by the minute. */
export class Quotas {
  readonly #limits: LimitsConfig;
  readonly #requests: Quota;
  readonly #points: Quota;
  readonly #sweeping: NodeJS.Timeout;

  constructor(limits: LimitsConfig, pool: FencedPool) {
    this.#limits = limits;
    const counters = limits.store === "postgres" ? new PostgresCounters(pool) : null;
    this.#requests = new Quota(counters);
    this.#points = new Quota(counters);
    this.#sweeping = setInterval(() => {
      this.#requests.sweep();
      this.#points.sweep();
      void counters?.sweep();
    }, sweepMilliseconds).unref();
  }

  /** Counts one request; `allowed` is false when the minute has none left. */
  takeRequest(actor: Actor): Promise<Taken> {
    const limit = actor.requestsPerMinute ?? this.#limits.requestsPerMinute;
    return this.#requests.take(keyOf("requests", actor), limit, 1);
  }

  /** Takes points off the minute's, all or none; what was not used can be given back. */
  takePoints(actor: Actor, points: number): Promise<Held> {
    return this.#points.hold(keyOf("points", actor), this.#limits.pointsPerMinute, points);
  }

  /** The points that are left, without taking any. */
  pointsOf(actor: Actor): QuotaState {
    return this.#points.peek(keyOf("points", actor), this.#limits.pointsPerMinute);
  }

  close(): void {
    clearInterval(this.#sweeping);
  }
}

/** Names a credential's counter. */
function keyOf(what: "requests" | "points", { kind, tenantId, id, issuer = "" }: Actor): string {
  return `${what} ${kind} ${tenantId} ${issuer} ${id}`;
}
