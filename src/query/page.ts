import { decodeCursor, encodeCursor } from "../lib/cursor.ts";
import type { Catalog } from "../model/catalog.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import type { OrderTerm } from "../model/order.ts";
import type { ManyRelation } from "../model/relation.ts";
import { filterCondition } from "./filter.ts";
import { emptySize } from "./filter-size.ts";
import { patternsIn, type Filter } from "./filter-value.ts";
import { afterCursor, branches, valueSql, type Bounds } from "./keyset.ts";
import { fieldSql, orderItem, reversed, sortTerms, idTerm, type SortTerm } from "./order.ts";
import { relationJoin } from "./relation-join.ts";
import { scoreTerm, searchCondition, type SearchWords } from "./search.ts";
import { all, join, name, param, raw, render, sql, type Sql, type Statement } from "../lib/sql.ts";
import { viewerSql, visible, type Viewer, type ViewerSql } from "./visible.ts";
import type { Cells, Columns, Row } from "./row.ts";

/** Which rows are meant: all of a tenant's, or the children of each parent. */
export type RowsRequest = {
  readonly entity: Entity;
  /** They hang on records of `source`; null for the tenant's rows. */
  readonly parent: { readonly source: Entity; readonly relation: ManyRelation } | null;
  readonly where: Filter | null;
  readonly words: SearchWords | null;
  readonly includeDeleted: boolean;
};

/**
 * Whether PostgreSQL must plan a request for its values. The best index for a word or a pattern depends on the text. A
 * filter over all of a tenant's rows is best served by an index or by a scan, depending on how many rows match. The
 * rows of one parent are few, so their plan hardly matters.
 */
export function isPlannedEach({ parent, where, words }: Partial<RowsRequest>): boolean {
  if (words != null || patternsIn(where).isLookedFor) return true;
  const isOfTenant = parent == null || parent.source.name === "tenant";
  return isOfTenant && where != null && Object.keys(where).length > 0;
}

/** Records that a page holds when nothing is said, and at most. */
export const defaultPageSize = 25;
export const maxPageSize = 100;

/** One page of one list of records: for all of a tenant's, or for the children of each parent. */
export type PageRequest = ListRequest & {
  /** What is needed of each record; the id always comes along. */
  readonly fields: readonly string[];
};

/** Rows in an order, read from one of its ends. */
export type OrderedRequest = RowsRequest & {
  readonly order: readonly OrderTerm[] | null;
  readonly backward: boolean;
};

/** The same without the columns that are read. */
export type ListRequest = OrderedRequest & {
  readonly limit: number;
  readonly after: string | null;
  readonly before: string | null;
  readonly want: PageParts;
};

/** Which parts of a page were asked for; the others cost nothing. */
type PageParts = {
  readonly rows: boolean;
  readonly cursors: boolean;
  readonly total: boolean;
  /** Whether anything lies outside the cursors that were passed. */
  readonly outside: boolean;
};

