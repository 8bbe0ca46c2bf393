import type { GraphQLResolveInfo } from "graphql";
import type { Entity } from "../../model/entity.ts";
import type { Row } from "../../query/row.ts";
import type { RecordKey } from "../../lib/refusal.ts";
import type { Context } from "./context.ts";
import { asNode } from "./as-node.ts";
import { payloadSource } from "./payload-source.ts";
import { fieldKey, neededFields } from "./selection.ts";

/** A payload's field that shows the current state of the record a mutation wrote, also of a deleted one. */
export function written<Outcome>(entity: Entity, idOf: (outcome: Outcome) => string | null) {
  return {
    extensions: payloadSource({ kind: "written", entity, idOf }),
    resolve: (outcome: Outcome, _args: unknown, ctx: Context, info: GraphQLResolveInfo) =>
      writtenRecord(entity, idOf(outcome), ctx, info),
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
