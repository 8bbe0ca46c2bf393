import type { Complaint } from "./messages.ts";

/** The HTTP status that goes with each code of an error, the same on every face, when the whole request is refused. */
export const httpStatusOf = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CURSOR_EXPIRED: 410,
  SLOW_CONSUMER: 503,
  CONFLICT: 409,
  DUPLICATE: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  QUERY_TOO_COMPLEX: 400,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL: 500,
} as const;

/** The one set of error codes (GraphQL `extensions.code`). */
export type ErrorCode = keyof typeof httpStatusOf;

/** Whether a text is one of the codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(httpStatusOf, text);
}

/** A record as it is named between the layers. */
export type RecordKey = { readonly entity: string; readonly id: string };

/** What has a code of its own, and what else is told with it. */
type Coded =
  /** `status` where HTTP has a word of its own for what is wrong with the request. */
  | { readonly code: "BAD_USER_INPUT"; readonly status?: 413 | 415 }
  | { readonly code: "NOT_FOUND" }
  /** The oldest cursor that can be gone on from. */
  | { readonly code: "CURSOR_EXPIRED"; readonly oldestCursor: string }
  /** Behind the last event that was taken. */
  | { readonly code: "SLOW_CONSUMER"; readonly cursor: string }
  | { readonly code: "IDEMPOTENCY_KEY_REUSED" }
  | { readonly code: "FORBIDDEN"; readonly missingScopes?: readonly string[] }
  /** For a conflict the record as it is now, for a duplicate the one that has the value, if the caller may see it. */
  | { readonly code: "CONFLICT" | "DUPLICATE"; readonly record?: RecordKey | null }
  | {
      readonly code: "QUERY_TOO_COMPLEX";
      readonly cost?: { readonly requested: number; readonly limit: number };
      readonly points?: number;
      readonly limit?: number;
    }
  | {
      readonly code: "RATE_LIMITED";
      readonly complaint: Complaint<"requestsUsedUp" | "pointsUsedUp">;
      readonly limit: number;
      readonly remaining?: number;
      readonly window: "minute";
      readonly retryAfter: number;
    }
  | { readonly code: "UNAVAILABLE"; readonly retryAfter?: number };

/** Why a request, or one row of it, is not carried out, as data: each face says it in its own way. */
export type Refusal = {
  /** Where in the input the problem lies: `["where", "accountId", "eq"]`, `["line_items", "2", "quantity"]`. */
  readonly path?: readonly string[];
  readonly complaint: Complaint;
} & Coded;
