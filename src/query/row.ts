import type { Catalog } from "../model/catalog.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
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
    read: rowReader(entity, fields),
  };
}

/** What is read of every row: the id, then the other fields. */
function withId(fields: readonly string[]): string[] {
  return ["id", ...fields.filter((field) => field !== "id")];
}

/** The columns behind fields, in their order. */
function columnsSql(entity: Entity, alias: string, fields: readonly string[]): Sql[] {
  return fields.map((field) => fieldSql(alias, field, fieldOf(entity, field)));
}

/** Reads the record in a row whose cells from `start` on are those of the fields. */
function rowReader(
  entity: Entity,
  fields: readonly string[],
): (cells: Cells, start: number) => Row {
  const columns = fields.map((field) => ({ field, read: fieldOf(entity, field).kind.read }));
  return (cells, start) => {
    const record: Record<string, unknown> = {};
    for (const [index, { field, read }] of columns.entries()) {
      const cell = cells[start + index] ?? null;
      record[field] = cell === null ? null : read(cell);
    }
    return record;
  };
}

/** Reads a value that PostgreSQL printed as text. */
export function readValue({ kind }: Field, text: string | null): unknown {
  return text === null ? null : kind.read(text);
}
