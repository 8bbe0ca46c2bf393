import { decodeCursor, encodeCursor } from "../lib/cursor.ts";
import type { Catalog, Entity, ManyRelation, OrderTerm } from "./entity.ts";
import { filterCondition, live, relationJoin, tenantIs, type Filter } from "./filter.ts";
import { afterCursor } from "./keyset.ts";
import { fieldSql, orderItem, reversed, sortTerms, idTerm, type SortTerm } from "./order.ts";
import { scoreTerm, searchCondition } from "./search.ts";
import { all, join, name, param, raw, render, sql, type Sql, type Statement } from "./sql.ts";
import { readValue, type Row } from "./row.ts";

/** One page of one list: for all of a tenant's rows, or for the children of each parent. */
export type PageRequest = {
  readonly entity: Entity;
  /** The list hangs on records of `source`; null for a list of the tenant's rows. */
  readonly parent: { readonly source: Entity; readonly relation: ManyRelation } | null;
  /** What is needed of each row; the id always comes along. */
  readonly fields: readonly string[];
  readonly where: Filter | null;
  readonly order: readonly OrderTerm[] | null;
  readonly words: readonly string[] | null;
  readonly includeDeleted: boolean;
  readonly limit: number;
  readonly backward: boolean;
  readonly after: string | null;
  readonly before: string | null;
  readonly want: PageParts;
};

/** Which parts of a page were asked for; the others cost nothing. */
export type PageParts = {
  readonly rows: boolean;
  readonly cursors: boolean;
  readonly total: boolean;
  /** Whether anything lies outside the cursors that were passed. */
  readonly outside: boolean;
};

