import { GraphQLError } from "graphql";
import { troubleOf } from "../../db/trouble.ts";
import { GatewayError } from "../../lib/errors.ts";
import { wordsOf } from "../../lib/messages.ts";
import { httpStatusOf, isErrorCode, type ErrorCode } from "../../lib/refusal.ts";
import { shortened } from "../../lib/text.ts";

/** An error as the caller sees it, and whether it is unexpected and so logged. */
type ToldError = { readonly error: GraphQLError; readonly unexpected: boolean };

/**
 * Turns anything thrown into an error that a caller may see: our own errors with their code and input path, GraphQL's
 * (syntax, validation, variables) as BAD_USER_INPUT, and everything else as INTERNAL with the request id.
 */
export function tellError(thrown: unknown, requestId: string): ToldError {
  const cause = thrown instanceof GraphQLError ? (thrown.originalError ?? null) : thrown;
  if (cause instanceof GatewayError) {
    const { code, path = [], complaint: _said, ...rest } = cause.refusal;
    return {
      error: told(cause.message, code, thrown, { ...inputPath(path), ...rest }),
      unexpected: false,
    };
  }
  if (thrown instanceof GraphQLError && (cause === null || isGraphQLError(cause))) {
    return { error: told(thrown.message, codeOf(thrown), thrown, {}), unexpected: false };
  }
  const known = troubleOf(cause);
  if (known !== null) {
    return {
      error: told(known.message, known.code, thrown, {}),
      unexpected: known.code === "UNAVAILABLE",
    };
  }
  const message = wordsOf({ complaint: "failedAs", requestId });
  return { error: told(message, "INTERNAL", thrown, { requestId }), unexpected: true };
}

/**
 * The same error with an HTTP status, for a request that was refused as a whole. Yoga's `spec` marks an error of the
 * operation, not of the request: a client that only accepts application/json then gets 200.
 */
export function withStatus(error: GraphQLError): GraphQLError {
  const { code, http } = error.extensions;
  if (code === persistedCode) return error;
  if (typeof code !== "string" || !isErrorCode(code) || code === "INTERNAL")
    return withHttp(error, { status: 500 });
  // The executor gives the error of a variable a status without `spec`. Such an error has a place in the document.
  if (http === undefined || error.locations !== undefined) {
    const status = httpStatusOf[code];
    const headers: Record<string, string> = code === "UNAVAILABLE" ? { "retry-after": "1" } : {};
    return withHttp(error, { status, headers, spec: status === 400 });
  }
  return error;
}

function withHttp(
  error: GraphQLError,
  http: {
    readonly status: number;
    readonly spec?: boolean;
    readonly headers?: Readonly<Record<string, string>>;
  },
): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { ...error.extensions, http },
  });
}

/** Whether no field of an answer's data has a value. */
export function isEmpty(data: object | null | undefined): boolean {
  return data == null || Object.values(data).every((value) => value === null);
}

function inputPath(path: readonly string[]): { inputPath?: readonly string[] } {
  if (path.length === 0) return {};
  return { inputPath: path.map((step) => shortened(step, maxStep)) };
}

/** The executor copies errors across realms, so instanceof is not enough. */
function isGraphQLError(error: unknown): boolean {
  return error instanceof Error && error.name === "GraphQLError";
}

const requestCodes: Readonly<Record<number, ErrorCode>> = {
  401: "UNAUTHENTICATED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
};

/** The code of a document whose text is not known. It is for requests, and so no code of input errors. */
export const persistedCode = "PERSISTED_QUERY_NOT_FOUND";

function codeOf(error: GraphQLError): ErrorCode | typeof persistedCode {
  const { code, http } = error.extensions;
  if (code === persistedCode) return code;
  if (typeof code === "string" && isErrorCode(code)) return code;
  const status =
    typeof http === "object" && http !== null && "status" in http ? Number(http.status) : 400;
  return requestCodes[status] ?? (status >= 500 ? "INTERNAL" : "BAD_USER_INPUT");
}

/** Shortens messages, places and input paths, which quote the request. A quote may have a megabyte. */
const maxMessage = 1_000;
const maxStep = 200;
const maxPlaces = 10;

function told(
  message: string,
  code: ErrorCode | typeof persistedCode,
  thrown: unknown,
  extensions: Readonly<Record<string, unknown>>,
): GraphQLError {
  const source = thrown instanceof GraphQLError ? thrown : null;
  const http = source?.extensions["http"];
  return new GraphQLError(shortened(message, maxMessage), {
    nodes: source?.nodes?.slice(0, maxPlaces) ?? null,
    source: source?.source ?? null,
    positions: source?.positions?.slice(0, maxPlaces) ?? null,
    path: source?.path ?? null,
    extensions: { code, ...extensions, ...(http === undefined ? {} : { http }) },
  });
}
