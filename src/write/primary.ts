import { columnOf, type Entity } from "../query/entity.ts";
import { all, name, param, raw, sql, type Sql } from "../query/sql.ts";
import { textOf, type Draft } from "./draft.ts";
import type { Values } from "./input.ts";
import type { Stored } from "./stored.ts";
import type { WriteUnit } from "./unit.ts";

/** Whether a record is made its owner's primary one, and was not before. */
export function becomesPrimary({ before, values }: Draft, ownerField: string): boolean {
  const was = before?.["isPrimary"] === true && before[ownerField] === values[ownerField];
  return values["isPrimary"] === true && !was;
}

/** What a restored record holds: it comes back as primary only if no other took the place meanwhile. */
export async function restoredPrimary(
  unit: WriteUnit,
  entity: Entity,
  records: readonly Stored[],
  ownerField: string,
): Promise<Map<string, Values>> {
  const owners = records.flatMap((record) =>
    record["isPrimary"] === true ? (textOf(record, ownerField) ?? []) : [],
  );
  if (owners.length === 0) return new Map();
  const taken = await unit.find(entity, primaryOf(entity, ownerField, owners));
  const occupied = new Set(taken.map((record) => record[ownerField]));
  const values = new Map<string, Values>();
  for (const record of records) {
    const owner = textOf(record, ownerField);
    if (record["isPrimary"] !== true || owner === null) continue;
    if (occupied.has(owner)) values.set(record.id, { isPrimary: false });
    // Another one of the same call finds the place taken.
    occupied.add(owner);
  }
  return values;
}

function primaryOf(entity: Entity, ownerField: string, owners: readonly string[]): Sql {
  const definition = entity.fields[ownerField];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${ownerField}`);
  const column = raw(`t.${name(columnOf(ownerField, definition))}`);
  return all([sql`${column} = ANY (${param(owners, "uuid[]")})`, raw(`t."is_primary"`)]);
}

/**
 * At most one live record of an owner is primary: the one that is made so last. The others of the call yield to it,
 * and so does the one that was. The owner is locked by then.
 */
export async function yieldPrimary(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  ownerField: string,
): Promise<void> {
  const winners = new Map<string, Draft>();
  for (const draft of drafts) {
    const owner = textOf(draft.values, ownerField);
    if (owner === null || draft.values["isPrimary"] !== true) continue;
    const earlier = winners.get(owner);
    if (earlier !== undefined) earlier.values["isPrimary"] = false;
    winners.set(owner, draft);
  }
  const owners = [...winners]
    .filter(([, draft]) => becomesPrimary(draft, ownerField))
    .map(([owner]) => owner);
  if (owners.length === 0) return;
  const current = await unit.find(entity, primaryOf(entity, ownerField, owners), "update");
  const ids = new Set(drafts.map(({ id }) => id));
  unit.update(
    entity,
    current
      .filter(({ id }) => !ids.has(id))
      .map((before) => ({ before, values: { isPrimary: false } })),
  );
  // Those of the call are written in one statement, in no order: the place must be free before it.
  const staying = new Set([...winners.values()].map(({ id }) => id));
  const leaving = current.filter(({ id }) => ids.has(id) && !staying.has(id)).map(({ id }) => id);
  if (leaving.length > 0) {
    unit.send(
      sql`UPDATE ${raw(name(entity.table))} SET "is_primary" = FALSE WHERE "tenant_id" = ${unit.tenant} AND "id" = ANY (${param(leaving, "uuid[]")})`,
    );
  }
}
