import type { FieldNode, GraphQLObjectType } from "graphql";
import { join, name, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Entity } from "../../model/entity.ts";
import { visible } from "../../query/visible.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { objectOf, quoted, textOf, type Json } from "./json.ts";
import { tableRow, type RowSql } from "./row-sql.ts";

/** An object as JSON: what is selected on a type under some nodes, read from a row or from none. */
export function objectJson(
  c: Compilation,
  row: RowSql | null,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): Json {
  return objectOf(
    c.fieldsOf(type, nodes).map((selected) => [selected.key, c.fieldJson(row, selected)] as const),
  );
}

/** What is selected of an object that is no record, as JSON. */
export function printedObject(
  c: Compilation,
  selected: Selected,
  print: (part: Selected) => Json,
): Json {
  const type = c.objectTypeOf(selected);
  return objectOf(
    c
      .fieldsOf(type, selected.nodes)
      .map((part) => [part.key, part.name === "__typename" ? [`"${type.name}"`] : print(part)]),
  );
}

/** The one record that a condition names, as JSON text; null when the caller sees no such record. */
export function oneRecord(
  c: Compilation,
  entity: Entity,
  { nodes }: Selected,
  includeDeleted: boolean,
  condition: (alias: string) => Sql,
): Sql {
  const alias = c.nextAlias();
  const json = objectJson(c, tableRow(entity, alias), c.objectType(entity.type), nodes);
  const from = raw(`${name(entity.table)} ${alias}`);
  const seen = visible(entity, alias, c.viewer, includeDeleted);
  return sql`(SELECT ${textOf(json)} FROM ${from} WHERE ${seen} AND ${condition(alias)})`;
}

/** The condition that a row has an id. */
export const hasId =
  (id: Sql) =>
  (alias: string): Sql =>
    sql`${raw(`${alias}."id"`)} = ${id}`;

/**
 * The record of that id as JSON text, as an interface or a union has it: which of the entities it is of, `among` says
 * by the key of each. Null when it is of no such entity, or the caller sees no such record.
 */
export function recordAmong(
  c: Compilation,
  among: { readonly key: Sql; readonly entities: Iterable<readonly [key: string, Entity]> },
  selected: Selected,
  includeDeleted: boolean,
  id: Sql,
): Sql {
  const cases = [...among.entities].map(
    ([key, entity]) =>
      sql`WHEN ${quoted(key)} THEN ${oneRecord(c, entity, selected, includeDeleted, hasId(id))}`,
  );
  return cases.length === 0 ? raw("NULL::text") : sql`CASE ${among.key} ${join(cases, " ")} END`;
}
