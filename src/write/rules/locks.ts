import type { Values } from "../../model/record.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Draft } from "../draft.ts";
import type { EntityWrites } from "../entity-writes.ts";
import type { Lock, Wanted } from "../lock.ts";
import { isMoved, type Seen } from "../seen.ts";
import type { WriteUnit } from "../unit.ts";
import { childrenLeftBehind } from "./within.ts";
import { becomesPrimary, makesPrimary, primariesBeside } from "./primary.ts";
import { lastingReferences } from "./same-owner.ts";

/** The lock that a record needs on what a reference of it names. */
export function lockFor(
  { entity, changesAlong = [] }: EntityWrites,
  field: string,
  draft: Draft,
): Lock {
  const { primary } = entity.rules;
  const takesPlace = field === primary?.owner && becomesPrimary(draft, primary);
  return takesPlace || changesAlong.includes(field) ? "update" : "reference";
}

/** The lock that a record needs on what a relation links it to. */
export const linkLock = ({ changesAlong = [] }: EntityWrites, relation: string): Lock =>
  changesAlong.includes(relation) ? "update" : "reference";

/** Whether a change asks for a lock on something that comes before the record. */
export function locksFirst({ entity, changesAlong = [] }: EntityWrites, sent: Values): boolean {
  const { primary } = entity.rules;
  return changesAlong.length > 0 || (primary !== undefined && makesPrimary(primary, sent));
}

/** What is locked before a record that changes, beside what it refers to anew. */
export function ownersFirst(writes: EntityWrites, { record, sent }: Seen): Wanted[] {
  if (!locksFirst(writes, sent)) return [];
  const { entity, changesAlong = [] } = writes;
  const { primary } = entity.rules;
  const hasPlace = primary !== undefined && (sent[primary.field] ?? record[primary.field]) === true;
  return [
    ...changesAlong.flatMap((field) => [
      [field, record[field]] as const,
      [field, sent[field]] as const,
    ]),
    ...(hasPlace ? [[primary.owner, sent[primary.owner] ?? record[primary.owner]] as const] : []),
  ].flatMap(([field, id]) => {
    const to = entity.fields[field]?.to;
    return typeof id === "string" && to != null
      ? [{ entity: to, id, lock: "update" as const }]
      : [];
  });
}

/** Whether a change touches what other records rely on when they refer to this one: they must not do so meanwhile. */
export function isReliedOn(catalog: Catalog, { entity }: EntityWrites, seen: Seen): boolean {
  const { hierarchy } = entity.rules;
  const owners = lastingReferences(catalog, entity).map(({ rule }) => rule.owner);
  return [hierarchy?.within ?? null, ...owners].some((key) => key !== null && isMoved(key, seen));
}

/** Other records of the kind that change along with these: they are locked in one statement, by id. */
export async function lockedBeside(
  unit: WriteUnit,
  { entity }: EntityWrites,
  seen: readonly Seen[],
): Promise<string[]> {
  const { primary, hierarchy } = entity.rules;
  return [
    ...(primary === undefined ? [] : await primariesBeside(unit, entity, seen, primary)),
    ...(hierarchy === undefined ? [] : await childrenLeftBehind(unit, entity, seen, hierarchy)),
  ];
}
