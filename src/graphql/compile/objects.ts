import { raw, sql } from "../../lib/sql.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { quoted, textOf, type Json } from "./json.ts";
import { printedObject } from "./record.ts";
import type { RowSql } from "./row-sql.ts";

/** The objects of a JSON list. A field shows the text under its own name; any other value is null. */
export function objectsJson(c: Compilation, selected: Selected, row: RowSql, field: string): Json {
  const alias = c.nextAlias();
  const object = printedObject(c, selected, ({ name }) => {
    const value = sql`(${raw(`${alias}.item`)} -> ${quoted(name)})`;
    return [sql`CASE jsonb_typeof(${value}) WHEN 'string' THEN ${value}::text ELSE 'null' END`];
  });
  const list = sql`string_agg(${textOf(object)}, ',' ORDER BY ${raw(`${alias}.place`)})`;
  const items = sql`jsonb_array_elements(${row.field(field)}) WITH ORDINALITY`;
  const isObject = sql`jsonb_typeof(${raw(`${alias}.item`)}) = 'object'`;
  const from = sql`${items} AS ${raw(alias)}(item, place) WHERE ${isObject}`;
  return ["[", sql`(SELECT ${list} FROM ${from})`, "]"];
}
