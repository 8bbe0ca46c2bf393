import { parseJson } from "../lib/exact-number.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import { fieldSql } from "./order.ts";
import type { Sql } from "../lib/sql.ts";
import type { ViewerSql } from "./visible.ts";

/** A record as the read engine gives it: field name → value. Decimals and days stay text, instants are Dates; numbers inside JSON keep all digits. */
export type Row = Readonly<Record<string, unknown>>;

/** A row as PostgreSQL printed it, a text for each column. */
export type Cells = readonly (string | null)[];

/** What is read of every row of a table that stands as `t`, and what is made of it. */
export type Columns<Item> = {
  /** The first is the id, which is never null. */
  readonly sql: (viewer: ViewerSql, catalog: Catalog) => readonly Sql[];
  /** Reads the cells from `start` on. */
  readonly read: (cells: Cells, start: number) => Item;
};

/** The fields of an entity as a record; the id always comes along. */
export function rowColumns(entity: Entity, wanted: readonly string[]): Columns<Row> {
  const fields = withId(wanted);
  return {
    sql: () => columnsSql(entity, "t", fields),
    read: (cells, start) => readRow(entity, fields, cells, start),
  };
}

/** What is read of every row: the id, then the other fields. */
export function withId(fields: readonly string[]): string[] {
  return ["id", ...fields.filter((field) => field !== "id")];
}

/** The columns behind fields, in their order. */
export function columnsSql(entity: Entity, alias: string, fields: readonly string[]): Sql[] {
  return fields.map((field) => {
    const definition = entity.fields[field];
    if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
    return fieldSql(alias, field, definition);
  });
}

/** The record in a row whose cells from `start` on are those of the fields. */
export function readRow(entity: Entity, fields: readonly string[], cells: Cells, start = 0): Row {
  const record: Record<string, unknown> = {};
  for (const [index, field] of fields.entries()) {
    record[field] = readValue(entity.fields[field], cells[start + index] ?? null);
  }
  return record;
}

/** Reads a value that PostgreSQL printed as text. No decimal passes through a float on its way. */
export function readValue(definition: Field | undefined, text: string | null): unknown {
  if (text === null || definition === undefined) return null;
  switch (definition.kind) {
    case "int":
    case "bigInt":
      return Number(text);
    case "boolean":
      return text === "t";
    case "dateTime":
      return readInstant(text);
    case "json":
    case "jsonObject":
      return parseJson(text);
    case "textList":
      return readTextArray(text);
    default:
      return text;
  }
}

/** `2026-03-18 15:40:12.5+00` (the pool's sessions run in UTC) → Date. */
function readInstant(text: string): Date {
  return new Date(`${text.replace(" ", "T").replace(/\+00$/, "")}Z`);
}

/** PostgreSQL's array literal of text, one dimension: `{a,"b \"c\"",NULL}`. */
export function readTextArray(text: string): string[] {
  const items: string[] = [];
  const pattern = /"((?:[^"\\]|\\.)*)"|[^,{}]+/gs;
  for (const match of text.slice(1, -1).matchAll(pattern)) {
    const quoted = match[1];
    items.push(quoted === undefined ? match[0] : quoted.replace(/\\(.)/gs, "$1"));
  }
  return items;
}
