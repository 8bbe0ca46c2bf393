import type { Plugin } from "graphql-yoga";
import type { Logger } from "pino";
import { tellError } from "../errors.ts";

/** The last thing before an answer is printed: every error in it becomes one that a caller may see. */
export function useToldErrors(logger: Logger, requestIdOf: (request: Request) => string): Plugin {
  return {
    onResultProcess({ request, result, setResult }) {
      if (!("errors" in result) || result.errors === undefined) return;
      const requestId = requestIdOf(request);
      const errors = result.errors.map((thrown) => {
        const { error, unexpected } = tellError(thrown, requestId);
        if (unexpected) {
          // The message of a database error can hold a value from the row; its code and place say enough.
          logger.error({ requestId, path: thrown.path, cause: describe(thrown.originalError ?? thrown) }, "unexpected error");
        }
        return error;
      });
      setResult({ ...result, errors });
    },
  };
}

function describe(error: Error): { name: string; code: string | null; stack: string } {
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  // Without the message, which heads the stack.
  const stack = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)).join("\n");
  return { name: error.name, code, stack };
}
