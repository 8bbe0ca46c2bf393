import type { GraphQLResolveInfo } from "graphql";
import { catalog } from "../../modules/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import type { Row } from "../../query/row.ts";
import type { RecordKey } from "../../lib/refusal.ts";
import type { Context } from "./context.ts";
import { asNode } from "./entity-type.ts";
import { fieldKey, neededFields } from "./selection.ts";

/** A record that a mutation names, as a field of its own type; deleted ones too. */
export function writtenRecord(
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
  const entity = catalog.entity(record.entity);
  const row = await writtenRecord(entity, record.id, ctx, info);
  return row === null ? null : asNode(row, entity);
}
