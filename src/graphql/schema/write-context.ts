import type { Values } from "../../model/record.ts";
import type { GraphQLResolveInfo } from "graphql";
import { asSent } from "../../lib/unreadable.ts";
import type { WriteContext } from "../../write/context.ts";
import type { Context } from "./context.ts";

/** What a verb needs to know of the request; each mutation field is a step of its own. */
export function writeContext(ctx: Context, info: GraphQLResolveInfo): WriteContext {
  return {
    actor: ctx.actor,
    pool: ctx.pool,
    catalog: ctx.catalog,
    idempotent:
      ctx.idempotency === null ? null : { ...ctx.idempotency, step: String(info.path.key) },
  };
}

/** An input as the caller sent it. */
export function sentValues(input: unknown): Values {
  const sent = asSent(input);
  return typeof sent === "object" && sent !== null ? { ...sent } : {};
}
