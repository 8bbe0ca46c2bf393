import { GraphQLError, type ExecutionResult } from "graphql";
import { answerTooLong, maxAnswerBytes, type Work } from "../../db/work.ts";
import { GatewayError, tooComplex, unavailable } from "../../lib/errors.ts";
import { jsonBytes } from "../../lib/json-bytes.ts";
import type { GatewayPlugin } from "./server-context.ts";

/**
 * Ends what still runs for an operation that has failed, and prints the answer to one that has not: it is sent as it is
 * here, so its bytes are those that are counted.
 */
export function useWholeAnswers(): GatewayPlugin {
  return {
    onExecute({ context }) {
      const { work } = context.requestContext;
      return {
        onExecuteDone({ result, setResult }) {
          // One that is printed already was counted when it was kept.
          if (Symbol.asyncIterator in result || "stringify" in result) return;
          const refusal = refusalOf(work);
          const told = withFewErrors(result);
          if (result.errors !== undefined) work.stop(overReason());
          // Refused before anything of it was carried out.
          if (!("data" in result)) return setResult(told);
          const printed = refusal === null ? printedData(result.data ?? null) : null;
          setResult(
            printed === null
              ? { errors: [asGraphQLError(refusal ?? answerTooLong(), work)] }
              : withText(told, printed),
          );
        },
      };
    },
  };
}

/** The most errors that are told, and their bytes; further ones are counted. */
const [mostErrors, mostErrorBytes] = [100, 100_000];

/** Each of 10,000 records may fail by itself: nobody reads more of it than what the first ones say. */
function withFewErrors(result: ExecutionResult): ExecutionResult {
  const { errors = [] } = result;
  let bytes = 0;
  const told = errors.slice(0, mostErrors).filter((error, place) => {
    bytes += Buffer.byteLength(error.message) + jsonBytes(error.path);
    // One is always told: what it quotes of a request is shortened when it is.
    return place === 0 || bytes <= mostErrorBytes;
  });
  const left = errors.length - told.length;
  if (left === 0) return result;
  const more = tooComplex(
    `${left.toLocaleString("en")} more fields failed; mend what the errors before this one say, or ask for less at once.`,
  );
  return { ...result, errors: [...told, new GraphQLError(more.message, { originalError: more })] };
}

const overReason = (): GatewayError => unavailable("The operation has failed already.");

/** Why the operation was ended as a whole before its end; null when it was not, or the errors of its fields say it. */
function refusalOf(work: Work): GatewayError | null {
  const { stopped } = work;
  const isRefusal = stopped instanceof GatewayError && stopped.code === "QUERY_TOO_COMPLEX";
  return isRefusal ? stopped : null;
}

/** The data as JSON; null when it is too long, for an answer or for any text at all. */
function printedData(data: unknown): string | null {
  try {
    const text = JSON.stringify(data);
    return Buffer.byteLength(text) > maxAnswerBytes ? null : text;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Yoga prints a result by its `stringify`, if it has one. */
function withText(result: ExecutionResult, data: string) {
  return { ...result, stringify: (told: ExecutionResult) => body(told, data) };
}

function body({ errors }: ExecutionResult, data: string): string {
  const failures = errors === undefined ? "" : `"errors":${JSON.stringify(errors)},`;
  return `{${failures}"data":${data}}`;
}

function asGraphQLError(refusal: GatewayError, work: Work): GraphQLError {
  const written = " What the mutation had written by then stays written.";
  const error = work.hasCommitted ? tooComplex(refusal.message + written) : refusal;
  return new GraphQLError(error.message, { originalError: error });
}
