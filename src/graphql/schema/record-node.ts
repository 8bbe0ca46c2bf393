import type { GraphQLResolveInfo } from "graphql";
import type { Entity } from "../../model/entity.ts";
import type { Row } from "../../query/row.ts";
import type { RecordKey } from "../../lib/refusal.ts";
import type { Context } from "./context.ts";
import { asNode } from "./as-node.ts";
import { access, typeAccess } from "../limits/access.ts";
import { recordCost } from "../limits/costs.ts";
import { payloadSource } from "./payload-source.ts";
import { fieldKey, fieldType, neededFields, selectedFields } from "./selection.ts";

/** A payload's field that shows the current state of the record a mutation wrote, also of a deleted one. */
export function written<Outcome>(entity: Entity, idOf: (outcome: Outcome) => string | null) {
  return {
    extensions: payloadSource({ kind: "written", entity, idOf }),
    resolve: (outcome: Outcome, _args: unknown, ctx: Context, info: GraphQLResolveInfo) =>
      writtenRecord(entity, idOf(outcome), ctx, info),
  };
}

/** The same as the edge of a list in the default order, so that clients can add it to theirs. */
export function writtenEdge<Outcome>(entity: Entity, idOf: (outcome: Outcome) => string | null) {
  return {
    extensions: {
      // A cursor tells of the record as well.
      ...access({ ...typeAccess(entity), ...recordCost }),
      ...payloadSource({ kind: "written", entity, idOf, isEdge: true }),
    },
    resolve: async (outcome: Outcome, _args: unknown, ctx: Context, info: GraphQLResolveInfo) => {
      const id = idOf(outcome);
      if (id === null) return null;
      const edge = selectedFields(
        info,
        fieldType(info.parentType, info.fieldName),
        info.fieldNodes,
      );
      const request = () => ({
        entity,
        fields: neededFields(info, entity, edge.get("node") ?? []),
        includeDeleted: true,
        withCursor: edge.has("cursor"),
      });
      return ctx.reader.edge(fieldKey(info), request, id);
    },
  };
}

/** A record that a mutation names, as a field of its own type; deleted ones too. */
function writtenRecord(
  entity: Entity,
  id: string | null,
  ctx: Context,
  info: GraphQLResolveInfo,
): Promise<Row | null> {
  if (id === null) return Promise.resolve(null);
  const request = () => ({
    entity,
    fields: neededFields(info, entity, info.fieldNodes),
    includeDeleted: true,
  });
  return ctx.reader.record(`${fieldKey(info)}<${entity.name}`, request, id);
}

/** The same as a `Node`. */
export async function recordNode(
  record: RecordKey | null,
  ctx: Context,
  info: GraphQLResolveInfo,
): Promise<Row | null> {
  if (record === null) return null;
  const entity = ctx.catalog.entity(record.entity);
  const row = await writtenRecord(entity, record.id, ctx, info);
  return row === null ? null : asNode(row, entity);
}
