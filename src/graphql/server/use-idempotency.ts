import { getOperationAST, OperationTypeNode } from "graphql";
import type { GraphQLParams } from "graphql-yoga";
import type { FencedPool } from "../../db/fenced-pool.ts";
import type { RequestContext } from "../../gate/request-context.ts";
import {
  findAnswer,
  hashRequest,
  keepAnswer,
  readIdempotencyKey,
} from "../../write/idempotency.ts";
import { headerOf } from "../../lib/headers.ts";
import type { Context } from "../schema/context.ts";
import type { GatewayPlugin } from "./server-context.ts";

/** The idempotency key of a request with a hash of its operation; null if it has no key. */
function idempotencyOf({ request }: RequestContext, params: GraphQLParams): Context["idempotency"] {
  const key = readIdempotencyKey(headerOf(request.headers, "idempotency-key"));
  if (key === null) return null;
  const { query, operationName, variables } = params;
  return { key, requestHash: hashRequest({ query, operationName, variables }) };
}

/**
 * Repeats the first answer to a mutation that comes again under the same key. Each mutation field has stored its
 * outcome in its own transaction. The whole answer is stored before it is sent.
 */
export function useIdempotency(pool: FencedPool): GatewayPlugin {
  return {
    async onExecute({ args, context, extendContext, setResultAndStopExecution }) {
      const { actor, requestContext, toKeep, params } = context;
      const operation = getOperationAST(args.document, args.operationName);
      if (operation?.operation !== OperationTypeNode.MUTATION) return;
      const idempotency = idempotencyOf(requestContext, params);
      if (idempotency === null) return;
      extendContext({ idempotency });
      const answer = await findAnswer(pool, actor, idempotency);
      if (answer === null) toKeep.answer = idempotency;
      else setResultAndStopExecution(printedAs(answer.body));
    },
    async onResultProcess({ result, setResult, serverContext: { requestContext, toKeep } }) {
      const { actor } = requestContext;
      if (toKeep.answer === null || actor === null || !("data" in result)) return;
      // An answer with an error is not stored, since a repetition may succeed. Stored steps name its written fields.
      if (result.errors !== undefined) return;
      const kept = await keepAnswer(pool, actor, toKeep.answer, {
        status: 200,
        body: result.stringify?.(result) ?? JSON.stringify(result),
      });
      setResult(printedAs(kept.body));
    },
  };
}

/** Yoga prints a result by its `stringify`, if it has one. */
function printedAs(body: string) {
  return { data: null, stringify: () => body };
}
