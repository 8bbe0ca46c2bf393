import { decodeCursor } from "../../lib/cursor.ts";
import { join, param, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Bounds } from "../../query/keyset.ts";
import { pageSize, type PageArguments } from "../schema/page-arguments.ts";
import { Late, type Call } from "./call.ts";
import { NotCompiled, type Arguments, type Compilation, type Selected } from "./compilation.ts";
import { booleanOf, objectOf, orNull, quoted, textOf, type Json } from "./json.ts";

/** What a page is made of. */
type PageJson = {
  /** The fields of the connection. */
  readonly parts: readonly Selected[];
  readonly rows: PageRows;
  readonly given: PageArguments;
  /** What stands between the quotes of a row's cursor. */
  readonly cursor: Sql;
  readonly node: (selected: Selected) => Json;
  /** What an edge has beside its node and its cursor. */
  readonly inEdge: Readonly<Record<string, Json>>;
  readonly total: Sql;
  /** Whether rows lie outside a cursor that was passed. */
  readonly outside: (cursor: "after" | "before") => Sql;
};

/** A connection as JSON text, over the rows of its page. */
export function connectionText(c: Compilation, page: PageJson): Sql {
  const { rows, cursor, given, outside } = page;
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
        return [part.key, [page.total]];
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
        return [part.key, pageInfoJson(c, part, { rows, cursor, given, outside })];
      default:
        throw new NotCompiled();
    }
  });
  return textOf(objectOf(members));
}

/** How many records a page has at most. */
export function limitOf(args: Arguments, backward: boolean): Sql {
  const name = backward ? "last" : "first";
  const limit = args.late(name, (size) => pageSize({ [name]: size }).limit);
  return typeof limit === "number" ? raw(String(limit)) : param(limit, "integer");
}

/** What cursors hold, for each call; which values are null is part of the shape. */
export function boundsOf(args: Arguments, orderKey: string): Bounds {
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

/** The cursor of a row: the order and the row's sort keys, as `encodeCursor` writes them. */
export function cursorOf(orderKey: string, keys: readonly Sql[]): Sql {
  const values = keys.flatMap((key) => [",", sql`coalesce(to_json(${key}::text)::text, 'null')`]);
  const text = textOf([`[${JSON.stringify(orderKey)}`, ...values, "]"]);
  return sql`translate(encode(convert_to(${text}, 'UTF8'), 'base64'), ${raw("E'+/=\\n'")}, '-_')`;
}

export type PageRows = ReturnType<typeof pageRows>;

/** The rows of a page: how many are read, and how what is made of them becomes a list in the answer's order. */
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
