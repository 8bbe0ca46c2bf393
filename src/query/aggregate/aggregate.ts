import { collectAggregates, type Aggregate, type GroupTerm } from "./answer.ts";
import type { Catalog } from "../../model/catalog.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import type { OrderDirection } from "../../model/order.ts";
import { figureColumn, partialColumns, type Figure } from "./figure.ts";
import { currencyField, isMoney, type FigureName } from "../../model/measure.ts";
import { fieldSql } from "../order.ts";
import { matching, type RowsRequest } from "../page.ts";
import type { Cells } from "../row.ts";
import { join, name, param, raw, render, sql, type Sql, type Statement } from "../../lib/sql.ts";
import { viewerSql, type Viewer } from "../visible.ts";

/** What groups are put in order by. Of money, only the amounts in one currency are compared. */
export type GroupOrder = { readonly direction: OrderDirection } & (
  | { readonly by: "count" }
  | { readonly by: "key"; readonly field: string }
  | { readonly by: FigureName; readonly field: string; readonly currency: string | null }
);

/** What is asked of rows together: figures over all of them, and over groups of them. */
export type AggregateRequest = RowsRequest & {
  /** Over all rows; null when nothing of it was asked for. */
  readonly total: { readonly figures: readonly Figure[]; readonly groupCount: boolean } | null;
  /** Over each group; null when no groups were asked for. */
  readonly groups: {
    readonly figures: readonly Figure[];
    readonly order: readonly GroupOrder[];
    readonly limit: number;
  } | null;
  /** Empty: there are no groups. */
  readonly groupBy: readonly GroupTerm[];
};

/**
 * Renders the one statement that aggregates the rows of every parent at once. Each parent's rows are read once and
 * gathered as finely as anything needs (`base`: by key and currency); all else is made of what comes out of that.
 */
export function aggregateStatement(
  request: AggregateRequest,
  context: {
    readonly catalog: Catalog;
    readonly viewer: Viewer;
    readonly parentIds: readonly string[];
  },
): { statement: Statement; collect: (rows: readonly Cells[]) => Map<string, Aggregate> } {
  const { entity, total, groups, groupBy } = request;
  const matches = matching(request, context.catalog, viewerSql(context.viewer));
  const figures = distinct([...(total?.figures ?? []), ...(groups?.figures ?? [])]);
  const base = gathered(request, figures, matches);
  const keys = keyNames(groupBy);
  const rank =
    keys.length === 0
      ? raw("")
      : sql`, dense_rank() OVER (PARTITION BY b.ord ORDER BY ${join(keys, ", ")}) AS place`;
  const steps = [
    sql`k AS MATERIALIZED (${
      request.parent === null
        ? raw("SELECT NULL::uuid AS id, 1::bigint AS ord")
        : sql`SELECT id, ord FROM unnest(${param(context.parentIds, "uuid[]")}) WITH ORDINALITY AS u(id, ord)`
    })`,
    request.parent === null
      ? sql`base AS MATERIALIZED (SELECT 1::bigint AS ord, p.* FROM (${base}) p)`
      : sql`base AS MATERIALIZED (SELECT k.ord, p.* FROM k CROSS JOIN LATERAL (${base}) p)`,
    sql`ranked AS (SELECT b.*${rank} FROM base b)`,
  ];
  const layout = { entity, figures, keys: groups === null ? [] : groupBy };
  const parts: Sql[] = [];
  if (total !== null) {
    const hasCount = total.groupCount && keys.length > 0;
    const groupCount = raw(hasCount ? "max(b.place)" : "NULL::bigint");
    parts.push(
      part(layout, { from: raw("ranked b"), place: null, groupCount, wanted: total.figures }),
    );
  }
  if (groups !== null && keys.length > 0) {
    const limit = param(groups.limit, "integer");
    // By one key: by two, PostgreSQL merges by the first alone, and compares each group with each of the page.
    const first =
      groups.order.length === 0
        ? sql`(SELECT * FROM ranked WHERE place <= ${limit}) b`
        : sql`(SELECT r.*, o.better FROM placed o JOIN ranked r ON ARRAY[r.ord, r.place] = ARRAY[o.ord, o.place] WHERE o.better <= ${limit}) b`;
    if (groups.order.length > 0) steps.push(sql`placed AS (${placed(request, groups.order)})`);
    const place = raw(groups.order.length === 0 ? "b.place" : "b.better");
    parts.push(
      part(layout, { from: first, place, groupCount: raw("NULL::bigint"), wanted: groups.figures }),
    );
  }
  const statement = sql`WITH ${join(steps, ", ")} SELECT k.id, r.* FROM k JOIN (${join(
    parts,
    " UNION ALL ",
  )}) r USING (ord) ORDER BY r.ord, r.place, r.currency`;
  return { statement: render(statement), collect: (rows) => collectAggregates(rows, layout) };
}

const nameOf = ({ of, field }: Figure): string => `${of} ${field}`;
const keyNames = (groupBy: readonly GroupTerm[]): Sql[] =>
  groupBy.map((_, index) => raw(`b."key ${index}"`));

function distinct(figures: readonly Figure[]): Figure[] {
  return [...new Map(figures.map((figure) => [nameOf(figure), figure])).values()];
}

function hasMoney(entity: Entity, figures: readonly Figure[]): boolean {
  return figures.some(({ field }) => isMoney(fieldOf(entity, field)));
}

