/** The one set of error codes, the same on every face (GraphQL `extensions.code`, REST `error`). */
export type ErrorCode =
  | "BAD_USER_INPUT"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "CONFLICT"
  | "DUPLICATE"
  | "IDEMPOTENCY_KEY_REUSED"
  | "QUERY_TOO_COMPLEX"
  | "RATE_LIMITED"
  | "UNAVAILABLE"
  | "INTERNAL";

/** The HTTP status that goes with a code when the whole request is refused. */
export const httpStatusOf: Readonly<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  DUPLICATE: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  QUERY_TOO_COMPLEX: 400,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

/** Whether a text is one of the codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(httpStatusOf, text);
}

/** An error whose message may be shown to the caller. Everything else is masked as INTERNAL. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  /** Where in the input the problem lies, e.g. `["where", "accountId", "eq"]`. */
  readonly inputPath: readonly string[];
  /** What else a caller is told, e.g. `missingScopes`. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    inputPath: readonly string[] = [],
    detail: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "GatewayError";
    this.code = code;
    this.inputPath = inputPath;
    this.detail = detail;
  }
}

/** The caller sent something that cannot be used; the message names the field and how to mend it. */
export function badInput(message: string, inputPath: readonly string[] = []): GatewayError {
  return new GatewayError("BAD_USER_INPUT", message, inputPath);
}
