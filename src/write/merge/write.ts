import { v7 as uuidv7 } from "uuid";
import type { Stored, Values } from "../../model/record.ts";
import type { Entity } from "../../model/entity.ts";
import type { PrimaryRule } from "../../model/rules.ts";
import type { EntityWrites } from "../entity-writes.ts";
import { planMoves, writeMoves, type MergePlan, type MovedEdges } from "./edges.ts";
import {
  checkParents,
  mergedParents,
  ownerField,
  survivorsOwner,
  type MergePair,
  type OwnerOf,
} from "./parents.ts";
import { checkMergedUnique, isLive } from "./twins.ts";
import { mergedValues, tellFields, type MergedField } from "./values.ts";
import { RefusedRows } from "../refused.ts";
import type { WriteUnit } from "../unit.ts";

/** Records of one kind that become one, two by two. */
export type Group = { readonly writes: EntityWrites; readonly pairs: readonly MergePair[] };

/** Two records that became one, and what won. */
export type Merged = {
  readonly entity: string;
  readonly into: string;
  readonly from: string;
  readonly fields: readonly MergedField[];
};

/** What is locked by now: who goes over into whom (the records that were named first), and all that refers to them. */
type Locked = {
  readonly plan: MergePlan;
  readonly groups: readonly Group[];
  readonly locked: ReadonlyMap<Entity, readonly Stored[]>;
};

/** What a survivor holds afterwards. */
type Survivor = MergePair & { readonly values: Values };

/** Works out what becomes of everything, and writes it. Every record is written once. */
export async function carryOut(
  unit: WriteUnit,
  { plan, groups, locked }: Locked,
): Promise<{ readonly merged: Merged[]; readonly moved: MovedEdges[] }> {
  const survivors = new Map<Entity, readonly Survivor[]>();
  for (const [index, group] of groups.entries()) {
    const rows = locked.get(group.writes.entity) ?? [];
    survivors.set(
      group.writes.entity,
      await survivorsOf(unit, group, { plan, rows, isNamed: index === 0 }),
    );
  }
  const moves = [];
  for (const [entity, rows] of locked) {
    const group = groups.find(({ writes }) => writes.entity === entity);
    const adjust = adjustment(group, plan, rows);
    const staying = new Set(group?.pairs.map(({ into }) => into.id));
    const others = rows.filter(({ id }) => !staying.has(id));
    moves.push({
      entity,
      rows: others,
      ...(await planMoves(unit, entity, others, { plan, adjust })),
    });
  }
  // What goes makes room first: for its unique values, and as primary.
  for (const [entity, pairs] of survivors) {
    const moved = moves.find((move) => move.entity === entity)?.values;
    unit.update(
      entity,
      pairs.map(({ into, from }) => ({
        before: from,
        values: {
          ...moved?.get(from.id),
          deletedAt: unit.now,
          deletedBy: unit.actor.id,
          deletionId: uuidv7(),
          mergedIntoId: into.id,
        },
      })),
      "deleted",
    );
  }
  for (const [entity, pairs] of survivors) {
    unit.update(
      entity,
      pairs.map(({ into, values }) => ({ before: into, values })),
    );
    for (const { into, from, values } of pairs) {
      unit.note(entity, into.id, "merged_from", null, from.id);
      // The key that did not stay is how another system still knows the record.
      const lost = from["externalId"] ?? null;
      if (lost !== null && lost !== values["externalId"]) {
        unit.note(entity, into.id, "merged_external_id", null, lost);
      }
    }
  }
  for (const { entity, rows, ...move } of moves) {
    const written = new Set(survivors.get(entity)?.map(({ from }) => from.id));
    writeMoves(unit, entity, rows, move, written);
  }
  return {
    merged: groups.flatMap(({ writes: { entity, merging = {} } }) =>
      (survivors.get(entity) ?? []).map(({ into, from, values }) => ({
        entity: entity.name,
        into: into.id,
        from: from.id,
        fields: tellFields(unit.catalog, entity, merging, {
          into,
          from,
          result: { ...into, ...values },
        }),
      })),
    ),
    moved: moves.flatMap(({ moved }) => moved),
  };
}

