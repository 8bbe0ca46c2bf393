import { join, param, raw, render, sql, type Sql, type Statement } from "../../lib/sql.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Entity } from "../../model/entity.ts";
import { matching } from "../page.ts";
import type { Cells } from "../row.ts";
import { viewerSql, type Viewer } from "../visible.ts";
import { collectAggregates, type Aggregate, type GroupTerm } from "./answer.ts";
import { figureColumn, type Figure } from "./figure.ts";
import {
  figuresOf,
  firstGroups,
  gathered,
  groupSteps,
  hasMoney,
  keyNames,
  nameOf,
} from "./gathered.ts";
import type { AggregateRequest } from "./request.ts";

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
  const figures = figuresOf(request);
  const rows = gathered(request, matching(request, context.catalog, viewerSql(context.viewer)));
  const steps = [
    sql`k AS MATERIALIZED (${
      request.parent === null
        ? raw("SELECT NULL::uuid AS id, 1::bigint AS ord")
        : sql`SELECT id, ord FROM unnest(${param(context.parentIds, "uuid[]")}) WITH ORDINALITY AS u(id, ord)`
    })`,
    ...groupSteps(
      request,
      request.parent === null
        ? sql`SELECT 1::bigint AS ord, p.* FROM (${rows}) p`
        : sql`SELECT k.ord, p.* FROM k CROSS JOIN LATERAL (${rows}) p`,
    ),
  ];
  const layout = { entity, figures, keys: groups === null ? [] : groupBy };
  const parts: Sql[] = [];
  if (total !== null) {
    const hasCount = total.groupCount && groupBy.length > 0;
    const groupCount = raw(hasCount ? "max(b.place)" : "NULL::bigint");
    parts.push(
      part(layout, { from: raw("ranked b"), place: null, groupCount, wanted: total.figures }),
    );
  }
  if (groups !== null && groupBy.length > 0) {
    const groupCount = raw("NULL::bigint");
    parts.push(part(layout, { ...firstGroups(groups), groupCount, wanted: groups.figures }));
  }
  const statement = sql`WITH ${join(steps, ", ")} SELECT k.id, r.* FROM k JOIN (${join(
    parts,
    " UNION ALL ",
  )}) r USING (ord) ORDER BY r.ord, r.place, r.currency`;
  return { statement: render(statement), collect: (cells) => collectAggregates(cells, layout) };
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
