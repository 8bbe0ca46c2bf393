import { reversed, type SortTerm } from "./order.ts";
import { all, any, join, never, param, raw, sql, type Sql } from "../lib/sql.ts";

/** A cursor's value for each term: null, or any value of a parameter. */
type BoundValues = readonly unknown[];

/**
 * The rows that come after a cursor in the order of the terms (`inclusive`: the cursor's own row too).
 * Every term has its value in the cursor, nulls included, so ties and unselected columns need nothing else.
 */
export function afterCursor(
  terms: readonly SortTerm[],
  values: BoundValues,
  inclusive: boolean,
): Sql {
  const bounds = terms.map((term, index) => ({
    term,
    value: valueSql(term, values[index] ?? null),
  }));
  const [first] = bounds;
  if (first === undefined) throw new Error("a keyset needs at least one term");

  // One row comparison, which a btree index answers directly, when nothing is null and all run one way.
  const uniform = bounds.every(
    ({ term, value }) =>
      value !== null && !term.nullable && term.descending === first.term.descending,
  );
  if (uniform) {
    const left = join(
      bounds.map(({ term }) => term.expression),
      ", ",
    );
    const right = join(
      bounds.map(({ value }) => value ?? raw("NULL")),
      ", ",
    );
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

/** A cursor's value as a parameter; null for null. */
export function valueSql(term: SortTerm, value: unknown): Sql | null {
  return value === null ? null : param(value, term.type);
}

function equal(term: SortTerm, value: Sql | null): Sql {
  return value === null ? sql`${term.expression} IS NULL` : sql`${term.expression} = ${value}`;
}

function beyond(term: SortTerm, value: Sql | null): Sql {
  if (value === null) return term.nullsFirst ? sql`${term.expression} IS NOT NULL` : never;
  const compared = sql`${term.expression} ${raw(term.descending ? "<" : ">")} ${value}`;
  return term.nullable && !term.nullsFirst
    ? any([compared, sql`${term.expression} IS NULL`])
    : compared;
}

/** A part of a list in which the first sort column is nowhere null, or everywhere: an index can give each in order. */
type Branch = { readonly terms: readonly SortTerm[]; readonly conditions: readonly Sql[] };
/** The cursors of a page; null for a cursor that was not passed. */
export type Bounds = { readonly after: BoundValues | null; readonly before: BoundValues | null };

/**
 * Splits a list whose first sort column can be null into rows with a value and rows without. However nulls are
 * placed, the same plain index then serves both parts, and each begins at its cursor instead of at its start.
 * Parts that lie wholly outside the cursors are left out.
 */
export function branches(terms: readonly SortTerm[], bounds: Bounds): Branch[] {
  const [first] = terms;
  if (first === undefined || !first.nullable) {
    const conditions = boundConditions(terms, bounds, (bound, values) =>
      afterCursor(bound, values, false),
    );
    return [{ terms, conditions: conditions ?? [] }];
  }
  const parts: Branch[] = [];
  for (const isNull of [false, true]) {
    const conditions = boundConditions(terms, bounds, (bound, values) =>
      partBound(bound, values, isNull),
    );
    if (conditions === null) continue;
    const test = sql`${first.expression} IS ${raw(isNull ? "NULL" : "NOT NULL")}`;
    // With the null question settled, the order is said as the index has it.
    const plain = { ...first, nullsFirst: first.descending };
    parts.push({ terms: [plain, ...terms.slice(1)], conditions: [test, ...conditions] });
  }
  // Cursors the wrong way round, one among values and one among nulls, leave no part: nothing matches.
  return parts.length > 0 ? parts : [{ terms, conditions: [never] }];
}

/** The conditions of both cursors; null when one of them leaves nothing. */
function boundConditions(
  terms: readonly SortTerm[],
  { after, before }: Bounds,
  bound: (terms: readonly SortTerm[], values: BoundValues) => Sql | "all" | "none",
): Sql[] | null {
  const found = [
    after === null ? "all" : bound(terms, after),
    before === null ? "all" : bound(reversed(terms), before),
  ] as const;
  if (found.includes("none")) return null;
  return found.filter((condition) => typeof condition !== "string");
}

function partBound(
  terms: readonly SortTerm[],
  values: BoundValues,
  isNull: boolean,
): Sql | "all" | "none" {
  const [first, ...rest] = terms;
  if (first === undefined) return "all";
  const cursorIsNull = (values[0] ?? null) === null;
  if (cursorIsNull !== isNull) return first.nullsFirst === cursorIsNull ? "all" : "none";
  if (isNull) return afterCursor(rest, values.slice(1), false);
  return afterCursor([{ ...first, nullable: false }, ...rest], values, false);
}
