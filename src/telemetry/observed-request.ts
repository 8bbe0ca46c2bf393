import type { Span } from "./tracing.ts";

/** What log, metrics and traces tell of one request, gathered while it is answered. */
export type ObservedRequest = {
  /** In the answer's X-Request-Id, in what a caller is told of a failure, and in every line about it. */
  readonly id: string;
  readonly method: string;
  /** Where it went, if that is a place of ours; what else a caller writes into a path is not repeated. */
  readonly path: string;
  /** Who sent it, as far as the network tells. */
  readonly address: string;
  /** Which headers held a credential. */
  readonly credential: "none" | "x-api-key" | "authorization" | "both";
  /** `performance.now()` when it came. */
  readonly startedAt: number;
  /** Counts its statements, and has the span that they are a part of. */
  readonly work: { readonly statements: number; span: Span | null };
  /** The span of the whole request; null without tracing. */
  span: Span | null;
  /** Why its credential was refused; one of a few fixed texts. Null when it was not. */
  reason: string | null;
  actor: {
    readonly kind: string;
    readonly id: string;
    readonly tenantId: string;
  } | null;
  operation: {
    /** Which of the APIs it is of. */
    readonly api: "graphql" | "crm" | "integration" | "customers";
    readonly type: "query" | "mutation" | "subscription";
    /** Null when it has none, or none that may be repeated. */
    readonly name: string | null;
    readonly isAnonymous: boolean;
  } | null;
  /** Whether the operation passed validation. */
  isValid: boolean;
  /** The lane that answered the operation. Null for requests without an operation, and if none was answered. */
  lane: "compiled" | "interpreted" | null;
  /** What the operation was estimated to cost; null when it did not come so far. */
  cost: { readonly requested: number } | null;
  /** Codes of the errors in the answer. */
  readonly codes: Set<string>;
  readonly missingScopes: Set<string>;
};
