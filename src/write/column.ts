import type { Entity } from "../model/entity.ts";
import { name, raw, type Sql } from "../lib/sql.ts";

/** The column of an entity's field in SQL, of the table `alias`. */
export function columnSql(entity: Entity, field: string, alias = "t"): Sql {
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  return raw(`${alias}.${name(definition.column)}`);
}
