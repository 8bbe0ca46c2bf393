import type { EntityName } from "../../model/datamodel.ts";
import type { Filter } from "../../query/filter-value.ts";

/**
 * Where a field's value comes from, for the compiler of operations (src/graphql/compile). Kept in the schema's
 * `extensions` beside `access`. A field without one is answered by its resolver alone.
 */
export type Source =
  /** A column of the record that it stands on. */
  | { readonly kind: "column"; readonly field: string }
  /** Whether that record is soft-deleted. */
  | { readonly kind: "isDeleted" }
  /** The record at the other end of an edge to one. */
  | { readonly kind: "edge"; readonly relation: string }
  /** A page of records: of the record that it stands on, or of the tenant. */
  | {
      readonly kind: "list";
      readonly entity: EntityName;
      readonly relation: string | null;
      /** The filter, where it is not the argument `where` alone. */
      readonly where?: (args: Readonly<Record<string, unknown>>) => Filter | null;
    }
  /** Figures over records: of the record that it stands on, or of the tenant. */
  | { readonly kind: "aggregate"; readonly entity: EntityName; readonly relation: string | null }
  /** Deals taken together by their stage, or by the month in which they are expected to close. */
  | { readonly kind: "bundles"; readonly by: "stage" | "month" }
  /** One record by its id or a natural key. */
  | { readonly kind: "record"; readonly entity: EntityName }
  /** Any record by its id, or records by their ids. */
  | { readonly kind: "node" }
  | { readonly kind: "nodes" }
  /** The record that a column names together with another one, which says of what entity it is; deleted ones too. */
  | { readonly kind: "anyRecord"; readonly field: string }
  /** What an event changed, field by field: a column of the log. */
  | { readonly kind: "fieldChanges"; readonly field: string }
  /** The objects of a JSON column, whose texts are shown under their own names. */
  | { readonly kind: "objects"; readonly field: string }
  /** What a search found. */
  | { readonly kind: "search" }
  /** The caller, and its tenant. */
  | { readonly kind: "viewer" }
  | { readonly kind: "ownTenant" };

/** As the `extensions` of a field. */
export function source(value: Source): { readonly source: Source } {
  return { source: value };
}

type Extended = { readonly extensions?: Readonly<Record<string, unknown>> | null | undefined };

/** Where a field's value comes from; null where only its resolver knows. */
export function sourceOf({ extensions }: Extended): Source | null {
  const value = extensions?.["source"];
  return isSource(value) ? value : null;
}

/** Only `source` above puts it there. */
function isSource(value: unknown): value is Source {
  return typeof value === "object" && value !== null;
}
