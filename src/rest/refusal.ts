import type { Logger } from "pino";
import type { RequestContext } from "../gate/request-context.ts";
import { describeError } from "../telemetry/describe-error.ts";
import type { Answer } from "./answer.ts";
import { tell, type ToldOperation } from "./error-answers.ts";

/** The answer to whatever a request was ended by. It is noted in the context, and what is ours is logged. */
export function refusalOf(
  thrown: unknown,
  operation: ToldOperation & { readonly id: string },
  context: RequestContext,
  logger: Logger,
): Answer {
  const { id: requestId } = context;
  const told = tell(thrown, operation, requestId);
  if (told.isUnexpected) {
    logger.error(
      { requestId, operation: operation.id, cause: describeError(thrown) },
      "unexpected error",
    );
  }
  context.codes.add(told.code);
  for (const scope of told.missingScopes) context.missingScopes.add(scope);
  return told.answer;
}