/** What a record belongs to once the merge is done. */
function ownership({ writes: { entity } }: Group, plan: MergePlan): OwnerOf {
  const owner = ownerField(entity);
  const going = plan.get(entity.fields[owner ?? ""]?.to ?? "");
  return (record) => {
    const id = owner === null ? null : record[owner];
    return typeof id === "string" ? (going?.get(id) ?? id) : null;
  };
}

async function survivorsOf(
  unit: WriteUnit,
  group: Group,
  {
    plan,
    rows,
    isNamed,
  }: { readonly plan: MergePlan; readonly rows: readonly Stored[]; readonly isNamed: boolean },
): Promise<Survivor[]> {
  const { writes, pairs } = group;
  const { entity, merging = {} } = writes;
  const { hierarchy, primary } = entity.rules;
  const owner = ownerField(entity);
  const ownerOf = ownership(group, plan);
  const parents = await mergedParents(unit, entity, pairs, ownerOf);
  const primaries = primary === undefined ? [] : rows.filter((row) => hasPlace(row, primary));
  const survivors = pairs.map((pair) => ({
    ...pair,
    values: {
      ...mergedValues(entity, merging, pair),
      ...(hierarchy === undefined ? {} : { [hierarchy.key]: parents.after.get(pair.into.id) }),
      ...(owner === null ? {} : { [owner]: survivorsOwner(pair, ownerOf) }),
      ...(primary === undefined
        ? {}
        : { [primary.field]: hasPlaceThen(pair, primary, { ownerOf, primaries }) }),
    },
  }));
  const [named] = survivors;
  if (isNamed && named !== undefined) {
    const problems = await checkParents(unit, entity, named, parents);
    if (problems.length > 0) throw new RefusedRows([[0, problems]], []);
    await checkMergedUnique(unit, entity, named, named.values);
  }
  return survivors;
}

const hasPlace = (row: Stored, { field }: PrimaryRule): boolean =>
  isLive(row) && row[field] === true;

/** The survivor is primary if it was, or if the other was where it is now and nobody else is. */
function hasPlaceThen(
  pair: MergePair,
  { field }: PrimaryRule,
  { ownerOf, primaries }: { readonly ownerOf: OwnerOf; readonly primaries: readonly Stored[] },
): boolean {
  const { into, from } = pair;
  const owner = survivorsOwner(pair, ownerOf);
  const was = (record: Stored) => record[field] === true && ownerOf(record) === owner;
  const isTaken = primaries.some((row) => was(row) && row.id !== into.id && row.id !== from.id);
  return was(into) || (owner !== null && was(from) && !isTaken);
}

/** What follows for records that refer to those that go, from the rules on primaries and hierarchies. */
function adjustment(
  group: Group | undefined,
  plan: MergePlan,
  rows: readonly Stored[],
): (row: Stored, moved: Values) => Values {
  if (group === undefined) return () => ({});
  const { primary, hierarchy } = group.writes.entity.rules;
  const ownerOf = ownership(group, plan);
  const going = new Set(group.pairs.map(({ from }) => from.id));
  const ownerThen = new Map(
    group.pairs.map((pair) => [pair.into.id, survivorsOwner(pair, ownerOf)]),
  );
  const occupied =
    primary === undefined
      ? new Set()
      : new Set(rows.filter((row) => hasPlace(row, primary)).map((row) => row[primary.owner]));
  return (row, moved) => {
    if (!isLive(row) || going.has(row.id)) return {};
    const values: Record<string, unknown> = {};
    // The primary one of the survivor stays what it is.
    if (primary !== undefined && hasPlace(row, primary)) {
      const owner = moved[primary.owner];
      if (owner !== undefined && occupied.has(owner)) values[primary.field] = false;
    }
    if (hierarchy !== undefined && hierarchy.within !== null) {
      const owner = ownerThen.get(String(moved[hierarchy.key] ?? row[hierarchy.key]));
      if (owner !== undefined && owner !== ownerOf(row)) values[hierarchy.key] = null;
    }
    return values;
  };
}
