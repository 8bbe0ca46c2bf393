import type { GraphQLParams, Plugin } from "graphql-yoga";
import type { Settle } from "../../gate/gate.ts";
import type { RequestContext } from "../../gate/request-context.ts";
import type { Context } from "../schema/context.ts";

/** What Yoga hands on of a request, to plugins and to the context of resolvers. */
export type ServerContext = {
  readonly requestContext: RequestContext;
  /** Whether its client takes any answer that is given. */
  readonly isAcceptable: boolean;
  readonly toKeep: ToKeep;
  /** What its body holds, or why that cannot be read; null where Yoga reads the request itself. */
  params: Promise<GraphQLParams> | null;
  readonly outcomes: Context["outcomes"];
  /** Settles its points, where the lane has taken them and the interpreter goes on. */
  settle: Settle | null;
  /** Why its compiled statement failed: whatever the interpreter asks for then fails for the same reason. */
  failure: unknown;
};

/** What is kept of a request once it went well. */
export type ToKeep = {
  /** Its document under its hash, for requests that send the hash alone. */
  document: readonly [hash: string, text: string] | null;
  /** Its answer under its idempotency key, for the same request when it comes again. */
  answer: NonNullable<Context["idempotency"]> | null;
};

/** A plugin of the gateway's own. */
export type GatewayPlugin = Plugin<Context & ServerContext, ServerContext>;
