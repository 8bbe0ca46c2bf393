import type { FieldNode, GraphQLObjectType } from "graphql";
import { name, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Entity } from "../../model/entity.ts";
import { visible } from "../../query/visible.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { objectOf, textOf, type Json } from "./json.ts";
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

/** The one record that a condition names, as JSON text; null when the caller sees no such record. */
export function oneRecord(
  c: Compilation,
  entity: Entity,
  selected: Selected,
  includeDeleted: boolean,
  condition: (alias: string) => Sql,
): Sql {
  const alias = c.nextAlias();
  const json = objectJson(c, tableRow(entity, alias), c.objectTypeOf(selected), selected.nodes);
  const from = raw(`${name(entity.table)} ${alias}`);
  const seen = visible(entity, alias, c.viewer, includeDeleted);
  return sql`(SELECT ${textOf(json)} FROM ${from} WHERE ${seen} AND ${condition(alias)})`;
}
