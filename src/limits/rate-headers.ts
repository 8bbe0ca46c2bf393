import type { Actor } from "../auth/actor.ts";
import { GatewayError } from "../lib/errors.ts";
import type { QuotaState } from "./rate-limiter.ts";

/** The headers of every answer with the state of its credential's minute. */
export function rateHeaders({ limit, remaining, resetAt }: QuotaState): Record<string, string> {
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(secondsUntil(resetAt)),
  };
}

/** At least 1, so that a new minute has begun after the wait. */
export function secondsUntil(time: Date): number {
  return Math.max(1, Math.ceil((time.getTime() - Date.now()) / 1_000));
}

/** The name of a quota by its owner. */
function quotaOwner({ kind }: Actor): string {
  return kind === "apiKey" ? "API key" : "Token";
}

/** A request more than its credential has in the minute. */
export function tooManyRequests(actor: Actor, { limit, resetAt }: QuotaState): GatewayError {
  const retryAfter = secondsUntil(resetAt);
  return new GatewayError({
    code: "RATE_LIMITED",
    complaint: { complaint: "requestsUsedUp", owner: quotaOwner(actor), limit, retryAfter },
    limit,
    window: "minute",
    retryAfter,
  });
}

/** An operation that costs more points than its credential has left of the minute, or has at all. */
export function tooManyPoints(
  actor: Actor,
  points: number,
  { limit, remaining, resetAt }: QuotaState,
): GatewayError {
  const owner = quotaOwner(actor);
  if (points > limit) {
    return new GatewayError({
      code: "QUERY_TOO_COMPLEX",
      complaint: { complaint: "neverEnoughPoints", owner, points, limit },
      points,
      limit,
    });
  }
  const retryAfter = secondsUntil(resetAt);
  return new GatewayError({
    code: "RATE_LIMITED",
    complaint: { complaint: "pointsUsedUp", owner, points, remaining, limit, retryAfter },
    limit,
    remaining,
    window: "minute",
    retryAfter,
  });
}
