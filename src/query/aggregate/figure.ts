import { fieldOf, type Entity } from "../../model/entity.ts";
import type { FigureName } from "../../model/measure.ts";
import { fieldSql } from "../order.ts";
import { name, raw, sql, type Sql } from "../../lib/sql.ts";

/** One figure over rows: `{ of: "sum", field: "value" }`. */
export type Figure = { readonly of: FigureName; readonly field: string };

type PartialName = "sum" | "count" | "min" | "max";

/** What is gathered of a field first, so that any figure over several gatherings comes out exact. */
const partials: Readonly<Record<FigureName, readonly PartialName[]>> = {
  sum: ["sum"],
  avg: ["sum", "count"],
  min: ["min"],
  max: ["max"],
};

const columnOf = (partial: PartialName, field: string): string => name(`${partial} ${field}`);

/** The parts of the figures as columns, each once. */
function columnsOf(
  figures: readonly Figure[],
  computed: (partial: PartialName, field: string) => Sql,
): Sql[] {
  const columns = new Map<string, Sql>();
  for (const { of, field } of figures) {
    for (const partial of partials[of]) {
      const column = columnOf(partial, field);
      columns.set(column, sql`${computed(partial, field)} AS ${raw(column)}`);
    }
  }
  return [...columns.values()];
}

/** The columns of `b` that the figures are made of, computed over rows `t`. */
export function partialColumns(entity: Entity, figures: readonly Figure[]): Sql[] {
  return columnsOf(
    figures,
    (partial, field) => sql`${raw(partial)}(${fieldSql("t", field, fieldOf(entity, field))})`,
  );
}

/** The same columns, gathered once more over rows of `b`. */
export function combinedColumns(figures: readonly Figure[]): Sql[] {
  return columnsOf(figures, (partial, field) =>
    raw(`${partial === "count" ? "sum" : partial}(b.${columnOf(partial, field)})`),
  );
}

/** The figure over rows of `b`; only over those where `only` holds. */
export function figureColumn(figure: Figure, only?: Sql): Sql {
  const filter = only === undefined ? raw("") : sql` FILTER (WHERE ${only})`;
  return made(figure, (partial) => {
    const aggregate = partial === "count" ? "sum" : partial;
    return sql`${raw(`${aggregate}(b.${columnOf(partial, figure.field)})`)}${filter}`;
  });
}

/** The figure of one row of `b` alone. */
export function figureOfRow(figure: Figure): Sql {
  return made(figure, (partial) => raw(`b.${columnOf(partial, figure.field)}`));
}

function made({ of }: Figure, gathered: (partial: PartialName) => Sql): Sql {
  return of === "avg" ? average(gathered("sum"), gathered("count")) : gathered(of);
}

/**
 * Sum by count, rounded half up (away from zero) to 4 fraction digits, in whole numbers: PostgreSQL's division rounds
 * by itself at some later digit, and rounding twice can be off by one. The sum has at most 4 fraction digits.
 */
function average(total: Sql, count: Sql): Sql {
  return sql`sign(${total}) * div(abs(${total}) * 20000 + ${count}, nullif(2 * ${count}, 0)) * 0.0001`;
}
