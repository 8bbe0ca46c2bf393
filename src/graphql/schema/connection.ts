import type { ObjectRef } from "@pothos/core";
import type { Page } from "../../query/page.ts";
import type { Row } from "../../query/row.ts";
import type { SchemaTypes } from "./builder.ts";

/** A node with its place in the list. */
export type Edge<Node> = { readonly node: Node; readonly cursor: string };

/** A page of a list as plugin-relay's types read it. */
export type Connection<Node> = {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge<Node>[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  /** How many there are on all pages; null when that was not asked for. */
  readonly total: number | null;
};

/** Of cursors in lists that go forward only. */
export const forwardCursor = "Its place in the list; pass it as `after`.";

/** The connection of a page of records. */
export function connectionOf(page: Page): Connection<Row> {
  const { rows, cursors, total, hasNextPage, hasPreviousPage } = page;
  return {
    nodes: rows,
    // Made when they are selected.
    get edges() {
      return rows.map((node, index) => ({ node, cursor: cursors[index] ?? "" }));
    },
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: cursors[0] ?? null,
      endCursor: cursors.at(-1) ?? null,
    },
    total,
  };
}

/** plugin-relay takes promises and other iterables as well; ours are plain lists. */
export function plainConnection<Node>(
  ref: ObjectRef<SchemaTypes, { pageInfo: unknown; edges: unknown }>,
): ObjectRef<SchemaTypes, Connection<Node>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return ref as unknown as ObjectRef<SchemaTypes, Connection<Node>>;
}

/** The same of an edge. */
export function plainEdge<Node>(
  ref: ObjectRef<SchemaTypes, { cursor: unknown; node?: unknown }>,
): ObjectRef<SchemaTypes, Edge<Node>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return ref as unknown as ObjectRef<SchemaTypes, Edge<Node>>;
}
