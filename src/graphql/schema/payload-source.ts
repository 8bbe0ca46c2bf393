import type { RecordKey } from "../../lib/refusal.ts";
import type { Entity } from "../../model/entity.ts";

/**
 * The source of a field in a mutation's payload, for the compiler of payloads (src/graphql/compile/payload.ts). It is
 * kept in the schema's `extensions`. A payload with a field that has no source is printed by its resolvers.
 */
type PayloadSource =
  /** The verb's outcome, which is all that the field's resolver reads. */
  | { readonly kind: "outcome" }
  | Written
  /** The same of a record of one of several entities. */
  | {
      readonly kind: "writtenNode";
      readonly entities: readonly Entity[];
      keyOf(outcome: unknown): RecordKey | null;
    };

/** The current state of a record whose id the outcome holds, also of a deleted one. */
export type Written = {
  readonly kind: "written";
  readonly entity: Entity;
  /** Whether the field is the record's edge in a list in the default order. */
  readonly isEdge?: boolean;
  idOf(outcome: unknown): string | null;
};

/** A source as the `extensions` of a field. */
export function payloadSource(value: PayloadSource): { readonly payload: PayloadSource } {
  return { payload: value };
}

/** The `extensions` of a field that shows a part of the verb's outcome. */
export const ofOutcome = payloadSource({ kind: "outcome" });

type Extended = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

/** The source of a payload's field; null if it has none. */
export function payloadSourceOf({ extensions }: Extended): PayloadSource | null {
  const value = extensions?.["payload"];
  return isPayloadSource(value) ? value : null;
}

/** No other code than `payloadSource` sets it. */
function isPayloadSource(value: unknown): value is PayloadSource {
  return typeof value === "object" && value !== null;
}
