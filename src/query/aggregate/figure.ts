import type { Entity } from "../../model/entity.ts";
import type { FigureName } from "../../model/measure.ts";
import { fieldSql } from "../order.ts";
import { name, raw, sql, type Sql } from "../../lib/sql.ts";

/** One figure over rows: `{ of: "sum", field: "value" }`. */
export type Figure = { readonly of: FigureName; readonly field: string };

/** What is gathered of a field first, so that any figure over several gatherings comes out exact. */
const partials: Readonly<Record<FigureName, readonly ("sum" | "count" | "min" | "max")[]>> = {
  sum: ["sum"],
  avg: ["sum", "count"],
  min: ["min"],
  max: ["max"],
};

/** The columns of `b` that the figures are made of, computed over rows `t`. */
export function partialColumns(entity: Entity, figures: readonly Figure[]): Sql[] {
  const columns = new Map<string, Sql>();
  for (const { of, field } of figures) {
    const definition = entity.fields[field];
    if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
    for (const partial of partials[of]) {
      const alias = name(`${partial} ${field}`);
      const computed = sql`${raw(partial)}(${fieldSql("t", field, definition)})`;
      columns.set(alias, sql`${computed} AS ${raw(alias)}`);
    }
  }
  return [...columns.values()];
}

/** The figure over rows of `b`; only over those where `only` holds. */
export function figureColumn({ of, field }: Figure, only?: Sql): Sql {
  const filter = only === undefined ? raw("") : sql` FILTER (WHERE ${only})`;
  const over = (aggregate: string, partial: string): Sql =>
    sql`${raw(`${aggregate}(b.${name(`${partial} ${field}`)})`)}${filter}`;
  return of === "avg" ? average(over("sum", "sum"), over("sum", "count")) : over(of, of);
}

/**
 * Sum by count, rounded half up (away from zero) to 4 fraction digits, in whole numbers: PostgreSQL's division rounds
 * by itself at some later digit, and rounding twice can be off by one. The sum has at most 4 fraction digits.
 */
function average(total: Sql, count: Sql): Sql {
  return sql`sign(${total}) * div(abs(${total}) * 20000 + ${count}, nullif(2 * ${count}, 0)) * 0.0001`;
}
