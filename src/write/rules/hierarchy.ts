import type { Entity } from "../../model/entity.ts";
import type { HierarchyRule } from "../../model/rules.ts";
import { name, param, raw, sql, type Sql } from "../../lib/sql.ts";
import { changes, textOf, type Draft } from "../draft.ts";
import { restName } from "../input.ts";
import type { Judge } from "./judge.ts";
import { invalid } from "../problem.ts";
import type { WriteUnit } from "../unit.ts";

/** Moves take turns in a tenant; new records only wait for moves. Locked before any record is. */
export function lockHierarchy(unit: WriteUnit, entity: Entity, key: string, isMove: boolean): void {
  const lock = raw(isMove ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared");
  unit.send(
    sql`SELECT ${lock}(hashtextextended(${param(`${unit.actor.tenantId} ${entity.table} ${key}`, "text")}, 0))`,
  );
}

/**
 * A merge has a tenant's deletions and restores wait, and they it: both lock what hangs on a record, and that would
 * be another record's when they get there. Locked before anything else.
 */
export function lockMerges(unit: WriteUnit, isMerge: boolean): void {
  const lock = raw(isMerge ? "pg_advisory_xact_lock" : "pg_advisory_xact_lock_shared");
  unit.send(
    sql`SELECT ${lock}(hashtextextended(${param(`${unit.actor.tenantId} merges`, "text")}, 0))`,
  );
}

export const inCircle = "would close a circle: it is below this record already.";

/** Keeps the records that name a parent of their own kind a forest: no cycles, and no chain longer than `maxDepth`. */
export async function hierarchyJudge(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  { key, maxDepth }: HierarchyRule,
): Promise<Judge | null> {
  const touched = new Map(
    drafts.filter((draft) => changes(draft, key)).map((draft) => [draft.id, draft]),
  );
  const moved = [...touched.values()].filter(({ values }) => textOf(values, key) !== null);
  if (moved.length === 0) return null;
  const old = moved.filter(({ before }) => before !== null).map(({ id }) => id);
  const tree = tableOf(unit, entity, key);
  const [parents, heights] = await Promise.all([
    parentsAbove(unit, tree, [
      ...moved.flatMap(({ values }) => textOf(values, key) ?? []),
      ...touched.keys(),
    ]),
    old.length > 0 && maxDepth !== null
      ? heightsBelow(unit, tree, { ids: [...touched.keys()], maxDepth, areApart: true })
      : new Map<string, number>(),
  ]);
  /** The touched records that hang below a touched one, none between them: how far below. */
  const hanging = new Map<string, Map<string, number>>();
  const carrier = (id: string): readonly [string, number] | null => {
    const above = chain(parents, parents.get(id) ?? null);
    const distance = above.findIndex((one) => touched.has(one));
    return distance < 0 ? null : [above[distance] ?? "", distance + 1];
  };
  const leave = (id: string): void => {
    hanging.get(carrier(id)?.[0] ?? "")?.delete(id);
    parents.set(id, null);
  };
  const settle = (id: string, parent: string | null): void => {
    parents.set(id, parent);
    const [owner, distance] = carrier(id) ?? [];
    if (owner === undefined || distance === undefined) return;
    hanging.set(owner, (hanging.get(owner) ?? new Map<string, number>()).set(id, distance));
  };
  const height = (id: string): number =>
    Math.max(
      heights.get(id) ?? 0,
      ...[...(hanging.get(id) ?? [])].map(([below, distance]) => distance + height(below)),
    );
  for (const { id, before } of touched.values()) {
    if (before !== null) settle(id, textOf(before, key));
  }
  return {
    leave: ({ id }) => {
      if (touched.has(id)) leave(id);
    },
    check: ({ id, values, problems }) => {
      const parent = textOf(values, key);
      if (!touched.has(id) || parent === null) return;
      const above = chain(parents, parent);
      if (above.includes(id)) {
        problems.push(invalid([restName(key)], inCircle));
      } else if (maxDepth !== null && above.length + 1 + height(id) > maxDepth) {
        problems.push(
          invalid(
            [restName(key)],
            `would make a chain of more than ${maxDepth}; put it higher up.`,
          ),
        );
      }
    },
    settle: ({ id, before, values }, stands) => {
      if (touched.has(id)) settle(id, textOf((stands ? values : before) ?? {}, key));
    },
  };
}

/** The parents of records and of all above them. */
export const parentsOf = (
  unit: WriteUnit,
  entity: Entity,
  key: string,
  ids: readonly string[],
): Promise<Map<string, string | null>> => parentsAbove(unit, tableOf(unit, entity, key), ids);

/** How many levels hang below each record, as far as `maxDepth`. */
export const heightsOf = (
  unit: WriteUnit,
  entity: Entity,
  key: string,
  options: { readonly ids: readonly string[]; readonly maxDepth: number },
): Promise<Map<string, number>> =>
  heightsBelow(unit, tableOf(unit, entity, key), { ...options, areApart: false });

/** A record and all above it, nearest first. */
export function chain(parents: ReadonlyMap<string, string | null>, from: string | null): string[] {
  const found = new Set<string>();
  for (let id = from; id !== null && !found.has(id); id = parents.get(id) ?? null) found.add(id);
  return [...found];
}

type Tree = { readonly table: Sql; readonly key: Sql; readonly tenant: Sql };

function tableOf(unit: WriteUnit, entity: Entity, key: string): Tree {
  const definition = entity.fields[key];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${key}`);
  return {
    table: raw(name(entity.table)),
    key: raw(name(definition.column)),
    tenant: unit.tenant,
  };
}

async function parentsAbove(
  unit: WriteUnit,
  { table, key, tenant }: Tree,
  ids: readonly string[],
): Promise<Map<string, string | null>> {
  const rows = await unit.rows(
    sql`WITH RECURSIVE up(id, parent) AS (
      SELECT t.id, t.${key} FROM ${table} t WHERE t.tenant_id = ${tenant} AND t.id = ANY (${param(ids, "uuid[]")})
      UNION SELECT t.id, t.${key} FROM up JOIN ${table} t ON t.tenant_id = ${tenant} AND t.id = up.parent
    ) SELECT id, parent FROM up`,
  );
  return new Map(rows.map(([id, parent]) => [id ?? "", parent ?? null]));
}

/** How many levels hang below each record; not those that hang by another of them, if they are apart. */
async function heightsBelow(
  unit: WriteUnit,
  { table, key, tenant }: Tree,
  {
    ids,
    maxDepth,
    areApart,
  }: { readonly ids: readonly string[]; readonly maxDepth: number; readonly areApart: boolean },
): Promise<Map<string, number>> {
  const roots = param(ids, "uuid[]");
  const apart = areApart ? sql` AND t.id <> ALL (${roots})` : raw("");
  const rows = await unit.rows(
    sql`WITH RECURSIVE down(root, id, level) AS (
      SELECT r.id, r.id, 0 FROM unnest(${roots}) r(id)
      UNION SELECT d.root, t.id, d.level + 1 FROM down d JOIN ${table} t ON t.tenant_id = ${tenant} AND t.${key} = d.id
      WHERE d.level < ${param(maxDepth, "integer")}${apart}
    ) SELECT root, max(level) FROM down GROUP BY root`,
  );
  return new Map(rows.map(([root, level]) => [root ?? "", Number(level)]));
}
