import { decodeCursor } from "../../lib/cursor.ts";
import { join, param, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Bounds } from "../../query/keyset.ts";
import { patternsIn } from "../../query/filter-value.ts";
import { parseOrder } from "../../query/order.ts";
import { pageSql, type OrderedRequest } from "../../query/page.ts";
import { searchWords } from "../../query/search.ts";
import { pageSize, type PageArguments } from "../schema/page-arguments.ts";
import type { Price } from "../limits/planned-field.ts";
import type { Source } from "../schema/source.ts";
import { Late, type Call } from "./call.ts";
import { NotCompiled, type Arguments, type Compilation, type Selected } from "./compilation.ts";
import { booleanOf, objectOf, orNull, quoted, textOf, type Json } from "./json.ts";
import { objectJson } from "./record.ts";
import { joinsOf, subqueryRow, type Joined, type RowSql } from "./row-sql.ts";

/** A page of records as JSON: of the tenant's, or of those at the other end of a row's edge. */
export function listJson(
  c: Compilation,
  parent: RowSql | null,
  selected: Selected,
  from: Extract<Source, { kind: "list" }>,
): Json {
  const entity = c.catalog.entity(from.entity);
  const args = c.argumentsOf(selected);
  const connection = c.objectTypeOf(selected);
  const parts = c.fieldsOf(connection, selected);
  const given = pageArguments(args);
  const { backward } = pageSize(given);
  const request: OrderedRequest = {
    entity,
    parent: parentOf(parent, from.relation),
    where: given.where ?? null,
    order: given.orderBy == null ? null : parseOrder(given.orderBy),
    words: searchWords(given.search),
    includeDeleted: given.includeDeleted ?? false,
    backward,
  };
  if (request.words !== null || patternsIn(request.where).isLookedFor) c.looksForText = true;
  const around = { catalog: c.catalog, viewer: c.viewer, parent: parent?.alias ?? "" };
  const page = pageSql(request, around, (orderKey) => boundsOf(args, orderKey));
  const row = subqueryRow(entity, c.nextAlias());
  const rows = pageRows(row.alias, {
    limit: limitOf(args, backward),
    backward,
    about: c,
    parts,
  });
  row.guard = rows.guard;
  const cursor = cursorOf(page.orderKey, page.terms.length, row.alias);
  const nodeText = (node: Selected): Sql => textOf(objectJson(c, row, c.objectTypeOf(node), node));
  const nodes: Selected[] = [];

  const members = parts.map((part): readonly [string, Json] => {
    switch (part.name) {
      case "__typename":
        return [part.key, [`"${connection.name}"`]];
      case "totalCount":
        return [part.key, [page.total]];
      case "nodes":
        nodes.push(part);
        return [part.key, rows.list(nodeText(part))];
      case "edges": {
        const edge = c.objectTypeOf(part);
        const json = c.fieldsOf(edge, part).map((one): readonly [string, Json] => {
          if (one.name === "__typename") return [one.key, [`"${edge.name}"`]];
          if (one.name === "cursor") return [one.key, [`"`, cursor, `"`]];
          nodes.push(one);
          return [one.key, [nodeText(one)]];
        });
        return [part.key, rows.list(textOf(objectOf(json)))];
      }
      case "pageInfo":
        return [part.key, pageInfoJson(c, part, { rows, cursor, given, outside: page.outside })];
      default:
        throw new NotCompiled();
    }
  });
  const text = textOf(objectOf(members));
  const place = parent ?? c.root;
  const price = c.priceOf(selected);
  if (!rows.areRead) {
    place.costs.push(pageCost(price, rows, row));
    return [text];
  }
  for (const node of nodes) row.cost += c.priceOf(node)?.each ?? 0;
  const cost = pageCost(price, rows, row);
  const columns = row.columns();
  const read = page.rows(columns.length === 0 ? [raw("t.id")] : columns, rows.limit);
  const guard = place.guard === null ? raw("") : sql` WHERE ${place.guard}`;
  const alias = c.nextAlias();
  place.joins.push(
    sql`CROSS JOIN LATERAL (SELECT ${text} AS j, ${cost} AS c FROM ${rows.from(read)}${joinsOf(row)}${guard}) ${raw(alias)}`,
  );
  place.costs.push(raw(`${alias}.c`));
  return [raw(`${alias}.j`)];
}

/** What a page costs with the records that it has: each of them, and what is read for them. */
function pageCost(price: Price | null, rows: PageRows, { cost, costs }: Joined): Sql {
  if (price === null) return raw("0");
  const records = price.isPaged ? sql` + ${rows.told}` : raw("");
  const parts = [sql`greatest(${raw(String(price.least))}, ${raw(String(price.own))}${records})`];
  if (price.each > 0) parts.push(raw(String(price.each)));
  if (cost > 0) parts.push(sql`${raw(String(cost))} * ${rows.found}`);
  if (costs.length > 0) parts.push(sql`coalesce(sum(${join(costs, " + ")})${rows.kept}, 0)`);
  return sql`(${join(parts, " + ")})::int`;
}

/** The schema has coerced them. */
function pageArguments({ values }: Arguments): PageArguments {
  return values;
}

/** Whose records a list is of. */
export function parentOf(
  parent: RowSql | null,
  relationName: string | null,
): OrderedRequest["parent"] {
  if (relationName === null) return null;
  const relation = parent?.entity.relations[relationName];
  if (parent === null || relation === undefined || relation.kind === "one") throw new NotCompiled();
  // The edge compares it.
  parent.field("id");
  return { source: parent.entity, relation };
}

