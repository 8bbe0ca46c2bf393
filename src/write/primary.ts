import type { Entity } from "../model/entity.ts";
import { columnOf } from "../model/field.ts";
import { all, name, param, raw, sql, type Sql } from "../lib/sql.ts";
import { textOf, type Draft } from "./draft.ts";
import type { Values } from "./input.ts";
import { isMoved, type Seen } from "./lock-rows.ts";
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
  const taken = await unit.findAll(entity, primaryOf(entity, ownerField, owners));
  const occupied = new Set(taken.map((record) => record[ownerField]));
  const yielding = new Map<string, Values>();
  for (const record of records) {
    const owner = textOf(record, ownerField);
    if (owner === null || record["isPrimary"] !== true) continue;
    // Of several in one call the first comes back as primary.
    if (occupied.has(owner)) yielding.set(record.id, { isPrimary: false });
    occupied.add(owner);
  }
  return yielding;
}

/** The primary records that yield to those that a change makes primary; their owners are locked by then. */
export async function primariesBeside(
  unit: WriteUnit,
  entity: Entity,
  seen: readonly Seen[],
  ownerField: string,
): Promise<string[]> {
  const owners = seen.flatMap(({ record, sent }) => {
    const isPrimary = sent["isPrimary"] ?? record["isPrimary"];
    const isNew = sent["isPrimary"] === true || isMoved(ownerField, record, sent);
    return isPrimary === true && isNew
      ? (textOf(sent, ownerField) ?? textOf(record, ownerField) ?? [])
      : [];
  });
  if (owners.length === 0) return [];
  const found = await unit.find(entity, primaryOf(entity, ownerField, owners));
  return found.map(({ id }) => id);
}

function primaryOf(entity: Entity, ownerField: string, owners: readonly string[]): Sql {
  const definition = entity.fields[ownerField];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${ownerField}`);
  const column = raw(`t.${name(columnOf(ownerField, definition))}`);
  return all([sql`${column} = ANY (${param(owners, "uuid[]")})`, raw(`t."is_primary"`)]);
}

/**
 * At most one live record of an owner is primary: the one that is made so last. The others of the call yield to it,
 * and so does the one that was, whoever may see it. The owner is locked by then.
 */
export async function yieldPrimary(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  ownerField: string,
): Promise<void> {
  const owners = [...winnersOf(drafts, ownerField)]
    .filter(([, draft]) => becomesPrimary(draft, ownerField))
    .map(([owner]) => owner);
  if (owners.length === 0) return;
  const current = await unit.findAll(entity, primaryOf(entity, ownerField, owners), "update");
  const ids = new Set(drafts.map(({ id }) => id));
  unit.update(
    entity,
    current
      .filter(({ id }) => !ids.has(id))
      .map((before) => ({ before, values: { isPrimary: false } })),
  );
  // Those of the call are written in one statement, in no order: the place must be free before it.
  unit.clear(
    entity,
    "isPrimary",
    current.filter(({ id }) => ids.has(id)).map(({ id }) => id),
  );
}

/** Who gets each owner's place; the others of the call that would have it yield. */
function winnersOf(drafts: readonly Draft[], ownerField: string): Map<string, Draft> {
  const winners = new Map<string, Draft>();
  for (const draft of drafts) {
    const owner = textOf(draft.values, ownerField);
    if (owner === null || draft.values["isPrimary"] !== true) continue;
    const earlier = winners.get(owner);
    // One that only stays what it was does not take the place from one that is made primary.
    const stays =
      earlier !== undefined && claims(earlier, ownerField) && !claims(draft, ownerField);
    const loser = stays ? draft : earlier;
    if (loser !== undefined) loser.values["isPrimary"] = false;
    if (!stays) winners.set(owner, draft);
  }
  return winners;
}

const claims = (draft: Draft, ownerField: string): boolean =>
  draft.sent["isPrimary"] === true || becomesPrimary(draft, ownerField);
