import type { Stored } from "../model/record.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import { isOneOf, name, param, raw, sql, type Sql } from "../lib/sql.ts";
import { computedValues, writtenColumns, type Column } from "./stored.ts";

/** Inserts records; every column's value is given. */
export function insertSql(entity: Entity, records: readonly Stored[]): Sql {
  const columns = writtenColumns(entity);
  const rows = records.map((record) => {
    const computed = computedValues(entity, record);
    const row: Record<string, unknown> = {};
    for (const [index, { field }] of columns.entries()) {
      const value = Object.hasOwn(computed, field) ? computed[field] : record[field];
      // What is left out is null.
      if (value != null) row[`c${index}`] = value;
    }
    return row;
  });
  const names = columns.map(({ column }) => column).join(", ");
  const values = columns.map((_, index) => `r.c${index}`).join(", ");
  const types = columns.map(({ type }, index) => `c${index} ${type}`).join(", ");
  return sql`INSERT INTO ${raw(name(entity.table))} (${raw(names)}) SELECT ${raw(values)} FROM json_to_recordset(${param(
    JSON.stringify(rows),
    "json",
  )}) AS r(${raw(types)}) RETURNING 1`;
}

/** Gives columns of records the values that they have in `records`. */
export function updateSql(
  entity: Entity,
  columns: readonly Column[],
  records: readonly Stored[],
  tenant: Sql,
): Sql {
  const rows = records.map((record) => ({
    id: record.id,
    ...Object.fromEntries(columns.map(({ field }, index) => [`c${index}`, record[field] ?? null])),
  }));
  const assignments = columns.map(({ column }, index) => `${column} = r.c${index}`).join(", ");
  const types = columns.map(({ type }, index) => `, c${index} ${type}`).join("");
  // PostgreSQL takes any JSON for 100 rows, and then reads small tables from end to end: the ids tell it better.
  const ids = records.map(({ id }) => id);
  return sql`UPDATE ${raw(name(entity.table))} t SET ${raw(assignments)} FROM json_to_recordset(${param(
    JSON.stringify(rows),
    "json",
  )}) AS r(id uuid${raw(types)}) WHERE t.${raw(name(entity.tenantColumn))} = ${tenant} AND t."id" = r.id AND ${isOneOf(raw(`t."id"`), ids, "uuid")}`;
}

/** Empties a field, with what the gateway looks it up by: `columns` are those of both. */
export function clearSql(
  entity: Entity,
  columns: readonly Column[],
  ids: readonly string[],
  { field, tenant }: { readonly field: string; readonly tenant: Sql },
): Sql {
  const definition = fieldOf(entity, field);
  // Where null cannot stand, a value that nobody else has.
  const value = definition.nullable ? "NULL" : definition.kind.standIn;
  const assignments = columns.map(({ column }) => `${column} = ${value}`).join(", ");
  return sql`UPDATE ${raw(name(entity.table))} SET ${raw(assignments)} WHERE "tenant_id" = ${tenant} AND "id" = ANY (${param(ids, "uuid[]")})`;
}
