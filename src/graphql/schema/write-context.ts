import type { Values } from "../../model/record.ts";
import type { GraphQLResolveInfo } from "graphql";
import { asSent } from "../../lib/unreadable.ts";
import type { WriteContext } from "../../write/context.ts";
import type { WriteResult } from "../../write/draft.ts";
import type { Context } from "./context.ts";

/**
 * The context of a verb. Each mutation field is a step of its own. `shown` gives the field's value from the verb's
 * results. If it is given, the payload is read in the round trip of the commit.
 */
export function writeContext(
  ctx: Context,
  info: GraphQLResolveInfo,
  shown: ((results: readonly WriteResult[]) => unknown) | null = null,
): WriteContext {
  const behind = ctx.behind.get(String(info.path.key));
  return {
    actor: ctx.actor,
    pool: ctx.pool,
    catalog: ctx.catalog,
    idempotent:
      ctx.idempotency === null ? null : { ...ctx.idempotency, step: String(info.path.key) },
    readBehind:
      shown === null || behind === undefined
        ? null
        : (results, read) => behind(shown(results), read),
  };
}

/** An input as the caller sent it. */
export function sentValues(input: unknown): Values {
  const sent = asSent(input);
  return typeof sent === "object" && sent !== null ? { ...sent } : {};
}
