import { fieldOf, type Entity } from "../../model/entity.ts";
import { currencyField, isMoney } from "../../model/measure.ts";
import { fieldSql } from "../order.ts";
import { join, name, param, raw, sql, type Sql } from "../../lib/sql.ts";
import type { GroupTerm } from "./answer.ts";
import { combinedColumns, figureColumn, partialColumns, type Figure } from "./figure.ts";
import type { AggregateRequest, GroupOrder } from "./request.ts";

export const nameOf = ({ of, field }: Figure): string => `${of} ${field}`;

/** The keys of groups, as rows of `b` have them. */
export const keyNames = (groupBy: readonly GroupTerm[]): Sql[] =>
  groupBy.map((_, index) => raw(`b."key ${index}"`));

/** All requested figures, each once. */
export function figuresOf({ total, groups }: AggregateRequest): Figure[] {
  return distinct([...(total?.figures ?? []), ...(groups?.figures ?? [])]);
}

function distinct(figures: readonly Figure[]): Figure[] {
  return [...new Map(figures.map((figure) => [nameOf(figure), figure])).values()];
}

export function hasMoney(entity: Entity, figures: readonly Figure[]): boolean {
  return figures.some(({ field }) => isMoney(fieldOf(entity, field)));
}

/** Aggregates the matching rows `t` by key, and by currency if a figure is money. */
export function gathered(request: AggregateRequest, matches: Sql): Sql {
  const { entity, groupBy, groups } = request;
  const compared = (groups?.order ?? []).flatMap((term) =>
    term.by === "count" || term.by === "key" ? [] : [{ of: term.by, field: term.field }],
  );
  const needed = distinct([...figuresOf(request), ...compared]);
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

/**
 * The steps over the gathered rows of all parents, each with its parent's number `ord`. `ranked` adds the place of each
 * row's group in the order of keys, `placed` the place in the requested order.
 */
export function groupSteps(request: AggregateRequest, gatheredOfAll: Sql): Sql[] {
  const keys = keyNames(request.groupBy);
  const rank =
    keys.length === 0
      ? raw("")
      : sql`, dense_rank() OVER (PARTITION BY b.ord ORDER BY ${join(keys, ", ")}) AS place`;
  const order = request.groups?.order ?? [];
  return [
    sql`base AS MATERIALIZED (${gatheredOfAll})`,
    sql`ranked AS (SELECT b.*${rank} FROM base b)`,
    ...(order.length === 0 ? [] : [sql`placed AS (${placed(request, order)})`]),
  ];
}

/** The rows `b` of the first groups of each parent, and each group's place among them. */
export function firstGroups({ order, limit }: NonNullable<AggregateRequest["groups"]>): {
  readonly from: Sql;
  readonly place: Sql;
} {
  const most = param(limit, "integer");
  if (order.length === 0)
    return { from: sql`(SELECT * FROM ranked WHERE place <= ${most}) b`, place: raw("b.place") };
  // The join has one key. With two, PostgreSQL merges by the first, and compares each group with each one of the page.
  return {
    from: sql`(SELECT r.*, o.better FROM placed o JOIN ranked r ON ARRAY[r.ord, r.place] = ARRAY[o.ord, o.place] WHERE o.better <= ${most}) b`,
    place: raw("b.better"),
  };
}

/** The ranked rows summed over all groups, one row for each currency. */
export function withoutGroups(figures: readonly Figure[]): Sql {
  const columns = [
    raw("b.currency, sum(b.n) AS n, max(b.place) AS place"),
    ...combinedColumns(figures),
  ];
  return sql`(SELECT ${join(columns, ", ")} FROM ranked b GROUP BY b.currency) b`;
}

/** The groups of each parent in the requested order. */
function placed({ entity, groupBy }: AggregateRequest, order: readonly GroupOrder[]): Sql {
  const terms = [...order.map((term) => orderSql(term, groupBy, entity)), raw("b.place")];
  const by = join([raw("b.ord, b.place"), ...keyNames(groupBy)], ", ");
  return sql`SELECT b.ord, b.place, row_number() OVER (PARTITION BY b.ord ORDER BY ${join(terms, ", ")}) AS better FROM ranked b GROUP BY ${by}`;
}

/** The key of a row: its value, the lower-case form of an email, or the first day of its period. */
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

/** Clamps instants that a time zone moves beyond the first or last valid day, so that each key is a valid argument. */
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
