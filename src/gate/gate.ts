import type { IncomingHttpHeaders } from "node:http";
import type { Actor } from "../auth/actor.ts";
import type { Authentication } from "../auth/authentication.ts";
import type { Credentials } from "../auth/credentials.ts";
import { GatewayError } from "../lib/errors.ts";
import { readId } from "../lib/id.ts";
import type { QuotaState } from "../limits/rate-limiter.ts";
import type { Quotas, RateState } from "../limits/quotas.ts";
import {
  rateHeaders,
  secondsUntil,
  tooManyPoints,
  tooManyRequests,
} from "../limits/rate-headers.ts";
import type { RequestContext } from "./request-context.ts";

/** Why a request does not pass. */
export type NoPassage =
  /** Its credential does not work; why stands in the log and is told to nobody. */
  | { readonly kind: "unauthenticated" }
  /** Whether the credential works cannot be found out just now, or whether the place is its. */
  | { readonly kind: "unchecked"; readonly cause: unknown }
  /** One more than its credential has in the minute. */
  | { readonly kind: "overQuota"; readonly error: GatewayError }
  /** It names no organization, where it must. */
  | { readonly kind: "noOrganization" }
  /** It names an organization or department that is not its credential's. */
  | { readonly kind: "elsewhere"; readonly error: GatewayError };

/** What became of a request at the gate. */
type Passage = { readonly kind: "passed"; readonly actor: Actor } | NoPassage;

/** Gives back what was taken for an operation beyond what it cost. */
export type Settle = (actual: number) => void;

/** Where every request passes, whatever it is for: its credential, its quota, its place, and the points that it costs. */
export class Gate {
  readonly #credentials: Credentials;
  readonly #quotas: Quotas;

  constructor(credentials: Credentials, quotas: Quotas) {
    this.#credentials = credentials;
    this.#quotas = quotas;
  }

  /**
   * Finds out who sent a request, counts it, and takes its place: the organization and department that it names, which
   * must be the credential's. Whoever is refused for its place was counted.
   */
  async pass(
    context: RequestContext,
    { needsOrganization = false }: { readonly needsOrganization?: boolean } = {},
  ): Promise<Passage> {
    const { headers } = context.request;
    let found: Authentication;
    try {
      found = await this.#credentials.authenticate(headers);
    } catch (cause) {
      return { kind: "unchecked", cause };
    }
    if ("refused" in found) {
      context.reason = found.refused;
      return { kind: "unauthenticated" };
    }
    const { actor } = found;
    context.actor = actor;
    const quota = await this.#quotas.takeRequest(actor);
    context.quota = quota;
    if (!quota.allowed) {
      context.retryAt = quota.resetAt;
      return { kind: "overQuota", error: tooManyRequests(actor, quota) };
    }
    if (needsOrganization && readId("ten", String(headers["x-organization-id"] ?? "")) === null) {
      return { kind: "noOrganization" };
    }
    try {
      const placed = await this.#credentials.agree(actor, headers);
      context.actor = placed;
      context.work.caller = placed;
      return { kind: "passed", actor: placed };
    } catch (cause) {
      const isRefusal = cause instanceof GatewayError && cause.code === "FORBIDDEN";
      if (!isRefusal) return { kind: "unchecked", cause };
      context.reason = "another organization or department";
      return { kind: "elsewhere", error: cause };
    }
  }

  /**
   * Looks again at the credential of something that lasts: whom it stands for now, null if it does not work any more.
   *
   * @throws GatewayError UNAVAILABLE when that cannot be found out just now.
   */
  check(headers: IncomingHttpHeaders): Promise<Actor | null> {
    return this.#credentials.check(headers);
  }

  /**
   * Takes what an operation could cost off its credential's points, before it runs; what it did not cost is given back
   * when it has.
   *
   * @throws GatewayError RATE_LIMITED when the minute has not enough left; nothing is taken then.
   */
  async takePoints(context: RequestContext, actor: Actor, points: number): Promise<Settle> {
    const { allowed, giveBack, ...left } = await this.#quotas.takePoints(actor, points);
    if (allowed) return (actual) => giveBack(points - actual);
    if (points <= left.limit) context.retryAt = left.resetAt;
    throw tooManyPoints(actor, points, left);
  }

  /** What a request's credential has left of its minute; null when it was not counted. */
  rateOf({ actor, quota }: RequestContext): RateState | null {
    if (actor === null || quota === null) return null;
    const { limit, remaining, resetAt } = quota;
    const points: QuotaState = this.#quotas.pointsOf(actor);
    return { limit, remaining, resetAt, points };
  }
}

/** What every answer says of its credential's minute; nothing when the request was not counted. */
export function quotaHeaders({ quota, retryAt }: RequestContext): Record<string, string> {
  if (quota === null) return {};
  const headers = rateHeaders(quota);
  if (retryAt !== null) headers["retry-after"] = String(secondsUntil(retryAt));
  return headers;
}
