import type { Plugin } from "graphql-yoga";
import type { Actor } from "../../auth/actor.ts";
import { GatewayError } from "../../lib/errors.ts";
import type { QuotaState } from "../../limits/quota.ts";
import type { Quotas, RateState } from "../../limits/quotas.ts";
import type { Contributor } from "./use-extensions.ts";
import { findActor } from "./use-authentication.ts";

type Counted = {
  readonly quotas: Quotas;
  readonly actor: Actor;
  /** As it was once this request was counted. */
  readonly requests: QuotaState & { readonly allowed: boolean };
  /** When it is worth trying again, once something was refused. */
  retryAt: Date | null;
};

const counted = new WeakMap<Request, Counted>();

/** What a request's credential has left of its minute; null when the request was not authenticated. */
function rateStateOf(request: Request): RateState | null {
  const count = counted.get(request);
  if (count === undefined) return null;
  const { limit, remaining, resetAt } = count.requests;
  return { limit, remaining, resetAt, points: count.quotas.pointsOf(count.actor) };
}

/** Whether the request is one more than its credential has in the minute: it will be refused. */
export function isOverQuota(request: Request): boolean {
  return counted.get(request)?.requests.allowed === false;
}

/** `extensions.rateLimit` of every answer. */
export const rateLimitExtension: Contributor = (request) => {
  const rateLimit = rateStateOf(request);
  return rateLimit === null ? null : { rateLimit };
};

/**
 * Takes what an operation costs off its credential's points, before it runs.
 *
 * @throws GatewayError RATE_LIMITED when the minute has not enough left; nothing is taken then.
 */
export async function chargePoints(request: Request, points: number): Promise<void> {
  const count = counted.get(request);
  if (count === undefined) throw new Error("the request was not counted");
  const { allowed, limit, remaining, resetAt } = await count.quotas.takePoints(count.actor, points);
  if (allowed) return;
  if (points > limit) {
    throw new GatewayError(
      "QUERY_TOO_COMPLEX",
      `The operation costs ${points} points and ${nameOf(count.actor)} has ${limit} a minute; ask for less at once.`,
      [],
      { points, limit },
    );
  }
  count.retryAt = resetAt;
  const retryAfter = secondsUntil(resetAt);
  throw new GatewayError(
    "RATE_LIMITED",
    `${nameOf(count.actor)} minute points limit exceeded: the operation costs ${points}, ${remaining} of ${limit} points are left; try again in ${retryAfter} s.`,
    [],
    { limit, remaining, window: "minute", retryAfter },
  );
}

/** Counts every request of a valid credential, and refuses what is over its quota before it is read. */
export function useQuotas(quotas: Quotas): Plugin {
  return {
    async onRequest({ request }) {
      const actor = findActor(request);
      if (actor === undefined) return;
      const requests = await quotas.takeRequest(actor);
      counted.set(request, { quotas, actor, requests, retryAt: null });
    },
    onRequestParse({ request }) {
      const count = counted.get(request);
      if (count === undefined || count.requests.allowed) return;
      const { limit, resetAt } = count.requests;
      count.retryAt = resetAt;
      const retryAfter = secondsUntil(resetAt);
      throw new GatewayError(
        "RATE_LIMITED",
        `${nameOf(count.actor)} minute rate limit exceeded: ${limit} requests a minute; try again in ${retryAfter} s.`,
        [],
        { limit, window: "minute", retryAfter },
      );
    },
    onResponse({ request, response }) {
      const count = counted.get(request);
      if (count === undefined) return;
      const { limit, remaining, resetAt } = count.requests;
      response.headers.set("x-ratelimit-limit", String(limit));
      response.headers.set("x-ratelimit-remaining", String(remaining));
      response.headers.set("x-ratelimit-reset", String(secondsUntil(resetAt)));
      if (count.retryAt !== null) {
        response.headers.set("retry-after", String(secondsUntil(count.retryAt)));
      }
    },
  };
}

function nameOf({ kind }: Actor): string {
  return kind === "apiKey" ? "API key" : "Token";
}

/** At least 1, so that whoever waits so long finds a new minute. */
function secondsUntil(time: Date): number {
  return Math.max(1, Math.ceil((time.getTime() - Date.now()) / 1_000));
}
