// A query of a workload as data, from which each side's document or statement is printed.
import { graph, type EntityName } from "./graph.ts";

/** The fields and pages that are read of each record. */
export type Selection = {
  readonly fields: readonly string[];
  readonly pages?: readonly Page[];
};

/** A page of an edge, or of all records. */
export type Page = {
  readonly edge: string;
  readonly alias?: string;
  readonly first: number;
  /** Equality with a constant, on one column. */
  readonly where?: { readonly field: string; readonly value: string };
  /** Whether it continues after the request's cursor. */
  readonly isAfter?: boolean;
  readonly totalCount?: boolean;
  readonly pageInfo?: boolean;
  readonly nodes: Selection;
};

/** A query: one page, or one record by the request's id. */
export type Query = {
  readonly name: string;
  readonly root:
    | { readonly page: Page }
    | { readonly record: "account" | "deal"; readonly selection: Selection };
};

export const recordEntity = { account: "accounts", deal: "deals" } as const;

/** The entity at the other end of an edge; without `from`, of an edge of the root. */
export function entityBehind(from: EntityName | null, edge: string): EntityName {
  const found = from === null ? edge : graph[from].edges[edge]?.to;
  for (const name of Object.keys(graph)) if (name === found && isEntityName(name)) return name;
  throw new Error(`no edge ${edge} of ${from ?? "the root"}`);
}

function isEntityName(name: string): name is EntityName {
  return name in graph;
}

/** Whether one of its pages continues after a cursor. */
export const usesCursor = ({ root }: Query): boolean =>
  "page" in root ? goesOn(root.page) : (root.selection.pages ?? []).some((page) => goesOn(page));

function goesOn(page: Page): boolean {
  return page.isAfter === true || (page.nodes.pages ?? []).some(goesOn);
}
