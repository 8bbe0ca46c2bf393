import type { Catalog, Entity, Field, OrderDirection } from "./entity.ts";
import { figureColumn, partialColumns, type Figure } from "./figure.ts";
import { currencyField, isMoney, type DatePart, type FigureName } from "./measure.ts";
import { fieldSql } from "./order.ts";
import { matching, type RowsRequest } from "./page.ts";
import { readValue, type Cells, type Row } from "./row.ts";
import { join, name, param, raw, render, sql, type Sql, type Statement } from "./sql.ts";
import { viewerSql, type Viewer } from "./visible.ts";

/** One field that groups are made by; days and instants are gathered into periods, instants in a time zone. */
export type GroupTerm = {
  readonly field: string;
  readonly by: DatePart | null;
  readonly timeZone: string | null;
};

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

/** Figures by field; a list of {@link Money} where the field is money. */
export type Figures = { readonly count: number } & Readonly<Record<FigureName, Row>>;
export type Money = { readonly currency: string; readonly amount: unknown };
export type Group = Figures & { readonly key: Row };
export type Aggregate = Figures & {
  readonly groupCount: number;
  readonly groups: readonly Group[];
};

/** What there is to say of no rows. */
export const emptyAggregate: Aggregate = {
  count: 0,
  sum: {},
  avg: {},
  min: {},
  max: {},
  groupCount: 0,
  groups: [],
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
  const keys = groupBy.map((_, index) => raw(`b."key ${index}"`));
  const ordering = (groups?.order ?? []).flatMap((term) =>
    term.by === "count" || term.by === "key" ? [] : [{ of: term.by, field: term.field }],
  );
  const shown = distinct([...(total?.figures ?? []), ...(groups?.figures ?? [])]);
  const needed = distinct([...shown, ...ordering]);
  const currency = needed.some((figure) => isMoneyFigure(entity, figure))
    ? currencyField(entity)
    : null;

  const gathered = [
    ...groupBy.map((term, index) => sql`${keySql(entity, term)} AS ${raw(`"key ${index}"`)}`),
    ...(currency === null
      ? []
      : [sql`${fieldSql("t", currency, fieldOf(entity, currency))} AS currency`]),
  ];
  const columns = [...gathered, raw("count(*) AS n"), ...partialColumns(entity, needed)];
  const groupedBy =
    gathered.length === 0 ? raw("") : raw(` GROUP BY ${gathered.map((_, i) => i + 1).join(", ")}`);
  const parents =
    request.parent === null
      ? raw("SELECT NULL::uuid AS id, 1::bigint AS ord")
      : sql`SELECT id, ord FROM unnest(${param(context.parentIds, "uuid[]")}) WITH ORDINALITY AS u(id, ord)`;
  const rank =
    keys.length === 0
      ? raw("")
      : sql`, dense_rank() OVER (PARTITION BY b.ord ORDER BY ${join(keys, ", ")}) AS place`;
  const steps = [
    sql`k AS MATERIALIZED (${parents})`,
    sql`base AS MATERIALIZED (SELECT k.ord, p.* FROM k CROSS JOIN LATERAL (SELECT ${join(
      columns,
      ", ",
    )} FROM ${raw(name(entity.table))} t WHERE ${matches}${groupedBy}) p)`,
    sql`ranked AS (SELECT b.*${rank} FROM base b)`,
  ];

  const part = (
    place: Sql,
    groupCount: Sql,
    figures: readonly Figure[],
    from: Sql,
    isGroup: boolean,
  ): Sql => {
    const wanted = new Set(figures.map(keyOf));
    const by = isGroup ? [raw("b.ord"), place, ...keys] : [raw("b.ord")];
    const hasMoney = figures.some((figure) => isMoneyFigure(entity, figure));
    // One row for all, and with money one for each currency; of the first, money is not read.
    const sets = hasMoney
      ? sql`GROUPING SETS ((${join(by, ", ")}), (${join([...by, raw("b.currency")], ", ")}))`
      : join(by, ", ");
    const selected = [
      raw("b.ord"),
      sql`${place} AS place`,
      raw(hasMoney ? "GROUPING(b.currency) = 0 AS by_currency" : "FALSE AS by_currency"),
      raw(hasMoney ? "b.currency" : "NULL::text AS currency"),
      sql`${groupCount} AS groups`,
      raw("sum(b.n) AS n"),
      ...(groups === null
        ? []
        : keys.map((key, i) => sql`${isGroup ? key : raw("NULL")} AS ${raw(`k${i}`)}`)),
      ...shown.map(
        (figure, i) =>
          sql`${wanted.has(keyOf(figure)) ? figureColumn(figure) : raw("NULL")} AS ${raw(`f${i}`)}`,
      ),
    ];
    return sql`SELECT ${join(selected, ", ")} FROM ${from} GROUP BY ${sets}`;
  };

  const parts: Sql[] = [];
  if (total !== null) {
    const groupCount = raw(total.groupCount && keys.length > 0 ? "max(b.place)" : "NULL::bigint");
    parts.push(part(raw("0::bigint"), groupCount, total.figures, raw("ranked b"), false));
  }
  if (groups !== null && keys.length > 0) {
    const limit = param(groups.limit, "integer");
    const none = raw("NULL::bigint");
    if (groups.order.length === 0) {
      const first = sql`(SELECT * FROM ranked WHERE place <= ${limit}) b`;
      parts.push(part(raw("b.place"), none, groups.figures, first, true));
    } else {
      const order = join(
        [...groups.order.map((term) => orderSql(term, groupBy, entity)), raw("b.place")],
        ", ",
      );
      steps.push(
        sql`placed AS (SELECT b.ord, b.place, row_number() OVER (PARTITION BY b.ord ORDER BY ${order}) AS better FROM ranked b GROUP BY b.ord, b.place, ${join(keys, ", ")})`,
      );
      const first = sql`(SELECT r.*, o.better FROM placed o JOIN ranked r USING (ord, place) WHERE o.better <= ${limit}) b`;
      parts.push(part(raw("b.better"), none, groups.figures, first, true));
    }
  }
  const statement = sql`WITH ${join(steps, ", ")} SELECT k.id, r.* FROM k JOIN (${join(
    parts,
    " UNION ALL ",
  )}) r USING (ord) ORDER BY r.ord, r.place, r.currency`;
  return {
    statement: render(statement),
    collect: (rows) => collectAggregates(rows, request, shown),
  };
}

