import type { GraphQLObjectType, FieldNode } from "graphql";
import { name, raw, sql, type Sql } from "../../lib/sql.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import { namedBy } from "../../model/public-value.ts";
import { fieldSql } from "../../query/order.ts";
import { relationJoin } from "../../query/relation-join.ts";
import { visible } from "../../query/visible.ts";
import { sourceOf } from "../schema/source.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { listText } from "./list.ts";
import { booleanOf, objectOf, orNull, textOf, valueOf, type Json } from "./json.ts";

/** A row of an entity in SQL: how its fields are read there. */
export type RowSql = {
  readonly entity: Entity;
  readonly alias: string;
  readonly field: (name: string) => Sql;
};

/** The row of a table itself. */
export const tableRow = (entity: Entity, alias: string): RowSql => ({
  entity,
  alias,
  field: (field) => fieldSql(alias, field, fieldOf(entity, field)),
});

/** A row that comes out of a subquery, which selects what is read of it: `columns`, filled as fields are asked for. */
export function subqueryRow(entity: Entity, alias: string): RowSql & { columns: () => Sql[] } {
  const columns = new Map<string, Sql>();
  return {
    entity,
    alias,
    field: (field) => {
      const definition = fieldOf(entity, field);
      // Edges compare the columns of keys by their own names.
      const column = definition.expression === null ? definition.column : `read ${field}`;
      columns.set(column, fieldSql("t", field, definition));
      return raw(`${alias}.${name(column)}`);
    },
    columns: () => [...columns].map(([column, value]) => sql`${value} AS ${raw(name(column))}`),
  };
}

/** A record as JSON: what is selected of it under some nodes. */
export function recordJson(
  c: Compilation,
  row: RowSql,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): Json {
  return objectOf(
    c.fieldsOf(type, nodes).map((selected) => [selected.key, fieldJson(c, row, selected)] as const),
  );
}

function fieldJson(c: Compilation, row: RowSql, selected: Selected): Json {
  const { definition, parent } = selected;
  if (definition === null) return [`"${parent.name}"`];
  const from = sourceOf(definition);
  switch (from?.kind) {
    case "column": {
      const field = fieldOf(row.entity, from.field);
      const { prefix } = namedBy(c.catalog, row.entity, field);
      return valueOf(field, row.field(from.field), prefix);
    }
    case "isDeleted":
      return booleanOf(sql`${row.field("deletedAt")} IS NOT NULL`);
    case "edge":
      return edgeJson(c, row, selected, from.relation);
    case "list":
      return [listText(c, row, selected, from)];
    default:
      throw new NotCompiled();
  }
}

/** The record at the other end of an edge to one. */
function edgeJson(c: Compilation, row: RowSql, selected: Selected, relationName: string): Json {
  const relation = row.entity.relations[relationName];
  if (relation?.kind !== "one") throw new NotCompiled();
  const target = c.catalog.entity(relation.to);
  const includeDeleted = c.argumentsOf(selected).values["includeDeleted"] === true;
  row.field(relation.key);
  return orNull(
    oneRecord(c, target, selected, includeDeleted, (far) =>
      relationJoin(relation, row.entity, target, { near: row.alias, far }, c.viewer.tenant),
    ),
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
  const json = recordJson(c, tableRow(entity, alias), c.objectTypeOf(selected), selected.nodes);
  const from = raw(`${name(entity.table)} ${alias}`);
  const seen = visible(entity, alias, c.viewer, includeDeleted);
  return sql`(SELECT ${textOf(json)} FROM ${from} WHERE ${seen} AND ${condition(alias)})`;
}
