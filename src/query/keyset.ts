import type { CursorValues } from "../lib/cursor.ts";
import type { SortTerm } from "./order.ts";
import { all, any, join, param, raw, sql, type Sql } from "./sql.ts";

/**
 * The rows that come after a cursor in the order of the terms (`inclusive`: the cursor's own row too).
 * Every term has its value in the cursor, nulls included, so ties and unselected columns need nothing else.
 */
export function afterCursor(terms: readonly SortTerm[], values: CursorValues, inclusive: boolean): Sql {
  const bounds = terms.map((term, index) => ({ term, value: valueSql(term, values[index] ?? null) }));
  const [first] = bounds;
  if (first === undefined) throw new Error("a keyset needs at least one term");

  // One row comparison, which a btree index answers directly, when nothing is null and all run one way.
  const uniform = bounds.every(
    ({ term, value }) => value !== null && !term.nullable && term.descending === first.term.descending,
  );
  if (uniform) {
    const left = join(bounds.map(({ term }) => term.expression), ", ");
    const right = join(bounds.map(({ value }) => value ?? raw("NULL")), ", ");
    const operator = `${first.term.descending ? "<" : ">"}${inclusive ? "=" : ""}`;
    return sql`(${left}) ${raw(operator)} (${right})`;
  }

  const alternatives: Sql[] = [];
  const ties: Sql[] = [];
  for (const { term, value } of bounds) {
    alternatives.push(all([...ties, beyond(term, value)]));
    ties.push(equal(term, value));
  }
  if (inclusive) alternatives.push(all(ties));
  const exact = any(alternatives);
  const { term, value } = first;
  // Repeats what follows from the alternatives in a form that lets an index scan start at the cursor.
  if (value !== null && !(term.nullable && !term.nullsFirst)) {
    return all([sql`${term.expression} ${raw(term.descending ? "<=" : ">=")} ${value}`, exact]);
  }
  return exact;
}

function valueSql(term: SortTerm, value: string | null): Sql | null {
  return value === null ? null : param(value, term.type);
}

function equal(term: SortTerm, value: Sql | null): Sql {
  return value === null ? sql`${term.expression} IS NULL` : sql`${term.expression} = ${value}`;
}

function beyond(term: SortTerm, value: Sql | null): Sql {
  if (value === null) return term.nullsFirst ? sql`${term.expression} IS NOT NULL` : raw("FALSE");
  const compared = sql`${term.expression} ${raw(term.descending ? "<" : ">")} ${value}`;
  return term.nullable && !term.nullsFirst ? any([compared, sql`${term.expression} IS NULL`]) : compared;
}
