import type { ObjectRef } from "@pothos/core";
import type { Entity } from "../../model/entity.ts";
import type { Page } from "../../query/page.ts";
import type { Row } from "../../query/row.ts";
import { access, typeAccess } from "../limits/access.ts";
import { noCost } from "../limits/costs.ts";
import type { SchemaTypes } from "./builder.ts";
import type { SchemaParts } from "./schema-parts.ts";

type Edge = { readonly node: Row; readonly cursor: string };
/** `AccountConnection` and `AccountEdge` of an entity. */
export function makeConnection(
  { builder, nodeRef }: SchemaParts,
  entity: Entity,
): ObjectRef<SchemaTypes, Page> {
  const node = nodeRef(entity);
  const edge = builder.objectRef<Edge>(`${entity.type}Edge`).implement({
    description: `A ${entity.type} in a list, with its place there.`,
    fields: (t) => ({
      cursor: t.exposeString("cursor", {
        description: "Its place in the list; pass it as `after` or `before`.",
      }),
      node: t.field({
        type: node,
        description: `The ${entity.type}.`,
        extensions: access(noCost),
        resolve: (parent) => parent.node,
      }),
    }),
  });
  return builder.objectRef<Page>(`${entity.type}Connection`).implement({
    description: `A page of a list of ${entity.plural}.`,
    extensions: access(typeAccess(entity)),
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: "The page's nodes with their cursors.",
        resolve: (page) =>
          page.rows.map((row, index) => ({ node: row, cursor: page.cursors[index] ?? "" })),
      }),
      nodes: t.field({
        type: [node],
        description: "The page's nodes.",
        extensions: access(noCost),
        resolve: (page) => page.rows,
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        description: "Where the page stands in the list.",
        resolve: (page) => ({
          hasNextPage: page.hasNextPage,
          hasPreviousPage: page.hasPreviousPage,
          startCursor: page.cursors[0] ?? null,
          endCursor: page.cursors.at(-1) ?? null,
        }),
      }),
      totalCount: t.int({
        description: "How many the filter matches, on all pages. Counted only when asked for.",
        resolve: (page) => page.total ?? 0,
      }),
    }),
  });
}
