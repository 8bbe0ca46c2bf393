import { Kind, type GraphQLError } from "graphql";
import type { Logger } from "pino";
import { describeError } from "../../telemetry/describe-error.ts";
import { tellError, withStatus } from "./errors.ts";
import type { GatewayPlugin } from "./server-context.ts";

/** So many errors are told of a request that was refused as a whole. */
const maxErrors = 20;

/** The last thing before an answer is printed: every error in it becomes one that a caller may see. */
export function useToldErrors(logger: Logger): GatewayPlugin {
  return {
    onResultProcess({ result, setResult, serverContext }) {
      if (!("errors" in result) || result.errors === undefined) return;
      const { id: requestId, work } = serverContext.requestContext;
      const told = result.errors.map((thrown) => ({ thrown, ...tellError(thrown, requestId) }));
      const isUnavailable = told.every(({ error }) => error.extensions["code"] === "UNAVAILABLE");
      // Of several mutations those before the one that failed may be done, though their answers went with it.
      const isWhole = work.mutations < 2;
      const refused = !("data" in result) || (isUnavailable && isWhole && isEmpty(result.data));
      // Who sent a request that is refused is not told more than helps: a document can be wrong in a thousand places.
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

/** The field as the schema calls it: a path holds aliases, which are the caller's text. */
function fieldOf({ nodes }: GraphQLError): string | null {
  const [node] = nodes ?? [];
  return node?.kind === Kind.FIELD ? node.name.value : null;
}

/** Nothing came of any field. */
function isEmpty(data: unknown): boolean {
  return data == null || Object.values(data).every((value) => value === null);
}
