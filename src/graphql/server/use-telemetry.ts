import { getOperationAST, GraphQLError } from "graphql";
import { GatewayError } from "../../lib/errors.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { tellableName } from "../../telemetry/operation-name.ts";
import type { Span } from "../../telemetry/tracing.ts";
import type { GatewayPlugin } from "./server-context.ts";

/**
 * Records the outcome of a request's operation, and makes spans of its phases. It is the last plugin, so it sees
 * answers as they are sent.
 */
export function useTelemetry(metrics: Metrics | null): GatewayPlugin {
  return {
    onParse({ context, parseFn, setParseFn }) {
      const { requestContext } = context;
      let isCached = true;
      setParseFn((...source: Parameters<typeof parseFn>) => {
        isCached = false;
        return within(requestContext.span?.child("graphql.parse"), () => parseFn(...source));
      });
      return ({ result }) => {
        metrics?.countCache("documents", isCached);
        if (result instanceof Error) return;
        const definition = getOperationAST(result, context.params.operationName);
        if (definition == null) return;
        const name = definition.name?.value;
        requestContext.operation = {
          api: "graphql",
          type: definition.operation,
          name: tellableName(name),
          isAnonymous: name === undefined,
        };
      };
    },
    onValidate({ context: { requestContext }, validateFn, setValidationFn }) {
      let isCached = true;
      setValidationFn((...parameters: Parameters<typeof validateFn>) => {
        isCached = false;
        return within(requestContext.span?.child("graphql.validate"), () =>
          validateFn(...parameters),
        );
      });
      return ({ valid }) => {
        metrics?.countCache("validations", isCached);
        requestContext.isValid = valid;
      };
    },
    onExecute({ context }) {
      const { operation, span: whole, work } = context.requestContext;
      if (whole === null) return undefined;
      const span = whole.child("graphql.execute", {
        attributes: {
          ...(operation === null ? {} : { "graphql.operation.type": operation.type }),
          ...(operation?.name == null ? {} : { "graphql.operation.name": operation.name }),
        },
      });
      work.span = span;
      return {
        onExecuteDone() {
          work.span = whole;
          span.end();
        },
      };
    },
    onResultProcess({ result, serverContext: { requestContext } }) {
      if (!("errors" in result) || result.errors === undefined) return;
      for (const { extensions } of result.errors) {
        const { code, missingScopes } = extensions ?? {};
        if (typeof code === "string") requestContext.codes.add(code);
        if (!Array.isArray(missingScopes)) continue;
        for (const scope of missingScopes) requestContext.missingScopes.add(String(scope));
      }
    },
  };
}

/** Runs one phase inside a span; a phase that throws, or finds errors in the document, has failed. */
function within<Result>(span: Span | undefined, phase: () => Result): Result {
  if (span === undefined) return phase();
  try {
    const result = phase();
    if (Array.isArray(result) && result.some((item) => item instanceof GraphQLError)) {
      span.fail("BAD_USER_INPUT");
    }
    return result;
  } catch (error) {
    span.fail(error instanceof GatewayError ? error.code : "BAD_USER_INPUT");
    throw error;
  } finally {
    span.end();
  }
}
