import type { Entity } from "../../model/entity.ts";

/**
 * Where a field of a mutation's payload comes from, for the compiler of payloads (src/graphql/compile/payload.ts). Kept
 * in the schema's `extensions`. Where a field has none, the payload is printed by its resolvers.
 */
export type PayloadSource =
  /** What the verb led to, which is all that the field's resolver looks at. */
  | { readonly kind: "outcome" }
  /** A record as it is now, deleted ones too, whose id the outcome holds. */
  | {
      readonly kind: "written";
      readonly entity: Entity;
      idOf(outcome: unknown): string | null;
    };

/** As the `extensions` of a field. */
export function payloadSource(value: PayloadSource): { readonly payload: PayloadSource } {
  return { payload: value };
}

/** As the `extensions` of a field that shows something of what the verb led to. */
export const ofOutcome = payloadSource({ kind: "outcome" });

type Extended = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

/** Where a payload's field comes from; null where only its resolver knows. */
export function payloadSourceOf({ extensions }: Extended): PayloadSource | null {
  const value = extensions?.["payload"];
  return isPayloadSource(value) ? value : null;
}

/** Only `payloadSource` above puts it there. */
function isPayloadSource(value: unknown): value is PayloadSource {
  return typeof value === "object" && value !== null;
}
