import { decodeCursor } from "../../lib/cursor.ts";
import { join, param, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Bounds } from "../../query/keyset.ts";
import { maxPageSize } from "../../query/page.ts";
import { pageSize, type PageArguments } from "../schema/page-arguments.ts";
import { Late, type Call } from "./call.ts";
import { NotCompiled, type Arguments, type Compilation, type Selected } from "./compilation.ts";
import { booleanOf, objectOf, orNull, quoted, textOf, type Json } from "./json.ts";
import type { Joined } from "./row-sql.ts";

/** The parts of a page. */
type PageJson = {
  /** The fields of the connection. */
  readonly parts: readonly Selected[];
  readonly rows: PageRows;
  readonly given: PageArguments;
  /** A row's cursor without its quotes. */
  readonly cursor: Sql;
  readonly node: (selected: Selected) => Json;
  /** The other fields of an edge, beside its node and its cursor. */
  readonly inEdge: Readonly<Record<string, Json>>;
  readonly total: Sql;
  /** The condition that rows lie beyond a cursor that was passed. */
  readonly outside: (cursor: "after" | "before") => Sql;
  /** Where the page is: the record that has it, or the root. */
  readonly place: Joined;
};

/** A connection as JSON text, aggregated over the rows of its page. */
export function connectionText(c: Compilation, page: PageJson): Sql {
  const { rows, cursor, given } = page;
  // Aliases can ask for the same value many times, which is charged once.
  const once = (uses: number, value: Sql): Sql =>
    uses > 1 ? computedOnce(c, page.place, value) : value;
  const total = once(page.parts.filter(({ name }) => name === "totalCount").length, page.total);
  const beyond = (bound: "after" | "before", shownBy: string): Sql | null =>
    given[bound] == null ? null : once(rows.uses(shownBy), page.outside(bound));
  const outside = {
    after: beyond("after", "hasPreviousPage"),
    before: beyond("before", "hasNextPage"),
  };
  const edgeMember = (type: string, one: Selected): Json => {
    if (one.name === "__typename") return [`"${type}"`];
    if (one.name === "node") return page.node(one);
    if (one.name === "cursor") return [`"`, cursor, `"`];
    const json = page.inEdge[one.name];
    if (json === undefined) throw new NotCompiled();
    return json;
  };
  const members = page.parts.map((part): readonly [string, Json] => {
    switch (part.name) {
      case "__typename":
        return [part.key, [`"${part.parent.name}"`]];
      case "totalCount":
        return [part.key, [total]];
      case "nodes":
        return [part.key, rows.list(textOf(page.node(part)))];
      case "edges": {
        const edge = c.objectTypeOf(part);
        const json = c
          .fieldsOf(edge, part)
          .map((one) => [one.key, edgeMember(edge.name, one)] as const);
        return [part.key, rows.list(textOf(objectOf(json)))];
      }
      case "pageInfo":
        return [part.key, pageInfoJson(c, part, { rows, cursor, outside })];
      default:
        throw new NotCompiled();
    }
  });
  return textOf(objectOf(members));
}

/** A value that is computed once for each row of a place, however often the answer shows it. */
function computedOnce(c: Compilation, { joins, guard }: Joined, value: Sql): Sql {
  const alias = c.nextAlias();
  const guarded = guard === null ? value : sql`CASE WHEN ${guard} THEN ${value} END`;
  // Without OFFSET, PostgreSQL would compute the value wherever the column is read.
  joins.push(sql`CROSS JOIN LATERAL (SELECT ${guarded} AS v OFFSET 0) ${raw(alias)}`);
  return raw(`${alias}.v`);
}

/** The page size, and its upper bound over all calls. */
export function limitOf(args: Arguments, backward: boolean): { limit: Sql; most: number } {
  const name = backward ? "last" : "first";
  const limit = args.late(name, (size) => pageSize({ [name]: size }).limit);
  return typeof limit === "number"
    ? { limit: raw(String(limit)), most: limit }
    : { limit: param(limit, "integer"), most: maxPageSize };
}

