import type { Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import { tellError, withStatus } from "../errors.ts";

/** The last thing before an answer is printed: every error in it becomes one that a caller may see. */
export function useToldErrors(logger: Logger, requestIdOf: (request: Request) => string): Plugin {
  return {
    onResultProcess({ request, result, setResult }) {
      if (!("errors" in result) || result.errors === undefined) return;
      const requestId = requestIdOf(request);
      const told = result.errors.map((thrown) => ({ thrown, ...tellError(thrown, requestId) }));
      const isUnavailable = told.every(({ error }) => error.extensions["code"] === "UNAVAILABLE");
      const refused = !("data" in result) || (isUnavailable && isEmpty(result.data));
      const errors = told.map(({ thrown, error, unexpected }) => {
        if (unexpected) {
          logger.error(
            { requestId, path: thrown.path, cause: describe(thrown.originalError ?? thrown) },
            "unexpected error",
          );
        }
        return refused ? withStatus(error) : error;
      });
      setResult({ ...result, errors });
    },
  };
}

/** Nothing came of any field. */
function isEmpty(data: unknown): boolean {
  return data == null || Object.values(data).every((value) => value === null);
}

/** What is logged of an error that was not expected. */
export function describe(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { name: typeof error };
  // A database error's message can hold a value from a row; its code and position say enough.
  if ("severity" in error && "code" in error) {
    const { name, code, stack } = error;
    const position = "position" in error ? error.position : null;
    return { name, code, position, stack: framesOf(stack) };
  }
  return { name: error.name, message: error.message, stack: framesOf(error.stack) };
}

/** The stack without its head, which repeats the message. */
function framesOf(stack: string | undefined): string {
  return (stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .join("\n");
}
