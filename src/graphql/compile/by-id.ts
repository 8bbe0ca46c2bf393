import { parseId } from "../../lib/id.ts";
import { param, raw, sql, type Sql } from "../../lib/sql.ts";
import { readText } from "../../lib/text.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import { sqlTypeOf } from "../../model/field.ts";
import { fieldSql } from "../../query/order.ts";
import type { Source } from "../schema/source.ts";
import { NotCompiled, type Arguments, type Compilation, type Selected } from "./compilation.ts";
import type { Json } from "./json.ts";
import { hasId, recordAmong, recordJson } from "./record.ts";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** One record by its id or a natural key. */
export function keyedJson(
  c: Compilation,
  selected: Selected,
  from: Extract<Source, { kind: "record" }>,
): Json {
  const entity = c.catalog.entity(from.entity);
  const args = c.argumentsOf(selected);
  const [given, ...others] = Object.entries(args.values).filter(([, value]) => value != null);
  if (given === undefined || others.length > 0) throw new NotCompiled();
  const condition = keyCondition(entity, args, given[0]);
  return recordJson(c, c.root, selected, { entity, includeDeleted: false, condition });
}

/** The condition that a row has the key in an argument. Keys are unique among live records. */
function keyCondition(entity: Entity, args: Arguments, argument: string): (alias: string) => Sql {
  if (argument === "id") {
    const id = args.late("id", (value) => parseId(entity.prefix, textOf(value), ["id"]));
    return hasId(param(id, "uuid"));
  }
  const name = entity.naturalKeys[argument] ?? argument;
  const field = fieldOf(entity, name);
  const compared = args.late(argument, (value) =>
    field.kind.comparedAs(readText(textOf(value), [argument])),
  );
  return (alias) => sql`${fieldSql(alias, name, field)} = ${param(compared, sqlTypeOf(field))}`;
}

/** `node`. The entity that the id names is part of the shape. */
export function nodeJson(c: Compilation, selected: Selected): Json {
  const { catalog } = c;
  const args = c.argumentsOf(selected);
  const { to: entity } = catalog.parseAnyId(textOf(args.values["id"]), ["id"]);
  const id = args.late("id", (value) => {
    const { to, uuid } = catalog.parseAnyId(textOf(value), ["id"]);
    if (to !== entity) throw new NotCompiled();
    return uuid;
  });
  const condition = hasId(param(id, "uuid"));
  return recordJson(c, c.root, selected, { entity, includeDeleted: false, condition });
}

/** `nodes` and `_entities`. The entities that the ids name are part of the shape; the number of ids is not. */
export function nodesJson(
  c: Compilation,
  selected: Selected,
  { argument, max }: Extract<Source, { kind: "nodes" }>,
): Json {
  const { catalog } = c;
  const args = c.argumentsOf(selected);
  const read = (value: unknown) => {
    const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (ids.length > max) throw new NotCompiled();
    return ids.map((id) => catalog.parseAnyId(textOf(id), [argument]));
  };
  const prefixes = args.late(argument, (value) => read(value).map(({ to }) => to.prefix));
  const uuids = args.late(argument, (value) => read(value).map(({ uuid }) => uuid));
  // Of one shape's calls, each gives them in an order of its own.
  const prefixed = read(args.values[argument]).map(({ to }) => [to.prefix, to] as const);
  const entities = new Map(prefixed.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const alias = c.nextAlias();
  const column = (name: string): Sql => raw(`${alias}.${name}`);
  const among = { key: column("prefix"), entities };
  const record = recordAmong(c, among, selected, false, column("id"));
  const ids = sql`unnest(${param(prefixes, "text[]")}, ${param(uuids, "uuid[]")})`;
  const from = sql`${ids} WITH ORDINALITY AS ${raw(alias)}(prefix, id, place)`;
  const list = sql`string_agg(coalesce(${record}, 'null'), ',' ORDER BY ${column("place")})`;
  return ["[", sql`(SELECT ${list} FROM ${from})`, "]"];
}