/** The values of the cursors, for each call. The positions of nulls are part of the shape. */
export const boundsOf = (args: Arguments, orderKey: string): Bounds => ({
  after: boundOf(args, "after", orderKey),
  before: boundOf(args, "before", orderKey),
});

/** The closures must not hold the arguments, which hold all variables of the first call. */
function boundOf(args: Arguments, name: "after" | "before", orderKey: string) {
  const given = args.values[name];
  if (given == null) return null;
  const decode = (value: unknown) => decodeCursor(String(value), orderKey, name);
  const values = args.late(name, decode);
  if (!(values instanceof Late)) return values;
  const valuesIn = (call: Call): readonly unknown[] => {
    const known = values.of(call);
    return Array.isArray(known) ? known : [];
  };
  return decode(given).map((value, index) =>
    value === null ? null : new Late((call) => valuesIn(call)[index]),
  );
}

/** A row's cursor: the order and the row's sort keys in the format of `encodeCursor`. */
export function cursorOf(orderKey: string, keys: readonly Sql[]): Sql {
  const values = keys.flatMap((key) => [",", sql`coalesce(to_json(${key}::text)::text, 'null')`]);
  const text = textOf([`[${JSON.stringify(orderKey)}`, ...values, "]"]);
  return sql`translate(encode(convert_to(${text}, 'UTF8'), 'base64'), ${raw("E'+/=\\n'")}, '-_')`;
}

export type PageRows = ReturnType<typeof pageRows>;

/** The rows of a page: how many are read, and how they are aggregated to a list in the answer's order. */
export function pageRows(
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
  const uses = (...names: string[]) => infos.filter(({ name }) => names.includes(name)).length;
  const asksFor = (...names: string[]) => uses(...names) > 0;
  // One more row than the page is read to see whether there is another page.
  const looksFurther = asksFor(backward ? "hasPreviousPage" : "hasNextPage");
  const showsEnds = asksFor("startCursor", "endCursor");
  const isNumbered = looksFurther || backward || showsEnds;
  const place = raw(`${alias}.n`);
  const found = looksFurther ? sql`least(count(*), ${limit})` : raw("count(*)");
  const kept = looksFurther ? sql` FILTER (WHERE ${place} <= ${limit})` : raw("");
  return {
    backward,
    /** How often `pageInfo` asks for fields of these names. */
    uses,
    /** Whether rows are read at all, for the lists or for `pageInfo`. */
    areRead: isListed || looksFurther || showsEnds,
    limit: looksFurther ? sql`${limit} + 1` : limit,
    hasMore: sql`count(*) > ${limit}`,
    kept,
    /** The number of rows on the page. */
    found,
    /** The number of rows that are charged: those in the answer, or all requested ones if the answer lists none. */
    told: isListed ? found : limit,
    /** The condition that a row is on the page, and is not the extra one. */
    guard: looksFurther ? sql`${place} <= ${limit}` : null,
    list: (text: Sql): Json => {
      // An aggregate without ORDER BY has no order beside an aggregate with one.
      const direction = raw(backward ? " DESC" : "");
      const order = backward || showsEnds ? sql` ORDER BY ${place}${direction}` : raw("");
      return ["[", sql`string_agg(${text}, ','${order})${kept}`, "]"];
    },
    /** A value of the page's first or last row; null on an empty page. */
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
    /** The conditions that rows lie beyond the cursors; null for one that was not passed. */
    readonly outside: Readonly<Record<"after" | "before", Sql | null>>;
  },
): Json {
  const { rows, cursor, outside } = about;
  const { backward } = rows;
  const either = (...conditions: readonly (Sql | null)[]): Json => {
    const given = conditions.filter((condition) => condition !== null);
    return given.length === 0 ? ["false"] : booleanOf(join(given, " OR "));
  };
  const type = c.objectTypeOf(part);
  return objectOf(
    c.fieldsOf(type, part).map((one): readonly [string, Json] => {
      switch (one.name) {
        case "__typename":
          return [one.key, [`"${type.name}"`]];
        case "hasNextPage":
          return [one.key, either(backward ? null : rows.hasMore, outside.before)];
        case "hasPreviousPage":
          return [one.key, either(backward ? rows.hasMore : null, outside.after)];
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