function limitOf(args: Arguments, backward: boolean): Sql {
  const name = backward ? "last" : "first";
  const limit = args.late(name, (size) => pageSize({ [name]: size }).limit);
  return typeof limit === "number" ? raw(String(limit)) : param(limit, "integer");
}

/** What cursors hold, for each call; which values are null is part of the shape. */
function boundsOf(args: Arguments, orderKey: string): Bounds {
  const bound = (name: "after" | "before"): readonly unknown[] | null => {
    if (args.values[name] == null) return null;
    const decode = (value: unknown) => decodeCursor(String(value), orderKey, name);
    const values = args.late(name, decode);
    if (!(values instanceof Late)) return values;
    const valuesIn = (call: Call): readonly unknown[] => {
      const known: unknown = call.once.get(values) ?? values.of(call);
      call.once.set(values, known);
      return Array.isArray(known) ? known : [];
    };
    return decode(args.values[name]).map((value, index) =>
      value === null ? null : new Late((call) => valuesIn(call)[index]),
    );
  };
  return { after: bound("after"), before: bound("before") };
}

/** The cursor of a page's row: the order and the row's sort keys, as `encodeCursor` writes them. */
function cursorOf(orderKey: string, terms: number, alias: string): Sql {
  const keys = Array.from({ length: terms }, (_, index) => [
    ",",
    sql`coalesce(to_json(${raw(`${alias}.s${index}`)}::text)::text, 'null')`,
  ]);
  const text = textOf([`[${JSON.stringify(orderKey)}`, ...keys.flat(), "]"]);
  return sql`translate(encode(convert_to(${text}, 'UTF8'), 'base64'), ${raw("E'+/=\\n'")}, '-_')`;
}

type PageRows = ReturnType<typeof pageRows>;

/** The rows of a page: how many are read, and how what is made of them becomes a list in the answer's order. */
function pageRows(
  alias: string,
  options: {
    readonly limit: Sql;
    readonly backward: boolean;
    readonly about: Compilation;
    readonly parts: readonly Selected[];
  },
) {
  const { limit, backward, about, parts } = options;
  const pageInfo = parts.filter(({ name }) => name === "pageInfo");
  const isListed = parts.some(({ name }) => name === "nodes" || name === "edges");
  const infos = pageInfo.flatMap((part) => about.fieldsOf(about.objectTypeOf(part), part));
  const asksFor = (...names: string[]) => infos.some(({ name }) => names.includes(name));
  // One row more than the page tells whether there are more.
  const looksFurther = asksFor(backward ? "hasPreviousPage" : "hasNextPage");
  const showsEnds = asksFor("startCursor", "endCursor");
  const isNumbered = looksFurther || backward || showsEnds;
  const place = raw(`${alias}.n`);
  const found = looksFurther ? sql`least(count(*), ${limit})` : raw("count(*)");
  const kept = looksFurther ? sql` FILTER (WHERE ${place} <= ${limit})` : raw("");
  return {
    backward,
    /** Whether its rows are read: for lists of them, or for the page's info. */
    areRead: isListed || looksFurther || showsEnds,
    limit: looksFurther ? sql`${limit} + 1` : limit,
    hasMore: sql`count(*) > ${limit}`,
    kept,
    /** How many the page has. */
    found,
    /** The same as far as the answer tells; where it lists none, all that were asked for. */
    told: isListed ? found : limit,
    /** Holds for rows of the page alone. */
    guard: looksFurther ? sql`${place} <= ${limit}` : null,
    list: (text: Sql): Json => {
      // Beside an aggregate with an order of its own, one without has none.
      const direction = raw(backward ? " DESC" : "");
      const order = backward || showsEnds ? sql` ORDER BY ${place}${direction}` : raw("");
      return ["[", sql`string_agg(${text}, ','${order})${kept}`, "]"];
    },
    /** What is made of the first row or the last; null on an empty page. */
    at: (end: "start" | "end", value: Sql): Sql => {
      const isFirst = (end === "start") !== backward;
      const direction = raw(isFirst ? "" : " DESC");
      return sql`(array_agg(${value} ORDER BY ${place}${direction})${kept})[1]`;
    },
    from: (page: Sql): Sql =>
      isNumbered
        ? sql`(SELECT *, row_number() OVER () AS n FROM (${page}) p) ${raw(alias)}`
        : sql`(${page}) ${raw(alias)}`,
  };
}

function pageInfoJson(
  c: Compilation,
  part: Selected,
  about: {
    readonly rows: PageRows;
    readonly cursor: Sql;
    readonly given: PageArguments;
    readonly outside: (cursor: "after" | "before") => Sql;
  },
): Json {
  const { rows, cursor, given, outside } = about;
  const { backward } = rows;
  const beyond = (bound: "after" | "before"): Sql[] =>
    given[bound] == null ? [] : [outside(bound)];
  const either = (conditions: readonly Sql[]): Json =>
    conditions.length === 0 ? ["false"] : booleanOf(join(conditions, " OR "));
  const type = c.objectTypeOf(part);
  return objectOf(
    c.fieldsOf(type, part).map((one): readonly [string, Json] => {
      switch (one.name) {
        case "__typename":
          return [one.key, [`"${type.name}"`]];
        case "hasNextPage":
          return [one.key, either([...(backward ? [] : [rows.hasMore]), ...beyond("before")])];
        case "hasPreviousPage":
          return [one.key, either([...(backward ? [rows.hasMore] : []), ...beyond("after")])];
        case "startCursor":
        case "endCursor": {
          const at = rows.at(one.name === "startCursor" ? "start" : "end", cursor);
          return [one.key, orNull(sql`${quoted('"')} || ${at} || ${quoted('"')}`)];
        }
        default:
          throw new NotCompiled();
      }
    }),
  );
}
