import type { EntityName } from "../../model/datamodel.ts";
import type { Filter } from "../../query/filter-value.ts";

/**
 * The source of a field's value, for the compiler of operations (src/graphql/compile). It is kept in the schema's
 * `extensions` beside `access`. A field without a source is only answered by its resolver.
 */
export type Source =
  /** A column of the field's record. */
  | { readonly kind: "column"; readonly field: string }
  /** Whether the field's record is soft-deleted. */
  | { readonly kind: "isDeleted" }
  /** The record at the other end of a to-one edge. */
  | { readonly kind: "edge"; readonly relation: string }
  /** A page of records, of the field's record or of the tenant. */
  | {
      readonly kind: "list";
      readonly entity: EntityName;
      readonly relation: string | null;
      /** The filter, if it is more than the argument `where`. */
      readonly where?: (args: Readonly<Record<string, unknown>>) => Filter | null;
    }
  /** Aggregates over records, of the field's record or of the tenant. */
  | { readonly kind: "aggregate"; readonly entity: EntityName; readonly relation: string | null }
  /** Deals grouped by their stage, or by the month in which they are expected to close. */
  | { readonly kind: "bundles"; readonly by: "stage" | "month" }
  /** One record by its id or a natural key. */
  | { readonly kind: "record"; readonly entity: EntityName }
  /** Any record by its id, or records by their ids. */
  | { readonly kind: "node" }
  | {
      readonly kind: "nodes";
      /** The argument with the ids, and the most of them. */
      readonly argument: string;
      readonly max: number;
    }
  /** The record that a column names, also a deleted one. Another column names the record's entity. */
  | { readonly kind: "anyRecord"; readonly field: string }
  /** The field changes of an event, from a column of the log. */
  | { readonly kind: "fieldChanges"; readonly field: string }
  /** The objects of a JSON column. Each field shows the text under its own name. */
  | { readonly kind: "objects"; readonly field: string }
  /** The hits of a search. */
  | { readonly kind: "search" }
  /** The caller, and the caller's tenant. */
  | { readonly kind: "viewer" }
  | { readonly kind: "ownTenant" };

/** A source as the `extensions` of a field. */
export function source(value: Source): { readonly source: Source } {
  return { source: value };
}

type Extended = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

/** The source of a field; null if it has none. */
export function sourceOf({ extensions }: Extended): Source | null {
  const value = extensions?.["source"];
  return isSource(value) ? value : null;
}

/** No other code than `source` sets it. */
function isSource(value: unknown): value is Source {
  return typeof value === "object" && value !== null;
}
