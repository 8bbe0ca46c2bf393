import type { GraphQLObjectType } from "graphql";
import { all, join, name, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Entity } from "../../model/entity.ts";
import { visible } from "../../query/visible.ts";
import { defaultPlace } from "../../query/page.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { cursorOf } from "./connection.ts";
import { objectOf, orNull, quoted, textOf, type Json } from "./json.ts";
import { joined, joinsOf, tableRow, type Joined, type RowSql } from "./row-sql.ts";

/** The selection on a type as a JSON object, read from a row; at the root there is no row. */
export function objectJson(
  c: Compilation,
  row: RowSql | null,
  type: GraphQLObjectType,
  of: Pick<Selected, "nodes" | "planned">,
): Json {
  return objectOf(
    c.fieldsOf(type, of).map((selected) => [selected.key, c.fieldJson(row, selected)] as const),
  );
}

/** The selection on an object that is not a record, as JSON. */
export function printedObject(
  c: Compilation,
  selected: Selected,
  print: (part: Selected) => Json,
): Json {
  const type = c.objectTypeOf(selected);
  return objectOf(
    c
      .fieldsOf(type, selected)
      .map((part) => [part.key, part.name === "__typename" ? [`"${type.name}"`] : print(part)]),
  );
}

/** The condition that finds one record. */
type Named = {
  readonly entity: Entity;
  readonly includeDeleted: boolean;
  readonly condition: (alias: string) => Sql;
  /** Gives the row to read in place of the table's. */
  readonly as?: (c: Compilation, row: RowSql) => RowSql;
  /** Prints the field; the selection on the record unless given. */
  readonly print?: (c: Compilation, row: RowSql, selected: Selected) => Json;
};

const printRecord = (c: Compilation, row: RowSql, selected: Selected): Json =>
  objectJson(c, row, c.objectType(row.entity.type), selected);

/** A record as the edge of a list in the default order. */
export function printEdge(c: Compilation, row: RowSql, selected: Selected): Json {
  const { terms, orderKey } = defaultPlace(row.entity, row.alias);
  const keys = terms.map(({ expression }) => expression);
  return printedObject(c, selected, (part) => {
    if (part.name === "node") return printRecord(c, row, part);
    if (part.name === "cursor") return [`"`, cursorOf(orderKey, keys), `"`];
    throw new NotCompiled();
  });
}

/** A record's text, and its FROM clause, which gives no row if the caller sees no such record. */
export function readRecord(c: Compilation, place: Joined, selected: Selected, named: Named) {
  const { entity, includeDeleted, condition, as = (_c, plain) => plain } = named;
  const row = as(c, tableRow(entity, c.nextAlias()));
  const { print = printRecord } = named;
  const text = textOf(print(c, row, selected));
  const guard = place.guard === null ? [] : [place.guard];
  const seen = visible(entity, row.alias, c.viewer, includeDeleted);
  const where = all([...guard, seen, condition(row.alias)]);
  const from = sql`${raw(`${name(entity.table)} ${row.alias}`)}${joinsOf(row)} WHERE ${where}`;
  return { row, text, from };
}

/** The record that a condition finds, as JSON; null if the caller sees no such record. */
export function recordJson(c: Compilation, place: Joined, selected: Selected, named: Named): Json {
  const { row, text, from } = readRecord(c, place, selected, named);
  const { own = 0, each = 0 } = c.priceOf(selected) ?? {};
  if (row.costs.length === 0 && each + row.cost === 0) {
    place.cost += own;
    return orNull(sql`(SELECT ${text} FROM ${from})`);
  }
  // A missing record costs only its look-up. OFFSET keeps the order of the rows that it is joined to.
  const alias = c.nextAlias();
  const cost = join([raw(String(own + each + row.cost)), ...row.costs], " + ");
  place.joins.push(
    sql`LEFT JOIN LATERAL (SELECT ${text} AS j, ${cost} AS c FROM ${from} OFFSET 0) ${raw(alias)} ON TRUE`,
  );
  place.costs.push(raw(`coalesce(${alias}.c, ${own})`));
  return orNull(raw(`${alias}.j`));
}

/** The condition that a row has an id. */
export const hasId =
  (id: Sql) =>
  (alias: string): Sql =>
    sql`${raw(`${alias}."id"`)} = ${id}`;

/**
 * The record with an id as JSON text, under an interface or a union. `among` maps a key to each possible entity. Null
 * if no entity has the key, or if the caller sees no such record.
 */
export function recordAmong(
  c: Compilation,
  among: { readonly key: Sql; readonly entities: Iterable<readonly [key: string, Entity]> },
  selected: Selected,
  includeDeleted: boolean,
  id: Sql,
): Sql {
  const cases = [...among.entities].map(([key, entity]) => {
    const named = { entity, includeDeleted, condition: hasId(id) };
    const { text, from } = readRecord(c, joined(), selected, named);
    return sql`WHEN ${quoted(key)} THEN (SELECT ${text} FROM ${from})`;
  });
  return cases.length === 0 ? raw("NULL::text") : sql`CASE ${among.key} ${join(cases, " ")} END`;
}
