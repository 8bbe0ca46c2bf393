import { inWords } from "../../lib/text.ts";
import type { ObjectRef } from "@pothos/core";
import type { Entity } from "../../model/entity.ts";
import type { Row } from "../../query/row.ts";
import { access, typeAccess } from "../limits/access.ts";
import { noCost } from "../limits/costs.ts";
import type { SchemaTypes } from "./builder.ts";
import { plainConnection, plainEdge, type Connection, type Edge } from "./connection.ts";
import { payloadSource } from "./payload-source.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** `AccountEdge` of an entity. */
export function makeEdge(
  { builder, nodeRef }: SchemaParts,
  entity: Entity,
): ObjectRef<SchemaTypes, Edge<Row>> {
  return plainEdge<Row>(
    builder.edgeObject({
      type: nodeRef(entity),
      name: `${entity.type}Edge`,
      description: `A ${entity.type} in a list, with its place there.`,
      nodeField: {
        description: `The ${entity.type}.`,
        extensions: {
          ...access(noCost),
          // In a payload, as of a subscription, the outcome says which record it is.
          ...payloadSource({ kind: "written", entity, idOf: nodeIdOf }),
        },
      },
    }),
  );
}

/** The bare id of an edge's node, in an outcome. */
function nodeIdOf(outcome: unknown): string | null {
  const { nodeId }: { nodeId?: unknown } = Object(outcome);
  return typeof nodeId === "string" ? nodeId : null;
}

/** `AccountConnection` of an entity. */
export function makeConnection(
  { builder, nodeRef, edgeRef }: SchemaParts,
  entity: Entity,
): ObjectRef<SchemaTypes, Connection<Row>> {
  const type = nodeRef(entity);
  const connection = plainConnection<Row>(
    builder.connectionObject(
      {
        type,
        name: `${entity.type}Connection`,
        description: `A page of a list of ${inWords(entity.plural)}.`,
        extensions: access(typeAccess(entity)),
        edgesField: { description: "The page's nodes with their cursors." },
      },
      edgeRef(entity),
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
      description: "The number of records on all pages. It is counted only if it is selected.",
      resolve: ({ total }) => total ?? 0,
    }),
  }));
  return connection;
}
