import type { Entity } from "../model/entity.ts";
import { sentContacts } from "./contact-links.ts";
import type { EntityWrites, Owner } from "./entity-writes.ts";
import { lockHierarchy, lockMerges } from "./hierarchy.ts";
import type { ParsedInput, Values } from "./input.ts";
import type { References } from "./references.ts";
import { Raced } from "./run.ts";
import type { Stored } from "./stored.ts";
import type { Liveness, WriteUnit } from "./unit.ts";

/** A record that is to be changed, as it was before it was locked. */
export type Seen = { readonly record: Stored; readonly sent: Values };

type Row = { readonly id: string; readonly input: Pick<ParsedInput, "values" | "extras"> };

/**
 * Locks records that are to be changed, in the order that all writers keep, so that none waits for another who waits
 * for it: moves in a hierarchy, then what the records refer to in the order of the catalog, then they themselves and
 * others of their kind by id. What that is, is read without a lock; when it is no longer true once the records are
 * locked, the transaction starts anew.
 */
export async function lockForUpdate(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly Row[],
  references: References,
): Promise<ReadonlyMap<string, Stored>> {
  const { entity, hierarchy } = writes;
  const keys = referenceKeys(entity);
  const watched = rows.filter(
    ({ input: { values } }) =>
      (writes.locksFirst?.(values) ?? false) || keys.some(([key]) => values[key] !== undefined),
  );
  const seen = await look(unit, entity, watched, "live");
  const moved = [...seen.values()].filter(({ record, sent }) =>
    keys.some(([key]) => isMoved(key, record, sent)),
  );
  const movesIn = (key: string) =>
    moved.some(({ record, sent }) => isMoved(key, record, sent) && sent[key] !== null);
  if (hierarchy !== undefined && movesIn(hierarchy.key))
    lockHierarchy(unit, entity, hierarchy.key, true);
  const wanted: Owner[] = moved.flatMap(({ record, sent }) =>
    keys.flatMap(([key, to]) => {
      const id = sent[key] === undefined ? record[key] : sent[key];
      return typeof id === "string" ? [{ entity: to, id, lock: "reference" }] : [];
    }),
  );
  const linked = rows.flatMap(({ input }): Owner[] =>
    (sentContacts(input) ?? []).map((id) => ({ entity: "contact", id, lock: "reference" })),
  );
  await references.lock(unit, [
    ...wanted.filter((owner) => owner.entity !== entity.name),
    ...linked,
    ...ownersOf(writes, seen.values()),
  ]);
  const beside = (await writes.besides?.(unit, [...seen.values()])) ?? [];
  const isExclusive = moved.some(({ record, sent }) => writes.isExclusive?.(record, sent) ?? false);
  const lock = isExclusive ? "exclusive" : "update";
  const own = wanted.filter((owner) => owner.entity === entity.name).map(({ id }) => id);
  const found = await unit.lock(entity, [...rows.map(({ id }) => id), ...own, ...beside], lock);
  references.hold(entity, found, lock);
  checkSeen(entity, watched, seen, found);
  return found;
}

/** The same for records that are to be deleted or brought back: `owners` gives what must be locked before each. */
export async function lockForRemoval(
  unit: WriteUnit,
  writes: EntityWrites,
  ids: readonly string[],
  {
    liveness,
    references,
    owners,
  }: {
    readonly liveness: Liveness;
    readonly references: References;
    readonly owners: (record: Stored) => readonly Owner[];
  },
): Promise<ReadonlyMap<string, Stored>> {
  const { entity } = writes;
  const locksFirst = writes.locksFirst?.({}) ?? false;
  const rows =
    liveness === "deleted" || locksFirst
      ? ids.map((id) => ({ id, input: { values: {}, extras: {} } }))
      : [];
  // What a merge locks in another order, or moves while this looks for it.
  if (
    writes.beforeRemoval !== undefined ||
    (liveness === "deleted" && writes.hierarchy !== undefined)
  )
    lockMerges(unit, false);
  await writes.beforeRemoval?.(unit, ids, liveness);
  const seen = await look(unit, entity, rows, liveness);
  await references.lock(unit, [
    ...(locksFirst ? ownersOf(writes, seen.values()) : []),
    ...[...seen.values()].flatMap(({ record }) => owners(record)),
  ]);
  const found = await unit.lock(entity, ids, "exclusive", liveness);
  checkSeen(entity, rows, seen, found);
  return found;
}

function ownersOf({ ownersOf: owners, locksFirst }: EntityWrites, seen: Iterable<Seen>): Owner[] {
  return [...seen].flatMap(({ record, sent }) =>
    (locksFirst?.(sent) ?? false) ? [...(owners?.(record, sent) ?? [])] : [],
  );
}

async function look(
  unit: WriteUnit,
  entity: Entity,
  rows: readonly Row[],
  liveness: Liveness,
): Promise<Map<string, Seen>> {
  const records = await unit.read(
    entity,
    rows.map(({ id }) => id),
    liveness,
  );
  return new Map(
    rows.flatMap(({ id, input }) => {
      const record = records.get(id);
      return record === undefined ? [] : [[id, { record, sent: input.values }] as const];
    }),
  );
}

function checkSeen(
  entity: Entity,
  rows: readonly Row[],
  seen: ReadonlyMap<string, Seen>,
  found: ReadonlyMap<string, Stored>,
): void {
  const keys = referenceKeys(entity);
  for (const { id } of rows) {
    const [before, record] = [seen.get(id)?.record, found.get(id)];
    if (record !== undefined && keys.some(([key]) => before?.[key] !== record[key]))
      throw new Raced();
  }
}

/** Whether another record is named than before. */
export const isMoved = (key: string, record: Stored, sent: Values): boolean =>
  sent[key] !== undefined && sent[key] !== record[key];

/** The fields of an entity that name other records: field and entity. */
export function referenceKeys({ fields }: Entity): (readonly [string, string])[] {
  return Object.entries(fields).flatMap(([key, { kind, managed, to }]) =>
    kind === "reference" && !managed && key !== "tenantId" && to !== null
      ? [[key, to] as const]
      : [],
  );
}
