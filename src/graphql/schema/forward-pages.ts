import type { ArgBuilder, ObjectRef } from "@pothos/core";
import { maxPageSize } from "../../query/page.ts";
import { access } from "../limits/access.ts";
import { noCost } from "../limits/costs.ts";
import type { SchemaTypes } from "./builder.ts";
import { plainConnection, plainEdge, type Connection, type Edge } from "./connection.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** A page of a list that goes forward only. */
type ForwardPage<Node> = {
  readonly edges: readonly Edge<Node>[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

/** The connection of what is no CRM entity: `ImportConnection` of `Import`. */
export function forwardPages<Node>(
  { builder }: SchemaParts,
  type: ObjectRef<SchemaTypes, Node>,
  { name, of }: { readonly name: string; readonly of: string },
): ObjectRef<SchemaTypes, Connection<Node>> {
  const edge = plainEdge<Node>(
    builder.edgeObject({
      type,
      name: `${name}Edge`,
      description: `One of ${of}, with its place in the list.`,
      nodeField: { description: "The item at this place of the list.", extensions: access(noCost) },
    }),
  );
  const connection = plainConnection<Node>(
    builder.connectionObject(
      {
        type,
        name: `${name}Connection`,
        description: `A page of ${of}.`,
        edgesField: { description: "The page's nodes with their cursors." },
      },
      edge,
    ),
  );
  builder.objectFields(connection, (t) => ({
    nodes: t.field({
      type: [type],
      description: "The page's nodes.",
      extensions: access(noCost),
      resolve: ({ nodes }) => [...nodes],
    }),
  }));
  return connection;
}

/** How a page of such a list is asked for. */
export const forwardArguments = (
  { arg }: { readonly arg: ArgBuilder<SchemaTypes> },
  usualPage: number,
) => ({
  first: arg.int({ description: `How many, 1 to ${maxPageSize}; ${usualPage} unless given.` }),
  after: arg.string({ description: "The cursor behind which the page begins." }),
});

/** The connection of a page. */
export function forwardConnection<Node>({
  edges,
  hasNextPage,
  hasPreviousPage,
}: ForwardPage<Node>): Connection<Node> {
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    total: null,
  };
}
