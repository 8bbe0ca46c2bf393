import { columnOf, type Entity } from "../query/entity.ts";
import { name, param, raw, sql, type Sql } from "../query/sql.ts";
import { changes, textOf, type Draft } from "./draft.ts";
import { restName } from "./input.ts";
import { invalid } from "./problem.ts";
import type { WriteUnit } from "./unit.ts";

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

/** Keeps the records that name a parent of their own kind a forest: no cycles, and no chain longer than `maxDepth`. */
export async function checkHierarchy(
  unit: WriteUnit,
  entity: Entity,
  drafts: readonly Draft[],
  { key, maxDepth }: { readonly key: string; readonly maxDepth: number | null },
): Promise<void> {
  const touched = drafts.filter((draft) => changes(draft, key));
  const moved = touched.filter(({ values }) => textOf(values, key) !== null);
  if (moved.length === 0) return;
  const isMove = moved.some(({ before }) => before !== null);
  const tree = tableOf(unit, entity, key);
  const [parents, heights] = await Promise.all([
    parentsAbove(
      unit,
      tree,
      moved.flatMap(({ values }) => textOf(values, key) ?? []),
    ),
    isMove && maxDepth !== null
      ? heightsBelow(
          unit,
          tree,
          moved.map(({ id }) => id),
          maxDepth,
        )
      : new Map<string, number>(),
  ]);
  for (const draft of touched) {
    const parent = textOf(draft.values, key);
    const above = chain(parents, parent);
    const path = [restName(key)];
    if (above.includes(draft.id)) {
      draft.problems.push(invalid(path, "would close a circle: it is below this record already."));
      continue;
    }
    const height = heights.get(draft.id) ?? 0;
    if (maxDepth !== null && above.length + 1 + height > maxDepth) {
      draft.problems.push(
        invalid(path, `would make a chain of more than ${maxDepth}; put it higher up.`),
      );
      continue;
    }
    // Later drafts of the same call stand on this one, if it is written.
    if (draft.problems.length > 0) continue;
    parents.set(draft.id, parent);
    for (const [distance, id] of above.entries()) {
      if (heights.has(id)) heights.set(id, Math.max(heights.get(id) ?? 0, distance + 1 + height));
    }
  }
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
  heightsBelow(unit, tableOf(unit, entity, key), options.ids, options.maxDepth);

/** A record and all above it, nearest first. */
export function chain(parents: ReadonlyMap<string, string | null>, from: string | null): string[] {
  const found: string[] = [];
  for (let id = from; id !== null && !found.includes(id); id = parents.get(id) ?? null)
    found.push(id);
  return found;
}

type Tree = { readonly table: Sql; readonly key: Sql; readonly tenant: Sql };

function tableOf(unit: WriteUnit, entity: Entity, key: string): Tree {
  const definition = entity.fields[key];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${key}`);
  return {
    table: raw(name(entity.table)),
    key: raw(name(columnOf(key, definition))),
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

/** How many levels hang below each record. */
async function heightsBelow(
  unit: WriteUnit,
  { table, key, tenant }: Tree,
  ids: readonly string[],
  maxDepth: number,
): Promise<Map<string, number>> {
  const rows = await unit.rows(
    sql`WITH RECURSIVE down(root, id, level) AS (
      SELECT r.id, r.id, 0 FROM unnest(${param(ids, "uuid[]")}) r(id)
      UNION SELECT d.root, t.id, d.level + 1 FROM down d JOIN ${table} t ON t.tenant_id = ${tenant} AND t.${key} = d.id
      WHERE d.level < ${param(maxDepth, "integer")}
    ) SELECT root, max(level) FROM down GROUP BY root`,
  );
  return new Map(rows.map(([root, level]) => [root ?? "", Number(level)]));
}