export type Page<Item = Row> = {
  readonly rows: readonly Item[];
  /** One cursor a row, when cursors were asked for. */
  readonly cursors: readonly string[];
  readonly total: number | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

type PageStatement<Item> = {
  readonly statement: Statement;
  /** Turns the statement's rows into one page for each parent id ("" for a list without parents). */
  readonly collect: (rows: readonly Cells[]) => Map<string, Page<Item>>;
};

const parentColumns = 4;

/** The surroundings of a list in a statement. */
type ListPlace = {
  readonly catalog: Catalog;
  readonly viewer: ViewerSql;
  /** The alias of the parent's row. */
  readonly parent: string;
};

/** The pieces of a page in SQL; the rows of the list stand as `t`. */
type PageSql = {
  readonly terms: readonly SortTerm[];
  /** The entity and the order, which are part of a cursor. */
  readonly orderKey: string;
  /**
   * Selects columns of the page's rows in order, followed by their sort keys as `s0`, `s1` and so on. `most` is the
   * upper bound of the limit.
   */
  readonly rows: (columns: readonly Sql[], limit: Sql, most?: number) => Sql;
  /** The number of rows on all pages. */
  readonly total: Sql;
  /** The condition that rows lie beyond a cursor that was passed. */
  readonly outside: (cursor: "after" | "before") => Sql;
};

/** The SQL of a page of a list. `boundsOf` decodes cursors by the key of the list's order. */
export function pageSql(
  request: OrderedRequest,
  place: ListPlace,
  boundsOf: (orderKey: string) => Bounds,
): PageSql {
  const { entity, backward } = request;
  const terms = termsOf(request);
  const orderKey = orderKeyOf(request, terms);
  const bounds = boundsOf(orderKey);
  const matches = all([
    matching(request, place.catalog, place.viewer, place.parent),
    ...stillKept(entity, terms, bounds, place.viewer),
  ]);
  const from = raw(`${name(entity.table)} t`);
  const keys = terms.map((term, index) => sql`${term.expression} AS ${raw(`s${index}`)}`);
  return {
    terms,
    orderKey,
    rows: (columns, limit, most = maxPageSize + 1) => {
      const parts = branches(terms, bounds).map((branch) => {
        const sorted = backward ? reversed(branch.terms) : branch.terms;
        return sql`SELECT ${join([...columns, ...keys], ", ")} FROM ${from} WHERE ${all([
          matches,
          ...branch.conditions,
        ])} ORDER BY ${orderList(sorted)} LIMIT ${raw(String(most))}`;
      });
      // A generic plan takes a limit in a parameter for a tenth of all rows, and then sorts them all instead of reading
      // a page in the order of an index. So the page's upper bound is a constant in the statement.
      return sql`${merged(parts, backward ? reversed(terms) : terms)} LIMIT ${limit}`;
    },
    total: sql`(SELECT count(*) FROM ${from} WHERE ${matches})`,
    outside: (cursor) => {
      const values = bounds[cursor];
      if (values === null) return raw("FALSE");
      const away = cursor === "after" ? reversed(terms) : terms;
      const found = sql`FROM ${from} WHERE ${all([matches, afterCursor(away, values, true)])}`;
      return sql`(SELECT TRUE ${found} ORDER BY ${orderList(away)} LIMIT 1) IS NOT NULL`;
    },
  };
}

/** A whole list without pages: how many rows it has, and the rows in their order. */
export function wholeList(
  request: OrderedRequest,
  context: { readonly catalog: Catalog; readonly viewer: Viewer },
  columnsOf: (viewer: ViewerSql) => readonly Sql[],
): { readonly count: Statement; readonly rows: Statement } {
  const viewer = viewerSql(context.viewer);
  const matches = matching(request, context.catalog, viewer);
  const from = sql`FROM ${raw(`${name(request.entity.table)} t`)} WHERE ${matches}`;
  const columns = join(columnsOf(viewer), ", ");
  return {
    count: render(sql`SELECT count(*) ${from}`),
    rows: render(sql`SELECT ${columns} ${from} ORDER BY ${orderList(termsOf(request))}`),
  };
}

/**
 * Fails as a value that cannot be read where rows right behind `after` are gone. It is asked once: rows of an order by
 * their numbers are a stretch without gaps.
 */
function stillKept(
  entity: Entity,
  [first]: readonly SortTerm[],
  { after }: Bounds,
  viewer: ViewerSql,
): Sql[] {
  const { numbered } = entity;
  if (numbered === null || first?.key !== `${numbered} asc`) return [];
  const place = valueSql(first, after?.[0] ?? null);
  if (place === null) return [];
  const oldest = sql`min(${fieldSql("o", numbered, fieldOf(entity, numbered))})`;
  const rows = sql`${raw(name(entity.table))} o WHERE o.${raw(name(entity.tenantColumn))} = ${viewer.tenant}`;
  return [
    sql`(SELECT CASE WHEN ${oldest} > ${place} + 1 THEN ('expired ' || ${oldest})::bigint ELSE 0 END FROM ${rows}) IS NOT NULL`,
  ];
}

/** Renders the one statement that reads a page for every parent at once. */
export function pageStatement<Item>(
  request: ListRequest,
  context: {
    readonly catalog: Catalog;
    readonly viewer: Viewer;
    readonly parentIds: readonly string[];
  },
  read: Columns<Item>,
): PageStatement<Item> {
  const { want } = request;
  const viewer = viewerSql(context.viewer);
  const { terms, orderKey, rows, total, outside } = pageSql(
    request,
    { catalog: context.catalog, viewer, parent: "k" },
    (key) => ({
      after: cursorBound(request, key, "after"),
      before: cursorBound(request, key, "before"),
    }),
  );
  const columns = read
    .sql(viewer, context.catalog)
    .map((column, index) => sql`${column} AS ${raw(`f${index}`)}`);
  const limit = param(request.limit + 1, "integer");
  const most = Math.max(request.limit, maxPageSize) + 1;
  const page = want.rows
    ? sql` LEFT JOIN LATERAL (${rows(columns, limit, most)}) p ON TRUE`
    : raw("");
  const parents =
    request.parent === null
      ? raw("(SELECT NULL::uuid AS id, 1 AS ord) k")
      : sql`unnest(${param(context.parentIds, "uuid[]")}) WITH ORDINALITY AS k(id, ord)`;
  const selected = [
    raw("k.id, k.total, k.before, k.beyond"),
    ...(want.rows ? columns.map((_, index) => raw(`p.f${index}`)) : []),
    ...(want.rows && want.cursors ? terms.map((_, index) => raw(`p.s${index}::text`)) : []),
  ];
  const direction = request.backward ? reversed(terms) : terms;
  // The lateral subquery is ordered already; said again here, the order of the whole is no matter of luck.
  const order = want.rows ? sql` ORDER BY k.ord, ${orderList(direction, "p")}` : raw("");
  const [before, beyond] = (["after", "before"] as const).map((cursor) =>
    want.outside ? outside(cursor) : raw("FALSE"),
  );
  // Materialized: what is asked once for each parent must not be computed for each of its rows.
  const statement = sql`WITH k AS MATERIALIZED (SELECT k.id, k.ord, ${
    want.total ? total : raw("NULL")
  } AS total, ${before ?? raw("FALSE")} AS before, ${
    beyond ?? raw("FALSE")
  } AS beyond FROM ${parents}) SELECT ${join(selected, ", ")} FROM k${page}${order}`;

  return {
    statement: render(statement),
    collect: (found) =>
      collectPages(found, request, { read, orderKey, sortCells: parentColumns + columns.length }),
  };
}

/** ORDER BY over the terms themselves, or over the sort columns of a subquery. */
function orderList(terms: readonly SortTerm[], subquery: string | null = null): Sql {
  const items = terms.map((term, index) =>
    subquery === null ? orderItem(term) : orderItem(term, raw(`${subquery}.s${index}`)),
  );
  return join(items, ", ");
}

/** The parts of a page as one: usually there is only one. */
function merged(parts: readonly Sql[], direction: readonly SortTerm[]): Sql {
  const [only, ...others] = parts;
  if (only === undefined) throw new Error("a page has at least one part");
  if (others.length === 0) return sql`SELECT * FROM (${only}) u`;
  const union = join(
    parts.map((part) => sql`(${part})`),
    " UNION ALL ",
  );
  return sql`SELECT * FROM (${union}) u ORDER BY ${orderList(direction, "u")}`;
}

/** A record's place in a list of its kind that is in the default order: the terms under an alias, and the cursor's order. */
export function defaultPlace(entity: Entity, alias: string) {
  const terms = sortTerms(entity, alias, entity.defaultOrder);
  return { terms, orderKey: keyOf(entity, terms) };
}

const keyOf = (entity: Entity, terms: readonly SortTerm[]): string =>
  `${entity.name}: ${terms.map((term) => term.key).join(",")}`;

/** The entity and the order, which a cursor holds: one of another list is refused, not misread. */
export function orderKeyOf(request: OrderedRequest, terms = termsOf(request)): string {
  return keyOf(request.entity, terms);
}

function termsOf(request: OrderedRequest): SortTerm[] {
  if (request.order !== null && request.order.length > 0)
    return sortTerms(request.entity, "t", request.order);
  if (request.words !== null)
    return [scoreTerm("t", request.entity, request.words), idTerm("t", true)];
  const fromRelation = request.parent?.relation.defaultOrder ?? null;
  return sortTerms(request.entity, "t", fromRelation ?? request.entity.defaultOrder);
}

/** The condition of a list's rows `t`: visible, a child of the parent, found by the search, matching the filter. */
export function matching(
  request: RowsRequest,
  catalog: Catalog,
  viewer: ViewerSql,
  parentAlias = "k",
): Sql {
  const { entity, parent } = request;
  let aliases = 0;
  return all([
    visible(entity, "t", viewer, request.includeDeleted),
    ...(parent === null
      ? []
      : [
          relationJoin(
            parent.relation,
            parent.source,
            entity,
            { near: parentAlias, far: "t" },
            viewer.tenant,
          ),
        ]),
    ...(request.words === null ? [] : [searchCondition("t", request.words)]),
    ...(request.where === null
      ? []
      : [
          filterCondition(request.where, {
            catalog,
            viewer,
            entity,
            alias: "t",
            path: ["where"],
            nextAlias: () => `e${++aliases}`,
            negated: false,
            size: emptySize(),
            edges: 0,
          }),
        ]),
  ]);
}

function cursorBound(
  request: ListRequest,
  orderKey: string,
  argument: "after" | "before",
): readonly (string | null)[] | null {
  const cursor = request[argument];
  return cursor === null ? null : decodeCursor(cursor, orderKey, argument);
}

type Reading<Item> = {
  readonly read: Columns<Item>;
  readonly orderKey: string;
  /** Where the cells of the sort terms begin. */
  readonly sortCells: number;
};

function collectPages<Item>(
  rows: readonly Cells[],
  request: ListRequest,
  reading: Reading<Item>,
): Map<string, Page<Item>> {
  const byParent = new Map<string, Cells[]>();
  for (const row of rows) {
    const parentId = row[0] ?? "";
    const group = byParent.get(parentId);
    if (group === undefined) byParent.set(parentId, [row]);
    else group.push(row);
  }
  const pages = new Map<string, Page<Item>>();
  for (const [parentId, group] of byParent) pages.set(parentId, onePage(group, request, reading));
  return pages;
}

function onePage<Item>(
  group: readonly Cells[],
  request: ListRequest,
  { read, orderKey, sortCells }: Reading<Item>,
): Page<Item> {
  const head = group[0] ?? [];
  // A parent without children still has its row, for the total: its id column is null.
  const found = request.want.rows
    ? group.filter((row) => (row[parentColumns] ?? null) !== null)
    : [];
  const more = found.length > request.limit;
  const kept = more ? found.slice(0, request.limit) : found;
  if (request.backward) kept.reverse();
  const beforeAfter = head[2] === "t";
  const behindBefore = head[3] === "t";
  return {
    rows: kept.map((row) => read.read(row, parentColumns)),
    cursors: request.want.cursors
      ? kept.map((row) => encodeCursor(orderKey, row.slice(sortCells)))
      : [],
    total: head[1] === null || head[1] === undefined ? null : Number(head[1]),
    hasNextPage: request.backward ? behindBefore : more || behindBefore,
    hasPreviousPage: request.backward ? more || beforeAfter : beforeAfter,
  };
}
