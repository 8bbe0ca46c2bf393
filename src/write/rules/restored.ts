import type { Stored, Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import { param, sql } from "../../lib/sql.ts";
import { textOf } from "../draft.ts";
import type { WriteUnit } from "../unit.ts";
import { restoredPrimary } from "./primary.ts";

/** What restored records hold by the rules that their model declares, beside being live; by id. */
export async function restoredByRules(
  unit: WriteUnit,
  entity: Entity,
  records: readonly Stored[],
): Promise<ReadonlyMap<string, Values>> {
  const { primary, hierarchy, sameOwner = [] } = entity.rules;
  const restored =
    primary === undefined
      ? new Map<string, Values>()
      : await restoredPrimary(unit, entity, records, primary);
  const held = [
    ...(hierarchy?.within == null ? [] : [{ key: hierarchy.key, owner: hierarchy.within }]),
    ...sameOwner.filter(({ lasting }) => lasting),
  ];
  for (const { key, owner } of held) {
    const to = unit.catalog.entity(entity.fields[key]?.to ?? "");
    for (const id of await leftBehind(unit, records, { to, key, owner })) {
      const place = primary?.owner === key ? { [primary.field]: false } : {};
      restored.set(id, { ...restored.get(id), [key]: null, ...place });
    }
  }
  return restored;
}

/** Records whose reference went to another owner while they were deleted: they come back without it. */
async function leftBehind(
  unit: WriteUnit,
  records: readonly Stored[],
  { to, key, owner }: { readonly to: Entity; readonly key: string; readonly owner: string },
): Promise<string[]> {
  const ids = records.flatMap((record) => textOf(record, key) ?? []);
  if (ids.length === 0) return [];
  const found = await unit.findAll(
    to,
    sql`t."id" = ANY (${param(ids, "uuid[]")})`,
    "reference",
    "all",
  );
  const ownerOf = new Map(found.map((record) => [record.id, record[owner]]));
  return records
    .filter((record) => {
      const other = ownerOf.get(textOf(record, key) ?? "");
      return other !== undefined && other !== record[owner];
    })
    .map(({ id }) => id);
}