const keyOf = ({ of, field }: Figure): string => `${of} ${field}`;

function distinct(figures: readonly Figure[]): Figure[] {
  return [...new Map(figures.map((figure) => [keyOf(figure), figure])).values()];
}

function fieldOf(entity: Entity, field: string): Field {
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  return definition;
}

function isMoneyFigure(entity: Entity, { field }: Figure): boolean {
  return isMoney(fieldOf(entity, field));
}

/** What a row's key is: the value as it is read, emails without case, or the first day of its period. */
function keySql(entity: Entity, { field, by, timeZone }: GroupTerm): Sql {
  const definition = fieldOf(entity, field);
  if (definition.kind === "email") return raw(`t."email_key"`);
  const column = fieldSql("t", field, definition);
  if (by === null) return column;
  // Local wall-clock time first, then cut off: days of 23, 24 and 25 hours are all one day.
  const local =
    timeZone === null
      ? sql`${column}::timestamp`
      : sql`${column} AT TIME ZONE ${param(timeZone, "text")}`;
  return sql`date_trunc(${raw(`'${by}'`)}, ${local})::date`;
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
    term.currency === null || !isMoneyFigure(entity, figure)
      ? undefined
      : sql`b.currency = ${param(term.currency, "text")}`;
  return sql`${figureColumn(figure, only)}${direction}`;
}

/** Cells before the keys: parent, ord, place, by_currency, currency, groups, n. */
const headColumns = 7;

type Gathered = Omit<Group, "count"> & { count: number };
type GatheredParent = Gathered & { groupCount: number; byPlace: Map<string, Gathered> };

function collectAggregates(
  rows: readonly Cells[],
  request: AggregateRequest,
  figures: readonly Figure[],
): Map<string, Aggregate> {
  const { entity, groupBy } = request;
  const keyCount = request.groups === null ? 0 : groupBy.length;
  const parents = new Map<string, GatheredParent>();
  for (const cells of rows) {
    const [parentId, , place = "0", byCurrency, currency, groupCount, count] = cells;
    const parent = ensure(parents, parentId ?? "", () => ({
      ...nothing(),
      groupCount: 0,
      byPlace: new Map<string, Gathered>(),
    }));
    const target = place === "0" ? parent : ensure(parent.byPlace, place ?? "", nothing);
    if (byCurrency !== "t") {
      target.count = Number(count);
      if (place === "0") parent.groupCount = Number(groupCount ?? 0);
      Object.assign(target.key, keyRow(entity, groupBy.slice(0, keyCount), cells));
    }
    for (const [index, { of, field }] of figures.entries()) {
      const definition = fieldOf(entity, field);
      if (isMoney(definition) !== (byCurrency === "t")) continue;
      const text = cells[headColumns + keyCount + index] ?? null;
      const figure: Record<string, unknown> = target[of];
      if (!isMoney(definition)) {
        figure[field] = of === "sum" || of === "avg" ? text : readValue(definition, text);
      } else if (text !== null) {
        const known = figure[field];
        const money: Money = { currency: currency ?? "", amount: text };
        figure[field] = Array.isArray(known) ? [...known, money] : [money];
      }
    }
  }
  return new Map(
    [...parents].map(([id, { byPlace, ...parent }]) => [
      id,
      { ...parent, groups: [...byPlace.values()] },
    ]),
  );
}

const nothing = (): Gathered => ({ count: 0, key: {}, sum: {}, avg: {}, min: {}, max: {} });

function ensure<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function keyRow(entity: Entity, groupBy: readonly GroupTerm[], cells: Cells): Row {
  return Object.fromEntries(
    groupBy.map(({ field, by }, index) => {
      const text = cells[headColumns + index] ?? null;
      return [field, by === null ? readValue(fieldOf(entity, field), text) : readDay(text)];
    }),
  );
}

/** A day as ISO 8601 has it: what PostgreSQL calls 1 BC is year 0000, which a zone can move the first days of year 1 into. */
function readDay(text: string | null): string | null {
  if (text === null || !text.endsWith(" BC")) return text;
  const [year = "", month, day] = text.slice(0, -3).split("-");
  return `${String(1 - Number(year)).padStart(4, "0")}-${month}-${day}`;
}
