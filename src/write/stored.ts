import type { ModelName } from "../model/datamodel.ts";
import type { Entity } from "../model/entity.ts";
import { sqlTypeOf, type Computed, type Field } from "../model/field.ts";
import type { Cells } from "../query/row.ts";
import { name, raw, type Sql } from "../lib/sql.ts";
import type { Stored, Values } from "../model/record.ts";

/** A column that the gateway writes. */
export type Column = {
  readonly field: string;
  readonly definition: Field;
  readonly column: string;
  readonly type: string;
};

const known = new WeakMap<Entity, readonly Column[]>();

/** The columns of an entity that are written: all but those that PostgreSQL computes. */
export function writtenColumns(entity: Entity): readonly Column[] {
  let columns = known.get(entity);
  if (columns === undefined) {
    columns = Object.entries({ ...entity.fields, ...entity.internal })
      .filter(([, definition]) => !definition.generated)
      .map(([field, definition]) => ({
        field,
        definition,
        column: name(definition.column),
        type: sqlTypeOf(definition),
      }));
    known.set(entity, columns);
  }
  return columns;
}

/** What the gateway makes of a record's values beside them; with `written`, only of those fields. */
export function computedValues(entity: Entity, values: Values, written = values): Values {
  return Object.fromEntries(
    Object.entries(entity.internal).flatMap(([field, { computed }]) =>
      computed?.of.some((one) => Object.hasOwn(written, one)) === true
        ? [[field, computedValue(computed, values)]]
        : [],
    ),
  );
}

/** A value that follows from others of its record. */
export function computedValue({ of, make }: Computed, values: Values): string | null {
  return make(
    ...of.map((field) => {
      const value = values[field];
      return typeof value === "string" ? value : null;
    }),
  );
}

/** What is selected to read a stored record back with {@link readStored}. */
export function storedColumns(entity: Entity): Sql {
  return raw(
    [...writtenColumns(entity).map(({ column }) => `t.${column}`), ...derivedSql(entity)].join(
      ", ",
    ),
  );
}

/** Generated columns and expressions: under the field's name, with `read:` before it where the column is written too. */
function derivedSql(entity: Entity): string[] {
  return derivedFields(entity).map(([, definition]) =>
    definition.expression === null
      ? `t.${name(definition.column)}`
      : definition.expression.replaceAll("{t}", "t"),
  );
}

function derivedFields(entity: Entity): [string, Field][] {
  return Object.entries(entity.fields).filter(
    ([, definition]) => definition.generated || definition.expression !== null,
  );
}

/** The record in the cells of {@link storedColumns}: all its columns, and what its derived fields read as now. */
export function readStored<Model extends ModelName>(
  entity: Entity<Model>,
  cells: Cells,
): Stored<Model>;
export function readStored(entity: Entity, cells: Cells): Stored {
  const record: Record<string, unknown> = {};
  const columns = writtenColumns(entity);
  for (const [index, { field, definition }] of columns.entries()) {
    record[field] = readPlain(definition, cells[index] ?? null);
  }
  for (const [index, [field, definition]] of derivedFields(entity).entries()) {
    const key = definition.expression === null ? field : `read:${field}`;
    record[key] = readPlain(definition, cells[columns.length + index] ?? null);
  }
  return { ...record, id: String(record["id"]) };
}

/** A value as JSON holds it without loss: decimals as canonical text, instants as ISO text. */
export function readPlain({ kind }: Field, text: string | null): unknown {
  return text === null ? null : kind.plain(text);
}
