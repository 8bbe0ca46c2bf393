import { getOperationAST, GraphQLError } from "graphql";
import type { Plugin } from "graphql-yoga";
import { GatewayError } from "../../lib/errors.ts";
import { currentRecord } from "../../telemetry/record.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { tellableName } from "../../telemetry/operation-name.ts";
import type { Span } from "../../telemetry/tracing.ts";
import { costOf } from "../limits/use-operation-limits.ts";

/**
 * Notes in the request's record what becomes of its operation, and makes spans of its phases. The last of the plugins:
 * it sees answers as they are sent.
 */
export function useTelemetry(metrics: Metrics | null): Plugin {
  return {
    onParse({ context, parseFn, setParseFn }) {
      const record = currentRecord();
      let isCached = true;
      setParseFn((...source: Parameters<typeof parseFn>) => {
        isCached = false;
        return within(record?.span?.child("graphql.parse"), () => parseFn(...source));
      });
      return ({ result }) => {
        metrics?.countCache("documents", isCached);
        if (record === undefined || result instanceof Error) return;
        const definition = getOperationAST(result, context.params.operationName);
        if (definition == null) return;
        const name = definition.name?.value;
        record.operation = {
          api: "graphql",
          type: definition.operation,
          name: tellableName(name),
          isAnonymous: name === undefined,
        };
      };
    },
    onValidate({ validateFn, setValidationFn }) {
      const record = currentRecord();
      let isCached = true;
      setValidationFn((...parameters: Parameters<typeof validateFn>) => {
        isCached = false;
        return within(record?.span?.child("graphql.validate"), () => validateFn(...parameters));
      });
      return ({ valid }) => {
        metrics?.countCache("validations", isCached);
        if (record !== undefined) record.isValid = valid;
      };
    },
    onExecute() {
      const record = currentRecord();
      if (record?.span == null) return undefined;
      const { operation } = record;
      const span = record.span.child("graphql.execute", {
        attributes: {
          ...(operation === null ? {} : { "graphql.operation.type": operation.type }),
          ...(operation?.name == null ? {} : { "graphql.operation.name": operation.name }),
        },
      });
      record.currentSpan = span;
      return {
        onExecuteDone() {
          record.currentSpan = record.span;
          span.end();
        },
      };
    },
    onResultProcess({ request, result }) {
      const record = currentRecord();
      if (record === undefined) return;
      record.cost = costOf(request) ?? null;
      if (!("errors" in result) || result.errors === undefined) return;
      for (const { extensions } of result.errors) {
        const { code, missingScopes } = extensions ?? {};
        if (typeof code === "string") record.codes.add(code);
        if (!Array.isArray(missingScopes)) continue;
        for (const scope of missingScopes) record.missingScopes.add(String(scope));
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
