import type { ObjectRef } from "@pothos/core";
import type { Entity } from "../../model/entity.ts";
import type { Row } from "../../query/row.ts";
import { access, typeAccess } from "../limits/access.ts";
import { noCost } from "../limits/costs.ts";
import type { SchemaTypes } from "./builder.ts";
import { plainConnection, type Connection } from "./connection.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** `AccountConnection` and `AccountEdge` of an entity. */
export function makeConnection(
  { builder, nodeRef }: SchemaParts,
  entity: Entity,
): ObjectRef<SchemaTypes, Connection<Row>> {
  const type = nodeRef(entity);
  const connection = plainConnection<Row>(
    builder.connectionObject(
      {
        type,
        name: `${entity.type}Connection`,
        description: `A page of a list of ${entity.plural}.`,
        extensions: access(typeAccess(entity)),
        edgesField: { description: "The page's nodes with their cursors." },
      },
      {
        description: `A ${entity.type} in a list, with its place there.`,
        nodeField: { description: `The ${entity.type}.`, extensions: access(noCost) },
      },
    ),
  );
  builder.objectFields(connection, (t) => ({
    nodes: t.field({
      type: [type],
      description: "The page's nodes.",
      extensions: access(noCost),
      resolve: ({ nodes }) => nodes,
    }),
    totalCount: t.int({
      description: "How many the filter matches, on all pages. Counted only when asked for.",
      resolve: ({ total }) => total ?? 0,
    }),
  }));
  return connection;
}
