import type { Stored } from "../model/record.ts";
import type { Entity } from "../model/entity.ts";
import { changes, type Draft } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { restName, type ParsedInput } from "./input.ts";
import type { Liveness, Wanted } from "./lock.ts";
import { notFound } from "./problem.ts";
import { referenceKeys, type References } from "./references.ts";
import { lockHierarchy, lockMerges } from "./rules/hierarchy.ts";
import { namedLinks } from "./rules/links.ts";
import {
  isReliedOn,
  linkLock,
  lockedBeside,
  lockFor,
  locksFirst,
  ownersFirst,
} from "./rules/locks.ts";
import { Raced } from "./run.ts";
import { isMoved, type Seen } from "./seen.ts";
import type { WriteUnit } from "./unit.ts";

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
  const { entity } = writes;
  const keys = referenceKeys(entity);
  const watched = rows.filter(
    ({ input: { values } }) =>
      locksFirst(writes, values) || keys.some(([key]) => values[key] !== undefined),
  );
  const looked = await look(unit, entity, watched, "live");
  const seen = [...looked.values()];
  const moved = seen.filter((one) => keys.some(([key]) => isMoved(key, one)));
  const { hierarchy } = entity.rules;
  const isPut = (one: Seen, key: string) => isMoved(key, one) && one.sent[key] !== null;
  if (hierarchy !== undefined && moved.some((one) => isPut(one, hierarchy.key))) {
    lockHierarchy(unit, entity, hierarchy.key, true);
  }
  const wanted: Wanted[] = moved.flatMap(({ record, sent }) =>
    keys.flatMap(([key, to]) => {
      const id = sent[key] === undefined ? record[key] : sent[key];
      return typeof id === "string" ? [{ entity: to, id, lock: "reference" }] : [];
    }),
  );
  const linked = namedLinks(
    entity,
    rows.map(({ input }) => input),
  );
  await references.lock(unit, [
    ...wanted.filter((one) => one.entity !== entity.name),
    ...linked.map(({ entity: to, id }): Wanted => ({ entity: to, id, lock: "reference" })),
    ...seen.flatMap((one) => ownersFirst(writes, one)),
  ]);
  const beside = await lockedBeside(unit, writes, seen);
  const isExclusive = moved.some((one) => isReliedOn(unit.catalog, writes, one));
  const lock = isExclusive ? "exclusive" : "update";
  const own = wanted.filter((one) => one.entity === entity.name).map(({ id }) => id);
  const found = await unit.lock(entity, [...rows.map(({ id }) => id), ...own, ...beside], lock);
  references.hold(entity, found, lock);
  checkSeen(entity, watched, looked, found);
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
    readonly owners: (record: Stored) => readonly Wanted[];
  },
): Promise<ReadonlyMap<string, Stored>> {
  const { entity } = writes;
  const rows =
    liveness === "deleted" || locksFirst(writes, {})
      ? ids.map((id) => ({ id, input: { values: {}, extras: {} } }))
      : [];
  const { hierarchy } = entity.rules;
  // What a merge locks in another order, or moves while this looks for it.
  if (writes.removal?.lock !== undefined || (liveness === "deleted" && hierarchy !== undefined)) {
    lockMerges(unit, false);
  }
  await writes.removal?.lock?.(unit, ids, liveness);
  const seen = await look(unit, entity, rows, liveness);
  await references.lock(unit, [
    ...[...seen.values()].flatMap((one) => ownersFirst(writes, one)),
    ...[...seen.values()].flatMap(({ record }) => owners(record)),
  ]);
  const found = await unit.lock(entity, ids, "exclusive", liveness);
  checkSeen(entity, rows, seen, found);
  return found;
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

/** Locks everything that the drafts refer to; what is not there for the caller is a problem of the field. */
export async function lockReferences(
  unit: WriteUnit,
  writes: EntityWrites,
  drafts: readonly Draft[],
  references: References,
): Promise<void> {
  const { entity } = writes;
  const fields = referenceKeys(entity);
  const wanted = drafts.flatMap((draft) => {
    const moved = fields.some(([name]) => changes(draft, name));
    return fields.flatMap(([name, to]) => {
      const id = draft.values[name];
      if (typeof id !== "string") return [];
      const lock = lockFor(writes, name, draft);
      // What was checked when it was written is looked at again only when something beside it moves.
      return moved || lock !== "reference" ? [{ draft, name, entity: to, id, lock }] : [];
    });
  });
  // Links too, in the same go: one order of locks for all writers.
  const linked = namedLinks(entity, drafts).map(({ relation, entity: to, id }): Wanted => ({
    entity: to,
    id,
    lock: linkLock(writes, relation),
  }));
  await references.lock(unit, [...wanted, ...linked]);
  for (const { draft, name, entity: to, id } of wanted) {
    if (references.get(to, id) === undefined && changes(draft, name)) {
      draft.problems.push(notFound([restName(name)], unit.catalog.entity(to).type));
    }
  }
}
