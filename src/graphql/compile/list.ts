import { join, raw, sql, type Sql } from "../../lib/sql.ts";
import { parseOrder } from "../../query/order.ts";
import { isPlannedEach, pageSql, type OrderedRequest } from "../../query/page.ts";
import { searchWords } from "../../query/search.ts";
import { holdsLong, type Price } from "../limits/planned-field.ts";
import { pageSize, type PageArguments } from "../schema/page-arguments.ts";
import type { Source } from "../schema/source.ts";
import { NotCompiled, type Arguments, type Compilation, type Selected } from "./compilation.ts";
import {
  boundsOf,
  connectionText,
  cursorOf,
  limitOf,
  pageRows,
  type PageRows,
} from "./connection.ts";
import type { Json } from "./json.ts";
import { boundedTexts, shareOf } from "./bounded.ts";
import { objectJson } from "./record.ts";
import { joinsOf, subqueryRow, type Joined, type RowSql } from "./row-sql.ts";

/** A page of records as JSON: of the tenant's records, or of those at the other end of a row's edge. */
export function listJson(
  c: Compilation,
  parent: RowSql | null,
  selected: Selected,
  from: Extract<Source, { kind: "list" }>,
): Json {
  const entity = c.catalog.entity(from.entity);
  const args = c.argumentsOf(selected);
  const parts = c.fieldsOf(c.objectTypeOf(selected), selected);
  const given = pageArguments(args);
  const { backward } = pageSize(given);
  const request: OrderedRequest = {
    entity,
    parent: parentOf(parent, from.relation),
    where: from.where === undefined ? (given.where ?? null) : from.where(args.values),
    order: given.orderBy == null ? null : parseOrder(given.orderBy),
    words: searchWords(given.search),
    includeDeleted: given.includeDeleted ?? false,
    backward,
  };
  if (isPlannedEach(request)) c.isPlannedEach = true;
  const around = { catalog: c.catalog, viewer: c.viewer, parent: parent?.alias ?? "" };
  const page = pageSql(request, around, (orderKey) => boundsOf(args, orderKey));
  const row = subqueryRow(entity, c.nextAlias());
  const { limit, most } = limitOf(args, backward);
  const rows = pageRows(row.alias, {
    limit,
    backward,
    about: c,
    parts,
  });
  row.guard = rows.guard;
  const keys = page.terms.map((_, index) => raw(`${row.alias}.s${index}`));
  const nodes: Selected[] = [];
  const place = parent ?? c.root;
  const isLong = selected.planned.some(holdsLong);
  const bounded = boundedTexts(row.alias);
  const text = connectionText(c, {
    parts,
    rows,
    given,
    cursor: cursorOf(page.orderKey, keys),
    node: (node) => {
      nodes.push(node);
      const json = objectJson(c, row, c.objectTypeOf(node), node);
      if (!isLong) return json;
      return c.countsTexts ? bounded.add(json) : shareOf(json, most);
    },
    inEdge: {},
    total: page.total,
    outside: page.outside,
    place,
  });
  const price = c.priceOf(selected);
  if (!rows.areRead) {
    place.costs.push(pageCost(price, rows, row));
    return [text];
  }
  for (const node of nodes) row.cost += c.priceOf(node)?.each ?? 0;
  const costs = bounded.isUsed ? bounded.costs(row) : row;
  const cost = pageCost(price, rows, costs);
  const columns = row.columns();
  const read = page.rows(columns.length === 0 ? [raw("t.id")] : columns, rows.limit);
  const guard = place.guard === null ? raw("") : sql` WHERE ${place.guard}`;
  const alias = c.nextAlias();
  const joinedRows = sql`${rows.from(read)}${joinsOf(row)}${guard}`;
  const texts = bounded.isUsed ? bounded.from(joinedRows, row) : joinedRows;
  place.joins.push(
    sql`CROSS JOIN LATERAL (SELECT ${text} AS j, ${cost} AS c FROM ${texts}) ${raw(alias)}`,
  );
  place.costs.push(raw(`${alias}.c`));
  return [raw(`${alias}.j`)];
}

/** The cost of a page: its own, the cost of each record, and the cost of the records' joins. */
function pageCost(price: Price | null, rows: PageRows, { cost, costs }: Joined): Sql {
  if (price === null) return raw("0");
  const records = price.isPaged ? sql` + ${rows.told}` : raw("");
  const parts = [sql`greatest(${raw(String(price.least))}, ${raw(String(price.own))}${records})`];
  if (price.each > 0) parts.push(raw(String(price.each)));
  if (cost > 0) parts.push(sql`${raw(String(cost))} * ${rows.found}`);
  if (costs.length > 0) parts.push(sql`coalesce(sum(${join(costs, " + ")})${rows.kept}, 0)`);
  return sql`(${join(parts, " + ")})::int`;
}

/** The arguments as the schema has coerced them. */
function pageArguments({ values }: Arguments): PageArguments {
  return values;
}

/** The edge that a list follows; null if it lists the tenant's records. */
export function parentOf(
  parent: RowSql | null,
  relationName: string | null,
): OrderedRequest["parent"] {
  if (relationName === null) return null;
  const relation = parent?.entity.relations[relationName];
  if (parent === null || relation === undefined || relation.kind === "one") throw new NotCompiled();
  // The edge's join reads this column.
  parent.field("id");
  return { source: parent.entity, relation };
}
