import type { Actor } from "../auth/actor.ts";
import { GatewayError } from "../lib/errors.ts";
import type { QuotaState } from "./quota.ts";

/** What every answer says of its credential's minute. */
export function rateHeaders({ limit, remaining, resetAt }: QuotaState): Record<string, string> {
  return {
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(remaining),
    "x-ratelimit-reset": String(secondsUntil(resetAt)),
  };
}

/** At least 1, so that whoever waits so long finds a new minute. */
export function secondsUntil(time: Date): number {
  return Math.max(1, Math.ceil((time.getTime() - Date.now()) / 1_000));
}

/** What a quota is called by whom it belongs to. */
export function quotaOwner({ kind }: Actor): string {
  return kind === "apiKey" ? "API key" : "Token";
}

/** A request more than its credential has in the minute. */
export function tooManyRequests(actor: Actor, { limit, resetAt }: QuotaState): GatewayError {
  const retryAfter = secondsUntil(resetAt);
  return new GatewayError(
    "RATE_LIMITED",
    `${quotaOwner(actor)} minute rate limit exceeded: ${limit} requests a minute; try again in ${retryAfter} s.`,
    [],
    { limit, window: "minute", retryAfter },
  );
}

/** An operation that costs more points than its credential has left of the minute, or has at all. */
export function tooManyPoints(
  actor: Actor,
  points: number,
  { limit, remaining, resetAt }: QuotaState,
): GatewayError {
  if (points > limit) {
    return new GatewayError(
      "QUERY_TOO_COMPLEX",
      `The operation costs ${points} points and ${quotaOwner(actor)} has ${limit} a minute; ask for less at once.`,
      [],
      { points, limit },
    );
  }
  const retryAfter = secondsUntil(resetAt);
  return new GatewayError(
    "RATE_LIMITED",
    `${quotaOwner(actor)} minute points limit exceeded: the operation costs ${points}, ${remaining} of ${limit} points are left; try again in ${retryAfter} s.`,
    [],
    { limit, remaining, window: "minute", retryAfter },
  );
}
