import { getOperationAST, OperationTypeNode } from "graphql";
import type { GraphQLParams, Plugin } from "graphql-yoga";
import {
  findAnswer,
  hashRequest,
  keepAnswer,
  readIdempotencyKey,
} from "../../write/idempotency.ts";
import type { Context } from "../schema/context.ts";

/** The idempotency key of a request, with a hash of what it asks for; null when it came without one. */
function idempotencyOf(request: Request, params: GraphQLParams): Context["idempotency"] {
  const key = readIdempotencyKey(request.headers.get("idempotency-key"));
  if (key === null) return null;
  const { query, operationName, variables } = params;
  return { key, requestHash: hashRequest({ query, operationName, variables }) };
}

/**
 * Repeats the first answer to a mutation that comes again under the same key. Each mutation field has left what it
 * led to in its own transaction; the answer as a whole is kept before it is sent.
 */
export function useIdempotency(): Plugin<Context> {
  const running = new WeakMap<Request, Context>();
  return {
    async onExecute({ args, context, extendContext, setResultAndStopExecution }) {
      const { actor, pool, request, params } = context;
      const operation = getOperationAST(args.document, args.operationName);
      if (operation?.operation !== OperationTypeNode.MUTATION) return;
      const idempotency = idempotencyOf(request, params);
      if (idempotency === null) return;
      extendContext({ idempotency });
      const answer = await findAnswer(pool, actor, idempotency);
      if (answer === null) running.set(request, context);
      else setResultAndStopExecution(printedAs(answer.body));
    },
    async onResultProcess({ request, result, setResult }) {
      const context = running.get(request);
      if (context === undefined || !("data" in result)) return;
      // An answer with an error is not the last word: the fields that were written are known by their steps.
      const { idempotency, actor, pool } = context;
      if (idempotency === null || result.errors !== undefined) return;
      const kept = await keepAnswer(pool, actor, idempotency, {
        status: 200,
        body: JSON.stringify(result),
      });
      setResult(printedAs(kept.body));
    },
  };
}

/** Yoga prints a result by its `stringify`, if it has one. */
function printedAs(body: string) {
  return { data: null, stringify: () => body };
}
