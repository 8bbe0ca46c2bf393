import { GraphQLError, type ExecutionResult } from "graphql";
import { answerTooLong, maxAnswerBytes, type Work } from "../../db/work.ts";
import { GatewayError, tooComplex, unavailable } from "../../lib/errors.ts";
import { jsonBytes } from "../../lib/json-bytes.ts";
import type { GatewayPlugin } from "./server-context.ts";

/**
 * Stops the work of a failed operation, and prints the answer of any other. The printed text is sent as it is, so its
 * bytes are the ones that are counted.
 */
export function useWholeAnswers(): GatewayPlugin {
  return {
    onExecute({ context }) {
      const { work } = context.requestContext;
      return {
        onExecuteDone({ result, setResult }) {
          // A stored answer is printed already, and was counted when it was stored.
          if (Symbol.asyncIterator in result || "stringify" in result) return;
          const refusal = refusalOf(work);
          const told = withFewErrors(result);
          if (result.errors !== undefined) work.stop(overReason());
          // The operation was refused before it ran.
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

/** The most errors in an answer, and the most bytes of them. Further errors are counted. */
const [mostErrors, mostErrorBytes] = [100, 100_000];

/** Limits the errors of an answer, since each of 10,000 records may fail by itself. */
function withFewErrors(result: ExecutionResult): ExecutionResult {
  const { errors = [] } = result;
  let bytes = 0;
  const told = errors.slice(0, mostErrors).filter((error, place) => {
    bytes += Buffer.byteLength(error.message) + jsonBytes(error.path);
    // The first error is always included. Its quotes of the request are shortened.
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

/** The reason why the whole operation was stopped; null if it was not, or if the errors of its fields say so. */
function refusalOf(work: Work): GatewayError | null {
  const { stopped } = work;
  const isRefusal = stopped instanceof GatewayError && stopped.code === "QUERY_TOO_COMPLEX";
  return isRefusal ? stopped : null;
}

/** The data as JSON; null if it is too long for an answer or for a JavaScript string. */
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
