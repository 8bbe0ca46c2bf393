import { join, name, raw, sql, type Sql } from "../../lib/sql.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import { fieldSql } from "../../query/order.ts";

/** The joins of a row, or of the answer's single row, and their costs. */
export type Joined = {
  readonly joins: Sql[];
  /** Costs that the statement computes. */
  readonly costs: Sql[];
  /** The sum of the costs that are known when compiling. */
  cost: number;
  /** The condition under which the joins of the row are read. */
  guard: Sql | null;
};

export const joined = (): Joined => ({ joins: [], costs: [], cost: 0, guard: null });

/** All joins as they follow the row in FROM. */
export const joinsOf = ({ joins }: Joined): Sql =>
  joins.length === 0 ? raw("") : sql` ${join(joins, " ")}`;

/** A row of an entity in SQL, and the expressions that read its fields. */
export type RowSql = Joined & {
  readonly entity: Entity;
  readonly alias: string;
  readonly field: (name: string) => Sql;
};

/** A row that is read directly from its table. */
export const tableRow = (entity: Entity, alias: string): RowSql => ({
  ...joined(),
  entity,
  alias,
  field: (field) => fieldSql(alias, field, fieldOf(entity, field)),
});

/** A row of a subquery. `columns` gives the columns that the subquery has to select: those of the fields read so far. */
export function subqueryRow(entity: Entity, alias: string): RowSql & { columns: () => Sql[] } {
  const columns = new Map<string, Sql>();
  return {
    ...joined(),
    entity,
    alias,
    field: (field) => {
      const definition = fieldOf(entity, field);
      // Edges compare the columns of keys by their own names.
      const column = definition.expression === null ? definition.column : `read ${field}`;
      columns.set(column, fieldSql("t", field, definition));
      return raw(`${alias}.${name(column)}`);
    },
    columns: () => [...columns].map(([column, value]) => sql`${value} AS ${raw(name(column))}`),
  };
}