/** The rows `t` that match, by key and, where there is money, by currency. */
function gathered(
  { entity, groupBy, groups }: AggregateRequest,
  figures: readonly Figure[],
  matches: Sql,
): Sql {
  const compared = (groups?.order ?? []).flatMap((term) =>
    term.by === "count" || term.by === "key" ? [] : [{ of: term.by, field: term.field }],
  );
  const needed = distinct([...figures, ...compared]);
  const currency = hasMoney(entity, needed) ? currencyField(entity) : null;
  const by = [
    ...groupBy.map((term, index) => sql`${keySql(entity, term)} AS ${raw(`"key ${index}"`)}`),
    ...(currency === null
      ? []
      : [sql`${fieldSql("t", currency, fieldOf(entity, currency))} AS currency`]),
  ];
  const columns = join([...by, raw("count(*) AS n"), ...partialColumns(entity, needed)], ", ");
  const groupedBy = by.length === 0 ? "" : ` GROUP BY ${by.map((_, i) => i + 1).join(", ")}`;
  return sql`SELECT ${columns} FROM ${raw(name(entity.table))} t WHERE ${matches}${raw(groupedBy)}`;
}

/** The groups of each parent in the order that was asked for. */
function placed({ entity, groupBy }: AggregateRequest, order: readonly GroupOrder[]): Sql {
  const terms = [...order.map((term) => orderSql(term, groupBy, entity)), raw("b.place")];
  const by = join([raw("b.ord, b.place"), ...keyNames(groupBy)], ", ");
  return sql`SELECT b.ord, b.place, row_number() OVER (PARTITION BY b.ord ORDER BY ${join(terms, ", ")}) AS better FROM ranked b GROUP BY ${by}`;
}

/** Rows of the answer: one for all or for each group, and with money one more for each currency in it. */
function part(
  { entity, keys, figures }: { entity: Entity; keys: readonly GroupTerm[]; figures: Figure[] },
  {
    from,
    place,
    groupCount,
    wanted,
  }: { from: Sql; place: Sql | null; groupCount: Sql; wanted: readonly Figure[] },
): Sql {
  const wantedNames = new Set(wanted.map(nameOf));
  const byCurrency = hasMoney(entity, wanted);
  const by = place === null ? [raw("b.ord")] : [raw("b.ord"), place, ...keyNames(keys)];
  // Of the row over all currencies, money is not read.
  const sets = byCurrency
    ? sql`GROUPING SETS ((${join(by, ", ")}), (${join([...by, raw("b.currency")], ", ")}))`
    : join(by, ", ");
  const unknown = raw("NULL");
  const columns = [
    raw("b.ord"),
    sql`${place ?? raw("0::bigint")} AS place`,
    raw(byCurrency ? "GROUPING(b.currency) = 0 AS by_currency" : "FALSE AS by_currency"),
    raw(byCurrency ? "b.currency" : "NULL::text AS currency"),
    sql`${groupCount} AS groups`,
    raw("sum(b.n) AS n"),
    ...keyNames(keys).map((key, i) => sql`${place === null ? unknown : key} AS ${raw(`k${i}`)}`),
    ...figures.map((figure, i) => {
      const column = wantedNames.has(nameOf(figure)) ? figureColumn(figure) : unknown;
      return sql`${column} AS ${raw(`f${i}`)}`;
    }),
  ];
  return sql`SELECT ${join(columns, ", ")} FROM ${from} GROUP BY ${sets}`;
}

/** What a row's key is: the value as it is read, emails without case, or the first day of its period. */
function keySql(entity: Entity, { field, by, timeZone }: GroupTerm): Sql {
  const definition = fieldOf(entity, field);
  if (definition.kind.key === "compared" && definition.key !== null)
    return raw(`t.${name(definition.key)}`);
  const column = fieldSql("t", field, definition);
  if (by === null) return column;
  // Local wall-clock time first, then cut off: days of 23, 24 and 25 hours are all one day.
  const local =
    timeZone === null
      ? sql`${column}::timestamp`
      : withinDays(column, sql`${column} AT TIME ZONE ${param(timeZone, "text")}`);
  return sql`date_trunc(${raw(`'${by}'`)}, ${local})::date`;
}

/** The first and the last day that can be written hold what a zone moves beyond them: their names can be sent back. */
function withinDays(instant: Sql, local: Sql): Sql {
  return sql`CASE WHEN ${instant} < '0001-01-02 00:00Z' THEN greatest(${local}, '0001-01-01') WHEN ${instant} >= '9999-12-31 00:00Z' THEN least(${local}, '9999-12-31') ELSE ${local} END`;
}

function orderSql(term: GroupOrder, groupBy: readonly GroupTerm[], entity: Entity): Sql {
  const direction = raw(` ${term.direction.replaceAll("_", " ").toUpperCase()}`);
  if (term.by === "count") return sql`sum(b.n)${direction}`;
  if (term.by === "key") {
    const index = groupBy.findIndex(({ field }) => field === term.field);
    return sql`${raw(`b."key ${index}"`)}${direction}`;
  }
  const figure = { of: term.by, field: term.field };
  // Without one, the groups that are compared have one currency: it is a key that they are ordered by before.
  const only =
    term.currency === null || !hasMoney(entity, [figure])
      ? undefined
      : sql`b.currency = ${param(term.currency, "text")}`;
  return sql`${figureColumn(figure, only)}${direction}`;
}
