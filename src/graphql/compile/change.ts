import { join, sql } from "../../lib/sql.ts";
import { fieldOf } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { orNull, quoted, type Json } from "./json.ts";
import { recordAmong } from "./record.ts";
import type { RowSql } from "./row-sql.ts";

/** The entities that an `anyReference` may name, and the column that says which of them it is. */
function namedAmong(c: Compilation, { entity, field }: RowSql, { typed }: Field) {
  const entities = (entity.tellsOf ?? []).map((name) => c.catalog.entity(name));
  return {
    key: field(typed ?? ""),
    entities: entities.map((one) => [one.type, one] as const),
  };
}

/** The id of a record of any entity, with the prefix of the one that another column names. */
export function anyIdJson(c: Compilation, row: RowSql, name: string, definition: Field): Json {
  const { key, entities } = namedAmong(c, row, definition);
  const prefixes = entities.map(
    ([type, { prefix }]) => sql`WHEN ${quoted(type)} THEN ${quoted(prefix)}`,
  );
  return [`"`, sql`CASE ${key} ${join(prefixes, " ")} END`, "-", row.field(name), `"`];
}

/** The record that such an id names, as it is now. */
export function anyRecordJson(c: Compilation, selected: Selected, row: RowSql, name: string): Json {
  const among = namedAmong(c, row, fieldOf(row.entity, name));
  return orNull(recordAmong(c, among, selected, true, row.field(name)));
}
