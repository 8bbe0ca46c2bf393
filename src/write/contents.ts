import type { Values } from "../model/record.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import type { Cells } from "../query/row.ts";
import { name, param, raw, sql } from "../lib/sql.ts";
import { columnSql } from "./column.ts";
import type { Taken } from "./entity-writes.ts";
import { readPlain } from "./stored.ts";
import type { WriteUnit } from "./unit.ts";

/** Every kind of record that records of an entity contain, directly or not. */
export function contentsOf(unit: WriteUnit, root: Entity): Entity[] {
  const found = new Set<Entity>();
  const walk = (entity: Entity): void => {
    for (const relation of Object.values(entity.relations)) {
      if (relation.kind !== "many" || !relation.contained) continue;
      const child = unit.catalog.entity(relation.to);
      if (found.has(child)) continue;
      found.add(child);
      walk(child);
    }
  };
  walk(root);
  return [...found];
}

/** The deletion that took a record; none while it lives. */
export function deletionOf(record: Values): string[] {
  const deletionId = record["deletionId"];
  return typeof deletionId === "string" ? [deletionId] : [];
}

/** Deletes what records contain, level by level: `parents` says which deletion each record belongs to. */
export async function deleteContents(
  unit: WriteUnit,
  entity: Entity,
  parents: ReadonlyMap<string, string>,
  contents: Map<Entity, string[]>,
): Promise<void> {
  if (parents.size === 0) return;
  const owners = sql`unnest(${param([...parents.keys()], "uuid[]")}, ${param([...parents.values()], "uuid[]")}) AS p(id, deletion)`;
  for (const relation of Object.values(entity.relations)) {
    if (relation.kind !== "many" || !relation.contained) continue;
    const child = unit.catalog.entity(relation.to);
    const key = columnSql(child, relation.key);
    const table = raw(name(child.table));
    const gone = { at: param(unit.now, "timestamptz"), by: param(unit.actor.id, "text") };
    const rows = await unit.rows(
      sql`UPDATE ${table} t SET ${stamped(unit)}, "deleted_at" = ${gone.at}, "deleted_by" = ${gone.by}, "deletion_id" = k.deletion
        FROM (SELECT t."id", p.deletion FROM ${table} t JOIN ${owners} ON ${key} = p.id
          WHERE t."tenant_id" = ${unit.tenant} AND t."deleted_at" IS NULL ORDER BY t."id" FOR NO KEY UPDATE OF t) k
        WHERE t."tenant_id" = ${unit.tenant} AND t."id" = k."id" RETURNING t."id", t."version", t."updated_at", t."app_id", k.deletion`,
    );
    const moved = logged(unit, child, "deleted", rows);
    contents.set(child, [...(contents.get(child) ?? []), ...moved.keys()]);
    await deleteContents(unit, child, moved, contents);
  }
}

/** Brings back what deletions took along. */
export async function restoreContents(
  unit: WriteUnit,
  entity: Entity,
  deletions: readonly string[],
): Promise<Taken> {
  const contents = new Map<Entity, string[]>();
  for (const child of contentsOf(unit, entity)) {
    const rows = await unit.rows(
      sql`UPDATE ${raw(name(child.table))} t SET ${stamped(unit)}, "deleted_at" = NULL, "deleted_by" = NULL, "deletion_id" = NULL FROM (
        SELECT o."id", o."deletion_id", o."deleted_at", o."deleted_by" FROM ${raw(name(child.table))} o
        WHERE o."tenant_id" = ${unit.tenant} AND o."deletion_id" = ANY (${param(deletions, "uuid[]")}) ORDER BY o."id" FOR NO KEY UPDATE
      ) p WHERE t."tenant_id" = ${unit.tenant} AND t."id" = p.id RETURNING t."id", t."version", t."updated_at", t."app_id", p."deletion_id", p."deleted_at", p."deleted_by"`,
    );
    contents.set(child, [...logged(unit, child, "restored", rows).keys()]);
  }
  return contents;
}

/** Citus refuses `timestamptz + interval` here: days and months in it depend on the session's time zone. */
const justAfter = `(t."updated_at" AT TIME ZONE 'UTC' + interval '1 millisecond') AT TIME ZONE 'UTC'`;

function stamped(unit: WriteUnit) {
  return sql`"version" = t."version" + 1, "updated_at" = greatest(${param(unit.now, "timestamptz")}, ${raw(justAfter)}), "updated_by" = ${param(unit.actor.id, "text")}`;
}

/** Logs rows that came back as id, version, update, application, deletion, and when and by whom if not just now; gives the deletion of each. */
function logged(
  unit: WriteUnit,
  entity: Entity,
  operation: "deleted" | "restored",
  rows: readonly Cells[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [id, version, updatedAt, appId, deletionId, at, deletedBy = unit.actor.id] of rows) {
    if (id == null || deletionId == null) continue;
    found.set(id, deletionId);
    const instant = deletedAtField(entity);
    const deletedAt = at === undefined ? unit.now : readPlain(instant, at);
    unit.logMoved(entity, operation, {
      id,
      version: Number(version),
      updatedAt: String(readPlain(instant, updatedAt ?? null)),
      appId: appId ?? null,
      deletion: { deletedAt, deletedBy, deletionId },
    });
  }
  return found;
}

function deletedAtField({ fields, name: entity }: Entity): Field {
  const field = fields["deletedAt"];
  if (field === undefined) throw new Error(`${entity} is not soft-deleted`);
  return field;
}
