import type { Actor, QuotaOwner } from "../auth/actor.ts";
import type { LimitsConfig } from "../config.ts";
import {
  RateLimiter,
  type Held,
  type QuotaState,
  type SharedCounters,
  type Taken,
} from "./rate-limiter.ts";
import { PostgresCounters } from "./postgres-counters.ts";
import type { FencedPool } from "../db/fenced-pool.ts";

/** The rest of a credential's minute. */
export type RateState = QuotaState & { readonly points: QuotaState };

type RequestMinute = { readonly key: string; readonly limit: number };

/** The minutes that an actor's requests count in, and the key of that of its points. */
type Minutes = { readonly requests: readonly RequestMinute[]; readonly points: string };

/** The interval at which past minutes are forgotten. */
const sweepMilliseconds = 60_000;

/** The quotas of all credentials: requests and points of cost, by the minute. */
export class Quotas {
  readonly #limits: LimitsConfig;
  readonly #requests: RateLimiter;
  readonly #points: RateLimiter;
  readonly #sweeping: NodeJS.Timeout;
  /** By actor: those of an API key are the same object while its row is believed. */
  readonly #minutes = new WeakMap<Actor, Minutes>();

  /** `beside` counts for all processes that serve the port; null when this is the only one. */
  constructor(limits: LimitsConfig, pool: FencedPool, beside: SharedCounters | null = null) {
    this.#limits = limits;
    const inDatabase = limits.store === "postgres" ? new PostgresCounters(pool) : null;
    const counters = inDatabase ?? beside;
    this.#requests = new RateLimiter(counters);
    this.#points = new RateLimiter(counters);
    this.#sweeping = setInterval(() => {
      this.#requests.sweep();
      this.#points.sweep();
      void inDatabase?.sweep();
    }, sweepMilliseconds).unref();
  }

  /** Counts one request; `allowed` is false when the minute has none left. */
  async takeRequest(actor: Actor): Promise<Taken> {
    let least: Taken | null = null;
    for (const { key, limit } of this.#minutesOf(actor).requests) {
      const state = await this.#requests.take(key, limit, 1);
      if (!state.allowed) return state;
      if (least === null || state.remaining < least.remaining) least = state;
    }
    if (least === null) throw new Error("every credential has a minute");
    return least;
  }

  /** The minutes that a request counts in, the caller's own first: one that is no tighter than its maker's says nothing. */
  #requestMinutes(actor: Actor): RequestMinute[] {
    const minutes: RequestMinute[] = [];
    for (const { id, requestsPerMinute } of ownersOf(actor).toReversed()) {
      const limit = requestsPerMinute ?? this.#limits.requestsPerMinute;
      const [above] = minutes;
      if (above === undefined || limit < above.limit)
        minutes.unshift({ key: keyOf("requests", actor, id), limit });
    }
    return minutes;
  }

  /** Reserves points of the minute, all or none. The unused part can be given back. */
  takePoints(actor: Actor, points: number): Promise<Held> {
    return this.#points.hold(this.#minutesOf(actor).points, this.#limits.pointsPerMinute, points);
  }

  /** The points that are left, without taking any. */
  pointsOf(actor: Actor): QuotaState {
    return this.#points.peek(this.#minutesOf(actor).points, this.#limits.pointsPerMinute);
  }

  #minutesOf(actor: Actor): Minutes {
    let known = this.#minutes.get(actor);
    if (known === undefined) {
      known = { requests: this.#requestMinutes(actor), points: pointsKey(actor) };
      this.#minutes.set(actor, known);
    }
    return known;
  }

  close(): void {
    clearInterval(this.#sweeping);
  }
}

const ownersOf = (actor: Actor): readonly QuotaOwner[] => actor.quotas ?? [actor];

/** All have the same quota of points, so that of the first of a family of keys counts for all of them. */
const pointsKey = (actor: Actor): string =>
  keyOf("points", actor, ownersOf(actor).at(-1)?.id ?? actor.id);

/** Names a credential's counter. */
function keyOf(
  what: "requests" | "points",
  { kind, tenantId, issuer = "" }: Actor,
  id: string,
): string {
  return `${what} ${kind} ${tenantId} ${issuer} ${id}`;
}
