import { join, param, raw, sql, type Sql } from "../../lib/sql.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import { kinds } from "../../model/kinds/index.ts";
import { currencyField, figureNames, isMoney } from "../../model/measure.ts";
import { namedBy } from "../../model/public-value.ts";
import { figureColumn, figureOfRow, type Figure } from "../../query/aggregate/figure.ts";
import {
  firstGroups,
  gathered,
  groupSteps,
  hasMoney,
  keyNames,
  withoutGroups,
} from "../../query/aggregate/gathered.ts";
import type { AggregateRequest } from "../../query/aggregate/request.ts";
import { isPlannedEach, matching } from "../../query/page.ts";
import { aggregateRequest, type AggregateArguments } from "../schema/aggregate-arguments.ts";
import type { Source } from "../schema/source.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { textOf, valueOf, type Json } from "./json.ts";
import { parentOf } from "./list.ts";
import { printedObject } from "./record.ts";
import type { Joined, RowSql } from "./row-sql.ts";

/** Aggregates as JSON text, over the tenant's records or over those at the other end of a row's edge. */
export function aggregateText(
  c: Compilation,
  parent: RowSql | null,
  selected: Selected,
  from: Extract<Source, { kind: "aggregate" }>,
): Sql {
  const entity = c.catalog.entity(from.entity);
  const near = parentOf(parent, from.relation);
  const args: AggregateArguments = c.argumentsOf(selected).values;
  const request = aggregateRequest(entity, near, args, {
    ...c.selecting,
    parentType: selected.parent,
    fieldName: selected.name,
    fieldNodes: selected.nodes,
  });
  if (isPlannedEach(request)) c.isPlannedEach = true;
  const { total, groups, groupBy } = request;
  // The gateway's zones are not all PostgreSQL's.
  for (const { timeZone } of groupBy) {
    if (timeZone === null) continue;
    c.checks.push(sql`timezone(${param(timeZone, "text")}, now()) IS NOT NULL`);
  }
  const hasCount = total?.groupCount === true;
  const text = textOf(
    printedObject(c, selected, (part) => {
      if (part.name === "groupCount") return hasCount ? [sql`coalesce(max(b.place), 0)`] : ["0"];
      if (part.name === "groups") return groupsJson(c, part, request);
      return figuresJson(c, part, entity);
    }),
  );
  charge(c, parent ?? c.root, selected);
  if (total === null && groups === null) return text;
  const rows = gathered(request, matching(request, c.catalog, c.viewer, parent?.alias));
  if (groupBy.length === 0) return sql`(SELECT ${text} FROM (${rows}) b)`;
  const steps = groupSteps(request, sql`SELECT 1::bigint AS ord, p.* FROM (${rows}) p`);
  return sql`(WITH ${join(steps, ", ")} SELECT ${text}${fromTotal(request)})`;
}

/** Adds the cost of the aggregates. If they hold lists, the cost depends on the answer's text. */
function charge(c: Compilation, place: Joined, selected: Selected): void {
  const hasLists = selected.planned.some((field) => field.hasLists);
  const price = hasLists ? null : c.priceOf(selected);
  if (price === null || price.isPaged) c.costsByText = true;
  else place.cost += Math.max(price.least, price.own) + price.each;
}

/** The FROM clause of the total: the rows `b`, one for each currency if the total holds money. */
function fromTotal({ entity, total }: AggregateRequest): Sql {
  if (total === null) return raw("");
  const { figures } = total;
  return sql` FROM ${hasMoney(entity, figures) ? withoutGroups(figures) : raw("ranked b")}`;
}

/** The first groups as a JSON list. Each group is computed from its rows `b`. */
function groupsJson(
  c: Compilation,
  selected: Selected,
  { entity, groups, groupBy }: AggregateRequest,
): Json {
  if (groups === null) return ["[]"];
  const keys = keyNames(groupBy);
  const keyJson = (part: Selected): Json => {
    const index = groupBy.findIndex(({ field }) => field === part.name);
    const [term, value] = [groupBy[index], keys[index]];
    if (term === undefined || value === undefined) return ["null"];
    const definition = fieldOf(entity, term.field);
    const kind = term.by === null ? definition.kind : kinds.date;
    return valueOf({ kind, nullable: true }, value, namedBy(c.catalog, entity, definition).prefix);
  };
  const group = printedObject(c, selected, (part) =>
    part.name === "key" ? printedObject(c, part, keyJson) : figuresJson(c, part, entity),
  );
  const { from, place } = firstGroups(groups);
  const each = sql`SELECT ${place} AS place, ${textOf(group)} AS text FROM ${from} GROUP BY ${join([place, ...keys], ", ")}`;
  return ["[", sql`(SELECT string_agg(g.text, ',' ORDER BY g.place) FROM (${each}) g)`, "]"];
}

/** The count of the records behind the rows `b`, or one aggregate function over them. */
function figuresJson(c: Compilation, selected: Selected, entity: Entity): Json {
  if (selected.name === "count") return [sql`coalesce(sum(b.n), 0)`];
  const of = figureNames.find((name) => name === selected.name);
  if (of === undefined) throw new NotCompiled();
  return printedObject(c, selected, (part) => {
    const figure = { of, field: part.name };
    const definition = fieldOf(entity, part.name);
    if (isMoney(definition)) return moneyJson(c, part, entity, figure);
    const kind = of === "sum" || of === "avg" ? kinds.decimal : definition.kind;
    return valueOf({ kind, nullable: true }, figureColumn(figure), "");
  });
}

/** A list of money, one item for each currency. The rows `b` hold one row for each currency. */
function moneyJson(c: Compilation, selected: Selected, entity: Entity, figure: Figure): Json {
  const currency = fieldOf(entity, currencyField(entity) ?? "");
  const amount = figureOfRow(figure);
  const money = printedObject(c, selected, ({ name }) => {
    if (name === "currency") return valueOf(currency, raw("b.currency"), "");
    return valueOf({ kind: kinds.decimal, nullable: false }, amount, "");
  });
  const list = sql`string_agg(${textOf(money)}, ',' ORDER BY b.currency)`;
  return ["[", sql`${list} FILTER (WHERE ${amount} IS NOT NULL)`, "]"];
}
