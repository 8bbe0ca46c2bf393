import type { IdempotentStep, WriteContext } from "../write/context.ts";
import { findAnswer, hashRequest, keepAnswer, readIdempotencyKey } from "../write/idempotency.ts";
import type { Answer } from "./answer.ts";
import type { Call } from "./verbs.ts";

/** A request of this API has one write. */
const step = "rest";

/**
 * Carries a write out once: under the same `Idempotency-Key` the first answer comes again, with its headers. What the
 * write led to is kept in its own transaction, the answer as a whole before it is sent.
 */
export async function once(
  call: Call,
  carryOut: (context: WriteContext) => Promise<Answer>,
): Promise<Answer> {
  const { actor, context, operation, id, body, headers } = call;
  const key = readIdempotencyKey(headers.get("idempotency-key"));
  if (key === null) return carryOut(context);
  const ifMatch = headers.get("if-match");
  // Written with what the integration API creates: in another department it is another record.
  const { departmentId } = actor;
  const idempotent: IdempotentStep = {
    key,
    requestHash: hashRequest({ operation: operation.id, id, body, ifMatch, departmentId }),
    step,
  };
  const { pool } = context;
  const found = await findAnswer(pool, actor, idempotent);
  if (found !== null) return readAnswer(found);
  const answer = await carryOut({ ...context, idempotent });
  const { status, ...rest } = answer;
  const kept = await keepAnswer(pool, actor, idempotent, { status, body: JSON.stringify(rest) });
  return readAnswer(kept);
}

function readAnswer({ status, body }: { readonly status: number; readonly body: string }): Answer {
  const rest: Omit<Answer, "status"> = JSON.parse(body);
  return { status, ...rest };
}
