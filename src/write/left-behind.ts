import type { Entity } from "../model/entity.ts";
import { param, sql } from "../lib/sql.ts";
import { textOf } from "./draft.ts";
import type { Stored } from "./stored.ts";
import type { WriteUnit } from "./unit.ts";

/**
 * Records that come back, and name one that must be of the same account but went to another one while they were
 * deleted: they come back without it.
 */
export async function leftBehind(
  unit: WriteUnit,
  records: readonly Stored[],
  { entity, field }: { readonly entity: Entity; readonly field: string },
): Promise<string[]> {
  const ids = records.flatMap((record) => textOf(record, field) ?? []);
  if (ids.length === 0) return [];
  const found = await unit.findAll(
    entity,
    sql`t."id" = ANY (${param(ids, "uuid[]")})`,
    "reference",
    "all",
  );
  const accountOf = new Map(found.map(({ id, accountId }) => [id, accountId]));
  return records
    .filter((record) => {
      const other = accountOf.get(textOf(record, field) ?? "");
      return other !== undefined && other !== record["accountId"];
    })
    .map(({ id }) => id);
}
