import type { IncomingMessage, ServerResponse } from "node:http";
import type { Actor } from "../auth/actor.ts";
import type { Work } from "../db/work.ts";
import type { EventStream, StreamEnd } from "../limits/event-stream.ts";
import type { Taken } from "../limits/rate-limiter.ts";
import type { ObservedRequest } from "../telemetry/observed-request.ts";
import type { Span } from "../telemetry/tracing.ts";

/** What is known of a request before anything of it is read. */
type Arrival = Pick<RequestContext, "request" | "response" | "work"> &
  Pick<ObservedRequest, "id" | "path" | "address">;

/** What an operation could have cost, in points, and what it did. */
type Cost = { readonly requested: number; actual: number };

/** All that is known of one request, from its arrival to the end of its answer; handed on to whatever it passes through. */
export class RequestContext implements ObservedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly work: Work;
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly address: string;
  readonly credential: ObservedRequest["credential"];
  readonly startedAt = performance.now();
  readonly codes = new Set<string>();
  readonly missingScopes = new Set<string>();
  span: Span | null = null;
  reason: string | null = null;
  operation: ObservedRequest["operation"] = null;
  isValid = false;
  /** The lane that answered its operation; null until then. */
  lane: ObservedRequest["lane"] = null;
  /** Null while its operation is not known. */
  cost: Cost | null = null;
  /** Who sent it; null until the gate has found out. */
  actor: Actor | null = null;
  /** What its credential had left once it was counted; null when it was not. */
  quota: Taken | null = null;
  /** Carries the events of a subscription to the client; null if the response does. */
  carry: ((stream: EventStream) => Promise<StreamEnd>) | null = null;
  /** When it is worth trying again, once something was refused for its quota. */
  retryAt: Date | null = null;

  constructor({ request, response, work, id, path, address }: Arrival) {
    this.request = request;
    this.response = response;
    this.work = work;
    this.id = id;
    this.method = request.method ?? "";
    this.path = path;
    this.address = address;
    this.credential = credentialOf(request);
  }
}

/** What Hono hands on to those who answer requests. */
export type GateEnv = { Bindings: { readonly context: RequestContext } };

function credentialOf({ headers }: IncomingMessage): ObservedRequest["credential"] {
  const hasKey = headers["x-api-key"] !== undefined;
  if (headers.authorization === undefined) return hasKey ? "x-api-key" : "none";
  return hasKey ? "both" : "authorization";
}
