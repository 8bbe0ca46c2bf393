import type { Plugin } from "graphql-yoga";
import type { Actor } from "../../auth/actor.ts";
import type { QuotaState } from "../../limits/quota.ts";
import type { Quotas, RateState } from "../../limits/quotas.ts";
import {
  rateHeaders,
  secondsUntil,
  tooManyPoints,
  tooManyRequests,
} from "../../limits/rate-headers.ts";
import type { Contributor } from "./use-extensions.ts";
import { findActor } from "./use-authentication.ts";
import type { Settle } from "../limits/use-operation-limits.ts";

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
 * Takes what an operation could cost off its credential's points, before it runs; what it did not cost is given back
 * when it has.
 *
 * @throws GatewayError RATE_LIMITED when the minute has not enough left; nothing is taken then.
 */
export async function holdPoints(request: Request, points: number): Promise<Settle> {
  const count = counted.get(request);
  if (count === undefined) throw new Error("the request was not counted");
  const { quotas, actor } = count;
  const { allowed, giveBack, ...left } = await quotas.takePoints(actor, points);
  if (allowed) return (actual) => giveBack(points - actual);
  if (points <= left.limit) count.retryAt = left.resetAt;
  throw tooManyPoints(actor, points, left);
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
      count.retryAt = count.requests.resetAt;
      throw tooManyRequests(count.actor, count.requests);
    },
    onResponse({ request, response }) {
      const count = counted.get(request);
      if (count === undefined) return;
      for (const [name, value] of Object.entries(rateHeaders(count.requests))) {
        response.headers.set(name, value);
      }
      if (count.retryAt !== null) {
        response.headers.set("retry-after", String(secondsUntil(count.retryAt)));
      }
    },
  };
}