export type Page = {
  readonly rows: readonly Row[];
  /** One cursor a row, when cursors were asked for. */
  readonly cursors: readonly string[];
  readonly total: number | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

export type PageStatement = {
  readonly statement: Statement;
  /** Turns the statement's rows into one page for each parent id ("" for a list without parents). */
  readonly collect: (rows: readonly (readonly (string | null)[])[]) => Map<string, Page>;
};

const parentColumns = 4;

/** Renders the one statement that reads a page for every parent at once. */
export function pageStatement(
  request: PageRequest,
  context: { readonly catalog: Catalog; readonly tenantId: string; readonly parentIds: readonly string[] },
): PageStatement {
  const { entity, want } = request;
  const terms = termsOf(request);
  const orderKey = terms.map((term) => term.key).join(",");
  const direction = request.backward ? reversed(terms) : terms;
  const fields = ["id", ...request.fields.filter((field) => field !== "id")];
  const tenant = param(context.tenantId, "uuid");
  const matches = matching(request, context.catalog, tenant);

  const bounds = { after: cursorBound(request, orderKey, "after"), before: cursorBound(request, orderKey, "before") };
  const within = [
    ...(bounds.after === null ? [] : [afterCursor(terms, bounds.after, false)]),
    ...(bounds.before === null ? [] : [afterCursor(reversed(terms), bounds.before, false)]),
  ];
  const from = raw(`${name(entity.table)} t`);
  const columns = fields.map((field, index) => {
    const definition = entity.fields[field];
    if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
    return sql`${fieldSql("t", field, definition)} AS ${raw(`f${index}`)}`;
  });
  const keys = terms.map((term, index) => sql`${term.expression} AS ${raw(`s${index}`)}`);
  const page = want.rows
    ? sql` LEFT JOIN LATERAL (SELECT ${join([...columns, ...keys], ", ")} FROM ${from} WHERE ${all([
        matches,
        ...within,
      ])} ORDER BY ${join(
        direction.map((term) => orderItem(term)),
        ", ",
      )} LIMIT ${param(request.limit + 1, "integer")}) p ON TRUE`
    : raw("");
  const total = want.total
    ? sql` LEFT JOIN LATERAL (SELECT count(*) AS n FROM ${from} WHERE ${matches}) c ON TRUE`
    : raw("");
  const outside = (cursor: "after" | "before"): Sql => {
    const values = bounds[cursor];
    if (!want.outside || values === null) return raw("FALSE");
    const beyond = afterCursor(cursor === "after" ? reversed(terms) : terms, values, true);
    return sql`EXISTS (SELECT 1 FROM ${from} WHERE ${all([matches, beyond])})`;
  };
  const selected = [
    raw("k.id"),
    raw(want.total ? "c.n" : "NULL"),
    outside("after"),
    outside("before"),
    ...(want.rows ? fields.map((_, index) => raw(`p.f${index}`)) : []),
    ...(want.rows && want.cursors ? terms.map((_, index) => raw(`p.s${index}::text`)) : []),
  ];
  const parents =
    request.parent === null
      ? raw("(SELECT NULL::uuid AS id, 1 AS ord) k")
      : sql`unnest(${param(context.parentIds, "uuid[]")}) WITH ORDINALITY AS k(id, ord)`;
  // The lateral subquery is ordered already; said again here, the order of the whole is no matter of luck.
  const order = want.rows
    ? sql` ORDER BY ${join([raw("k.ord"), ...direction.map((term, index) => orderItem(term, raw(`p.s${index}`)))], ", ")}`
    : raw("");

  return {
    statement: render(sql`SELECT ${join(selected, ", ")} FROM ${parents}${page}${total}${order}`),
    collect: (rows) => collectPages(rows, request, fields, orderKey),
  };
}

function termsOf(request: PageRequest): SortTerm[] {
  if (request.order !== null && request.order.length > 0) return sortTerms(request.entity, "t", request.order);
  if (request.words !== null) return [scoreTerm("t", request.words), idTerm("t", true)];
  const fromRelation = request.parent?.relation.defaultOrder ?? null;
  return sortTerms(request.entity, "t", fromRelation ?? request.entity.defaultOrder);
}

function matching(request: PageRequest, catalog: Catalog, tenant: Sql): Sql {
  const { entity, parent } = request;
  let aliases = 0;
  return all([
    tenantIs(entity, "t", tenant),
    ...(parent === null
      ? []
      : [relationJoin(parent.relation, parent.source, entity, { near: "k", far: "t" }, tenant)]),
    ...(request.includeDeleted ? [] : live(entity, "t")),
    ...(request.words === null ? [] : [searchCondition("t", request.words)]),
    ...(request.where === null
      ? []
      : [
          filterCondition(request.where, {
            catalog,
            tenant,
            entity,
            alias: "t",
            path: ["where"],
            nextAlias: () => `e${++aliases}`,
            negated: false,
          }),
        ]),
  ]);
}

function cursorBound(
  request: PageRequest,
  orderKey: string,
  argument: "after" | "before",
): readonly (string | null)[] | null {
  const cursor = request[argument];
  return cursor === null ? null : decodeCursor(cursor, orderKey, argument);
}

function collectPages(
  rows: readonly (readonly (string | null)[])[],
  request: PageRequest,
  fields: readonly string[],
  orderKey: string,
): Map<string, Page> {
  const byParent = new Map<string, (readonly (string | null)[])[]>();
  for (const row of rows) {
    const parentId = row[0] ?? "";
    const group = byParent.get(parentId);
    if (group === undefined) byParent.set(parentId, [row]);
    else group.push(row);
  }
  const pages = new Map<string, Page>();
  for (const [parentId, group] of byParent) pages.set(parentId, onePage(group, request, fields, orderKey));
  return pages;
}

function onePage(
  group: readonly (readonly (string | null)[])[],
  request: PageRequest,
  fields: readonly string[],
  orderKey: string,
): Page {
  const head = group[0] ?? [];
  // A parent without children still has its row, for the total: its id column is null.
  const found = request.want.rows ? group.filter((row) => (row[parentColumns] ?? null) !== null) : [];
  const more = found.length > request.limit;
  const kept = more ? found.slice(0, request.limit) : found;
  if (request.backward) kept.reverse();
  const beforeAfter = head[2] === "t";
  const behindBefore = head[3] === "t";
  return {
    rows: kept.map((row) => {
      const record: Record<string, unknown> = {};
      for (const [index, field] of fields.entries()) {
        record[field] = readValue(request.entity.fields[field], row[parentColumns + index] ?? null);
      }
      return record;
    }),
    cursors: request.want.cursors
      ? kept.map((row) => encodeCursor(orderKey, row.slice(parentColumns + fields.length)))
      : [],
    total: head[1] === null || head[1] === undefined ? null : Number(head[1]),
    hasNextPage: request.backward ? behindBefore : more || behindBefore,
    hasPreviousPage: request.backward ? more || beforeAfter : beforeAfter,
  };
}
