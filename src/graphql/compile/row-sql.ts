import { join, name, raw, sql, type Sql } from "../../lib/sql.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import { fieldSql } from "../../query/order.ts";

/** What is joined to a row, or to the one row of the answer, and what that costs. */
export type Joined = {
  readonly joins: Sql[];
  /** Costs that the statement works out. */
  readonly costs: Sql[];
  /** Those that are known. */
  cost: number;
  /** What must hold so that anything is read for the row. */
  guard: Sql | null;
};

export const joined = (): Joined => ({ joins: [], costs: [], cost: 0, guard: null });

/** Everything that is joined, to stand behind the row in FROM. */
export const joinsOf = ({ joins }: Joined): Sql =>
  joins.length === 0 ? raw("") : sql` ${join(joins, " ")}`;

/** A row of an entity in SQL: how its fields are read there. */
export type RowSql = Joined & {
  readonly entity: Entity;
  readonly alias: string;
  readonly field: (name: string) => Sql;
};

/** The row of a table itself. */
export const tableRow = (entity: Entity, alias: string): RowSql => ({
  ...joined(),
  entity,
  alias,
  field: (field) => fieldSql(alias, field, fieldOf(entity, field)),
});

/** A row that comes out of a subquery, which selects what is read of it: `columns`, filled as fields are asked for. */
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
