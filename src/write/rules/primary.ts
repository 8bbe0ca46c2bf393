import type { Stored, Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import type { PrimaryRule } from "../../model/rules.ts";
import { all, param, sql, type Sql } from "../../lib/sql.ts";
import { columnSql } from "../column.ts";
import { changes, textOf, type Draft } from "../draft.ts";
import { isMoved, type Seen } from "../seen.ts";
import type { WriteUnit } from "../unit.ts";

/** Whether a record is made its owner's primary one, and was not before. */
export function becomesPrimary({ before, values }: Draft, { field, owner }: PrimaryRule): boolean {
  const was = before?.[field] === true && before[owner] === values[owner];
  return values[field] === true && !was;
}

/** Whether what is sent can make a record primary. */
export const makesPrimary = ({ field, owner, staysOnMove }: PrimaryRule, sent: Values): boolean =>
  sent[field] === true || (staysOnMove && sent[owner] != null);

/** A record that goes to another owner leaves its place, unless it stays primary there or the input says so. */
export function leavePlace(draft: Draft, { field, owner, staysOnMove }: PrimaryRule): void {
  if (staysOnMove || draft.before === null || !changes(draft, owner)) return;
  if (draft.sent[field] === undefined) draft.values[field] = false;
}

/** What restored records hold: one comes back as primary only if no other took the place meanwhile. */
export async function restoredPrimary(
  unit: WriteUnit,
  entity: Entity,
  records: readonly Stored[],
  rule: PrimaryRule,
): Promise<Map<string, Values>> {
  const owners = records.flatMap((record) =>
    record[rule.field] === true ? (textOf(record, rule.owner) ?? []) : [],
  );
  if (owners.length === 0) return new Map();
  const taken = await unit.findAll(entity, primaryOf(entity, rule, owners));
  const occupied = new Set(taken.map((record) => record[rule.owner]));
  const yielding = new Map<string, Values>();
  for (const record of records) {
    const owner = textOf(record, rule.owner);
    if (owner === null || record[rule.field] !== true) continue;
    // Of several in one call the first comes back as primary.
    if (occupied.has(owner)) yielding.set(record.id, { [rule.field]: false });
    occupied.add(owner);
  }
  return yielding;
}

/** The primary records that yield to those that a change makes primary; their owners are locked by then. */
export async function primariesBeside(
  unit: WriteUnit,
  entity: Entity,
  seen: readonly Seen[],
  rule: PrimaryRule,
): Promise<string[]> {
  const owners = seen.flatMap(({ record, sent }) => {
    const hasPlace = sent[rule.field] ?? record[rule.field];
    const isNew = sent[rule.field] === true || isMoved(rule.owner, { record, sent });
    return hasPlace === true && isNew
      ? (textOf(sent, rule.owner) ?? textOf(record, rule.owner) ?? [])
      : [];
  });
  if (owners.length === 0) return [];
  const found = await unit.find(entity, primaryOf(entity, rule, owners));
  return found.map(({ id }) => id);
}

function primaryOf(entity: Entity, { field, owner }: PrimaryRule, owners: readonly string[]): Sql {
  return all([
    sql`${columnSql(entity, owner)} = ANY (${param(owners, "uuid[]")})`,
    columnSql(entity, field),
  ]);
}

/**
 * Makes room for those that become primary: the others of the call yield to the one that is made so last, and so does
 * the one that was, whoever may see it. The owner is locked by then.
 */
export async function yieldPrimary(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  rule: PrimaryRule,
): Promise<void> {
  const owners = [...winnersOf(drafts, rule)]
    .filter(([, draft]) => becomesPrimary(draft, rule))
    .map(([owner]) => owner);
  if (owners.length === 0) return;
  const current = await unit.findAll(entity, primaryOf(entity, rule, owners), "update");
  const ids = new Set(drafts.map(({ id }) => id));
  unit.update(
    entity,
    current
      .filter(({ id }) => !ids.has(id))
      .map((before) => ({ before, values: { [rule.field]: false } })),
  );
  // Those of the call are written in one statement, in no order: the place must be free before it.
  unit.clear(
    entity,
    rule.field,
    current.filter(({ id }) => ids.has(id)).map(({ id }) => id),
  );
}

/** Who gets each owner's place; the others of the call that would have it yield. */
function winnersOf(drafts: readonly Draft[], rule: PrimaryRule): Map<string, Draft> {
  const winners = new Map<string, Draft>();
  for (const draft of drafts) {
    const owner = textOf(draft.values, rule.owner);
    if (owner === null || draft.values[rule.field] !== true) continue;
    const earlier = winners.get(owner);
    // One that only stays what it was does not take the place from one that is made primary.
    const stays = earlier !== undefined && claims(earlier, rule) && !claims(draft, rule);
    const loser = stays ? draft : earlier;
    if (loser !== undefined) loser.values[rule.field] = false;
    if (!stays) winners.set(owner, draft);
  }
  return winners;
}

const claims = (draft: Draft, rule: PrimaryRule): boolean =>
  draft.sent[rule.field] === true || becomesPrimary(draft, rule);
