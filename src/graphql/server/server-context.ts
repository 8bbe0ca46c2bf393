import type { GraphQLParams, Plugin } from "graphql-yoga";
import type { Settle } from "../../gate/gate.ts";
import type { RequestContext } from "../../gate/request-context.ts";
import type { EventStream } from "../../limits/event-stream.ts";
import type { Context } from "../schema/context.ts";

/** The part of a request that Yoga hands to plugins, and from which the context of resolvers is made. */
export type ServerContext = {
  readonly requestContext: RequestContext;
  /** Whether the client accepts one of the types of answers. */
  readonly isAcceptable: boolean;
  /** Whether the client takes the events of a subscription. */
  readonly takesEvents: boolean;
  readonly toKeep: ToKeep;
  /** The body, or a rejection with the reason why it cannot be read; null if Yoga reads the request itself. */
  params: Promise<GraphQLParams> | null;
  readonly outcomes: Context["outcomes"];
  readonly printed: Context["printed"];
  /** Settles the points that the lane has taken, if the interpreter continues. */
  settle: Settle | null;
  /** The error of its compiled statement. The interpreter's reads then fail with the same error. */
  failure: unknown;
  /** The stream of a subscription that was opened. */
  readonly opened: { stream: EventStream | null };
};

/** The parts of a request that are stored after it succeeds. */
export type ToKeep = {
  /** Its document under its hash, for later requests that send only the hash. */
  document: readonly [hash: string, text: string] | null;
  /** Its answer under its idempotency key, for repetitions of the request. */
  answer: NonNullable<Context["idempotency"]> | null;
};

/** A plugin of the gateway's own. */
export type GatewayPlugin = Plugin<Context & ServerContext, ServerContext>;
