import { Kind, type GraphQLError } from "graphql";
import type { Logger } from "pino";
import { describeError } from "../../telemetry/describe-error.ts";
import { isEmpty, tellError, withStatus } from "./errors.ts";
import type { GatewayPlugin } from "./server-context.ts";

/** The most errors in the answer to a request that was refused as a whole. */
const maxErrors = 20;

/** Replaces every error of an answer by one that a caller may see, just before the answer is printed. */
export function useToldErrors(logger: Logger): GatewayPlugin {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      if (!("errors" in result) || result.errors === undefined) return;
      const { id: requestId, work } = serverContext.requestContext;
      const told = result.errors.map((thrown) => ({ thrown, ...tellError(thrown, requestId) }));
      const isUnavailable = told.every(({ error }) => error.extensions["code"] === "UNAVAILABLE");
      // Earlier mutations of the request may be committed, although their answers are lost with the failed one.
      const isWhole = work.mutations < 2;
      const refused = !("data" in result) || (isUnavailable && isWhole && isEmpty(result.data));
      // A document can have a thousand errors, and the first ones are enough.
      const shown = refused ? told.slice(0, maxErrors) : told;
      const errors = shown.map(({ thrown, error, unexpected }) => {
        if (unexpected) {
          const cause = describeError(thrown.originalError ?? thrown);
          logger.error({ requestId, field: fieldOf(thrown), cause }, "unexpected error");
        }
        return refused ? withStatus(error) : error;
      });
      setResult({ ...result, errors });
    },
  };
}

/** The field's name in the schema. A path holds aliases, which are the caller's text. */
function fieldOf({ nodes }: GraphQLError): string | null {
  const [node] = nodes ?? [];
  return node?.kind === Kind.FIELD ? node.name.value : null;
}
