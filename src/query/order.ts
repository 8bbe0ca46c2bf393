import { badInput } from "../lib/errors.ts";
import type { Entity } from "../model/entity.ts";
import { isSortable, sqlTypeOf, type Field } from "../model/field.ts";
import type { OrderDirection, OrderTerm } from "../model/order.ts";
import { name, raw, sql, type Sql } from "../lib/sql.ts";

/** One sort term, ready for SQL. */
export type SortTerm = {
  /** Names the term inside cursors. */
  readonly key: string;
  readonly expression: Sql;
  readonly type: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly nullable: boolean;
};

/** `orderBy` as it comes from GraphQL: each object has exactly one field, since its type is `@oneOf`. */
export type OrderInput = Readonly<Record<string, OrderDirection | null | undefined>>;

/** A field as SQL under a table alias. */
export function fieldSql(alias: string, fieldName: string, definition: Field): Sql {
  if (definition.expression !== null) return raw(definition.expression.replaceAll("{t}", alias));
  return raw(`${alias}.${name(definition.column)}`);
}

/** More are no order that anybody means; each costs the statement something. */
const maxTerms = 20;

export function parseOrder(orderBy: readonly OrderInput[]): OrderTerm[] {
  if (orderBy.length > maxTerms)
    throw badInput(["orderBy"], `at most ${maxTerms} terms; give fewer.`);
  return orderBy.flatMap((input) =>
    Object.entries(input).flatMap(([field, direction]) =>
      direction == null ? [] : [{ field, direction }],
    ),
  );
}

/** The sort terms of a list: what was asked for, then the id, so that the order is total. */
export function sortTerms(entity: Entity, alias: string, order: readonly OrderTerm[]): SortTerm[] {
  const terms: SortTerm[] = [];
  for (const { field, direction } of order) {
    const definition = entity.fields[field];
    if (definition === undefined || !isSortable(definition)) {
      throw new Error(`${entity.name} cannot be ordered by ${field}`);
    }
    if (terms.some((term) => term.key.startsWith(`${field} `))) continue;
    const descending = direction.startsWith("desc");
    // PostgreSQL's own default, which the plain indexes serve: nulls last ascending, first descending.
    const nullsFirst =
      direction.endsWith("nulls_first") || (descending && !direction.endsWith("nulls_last"));
    terms.push({
      key: `${field} ${direction}`,
      expression: fieldSql(alias, field, definition),
      type: sqlTypeOf(definition),
      descending,
      nullsFirst,
      nullable: definition.nullable,
    });
    if (definition.kind.ids === "own") return terms;
  }
  return [...terms, idTerm(alias, terms[0]?.descending ?? true)];
}

/** The id as the last term, in the direction of the first, so that one row comparison can serve all. */
export function idTerm(alias: string, descending: boolean): SortTerm {
  return {
    key: descending ? "id desc" : "id asc",
    expression: raw(`${alias}."id"`),
    type: "uuid",
    descending,
    nullsFirst: descending,
    nullable: false,
  };
}

/** The same order read from its other end. */
export function reversed(terms: readonly SortTerm[]): SortTerm[] {
  return terms.map((term) => ({
    ...term,
    descending: !term.descending,
    nullsFirst: !term.nullsFirst,
  }));
}

/** One ORDER BY item. PostgreSQL's default null placement is left unsaid, as it is in the indexes. */
export function orderItem(term: SortTerm, expression: Sql = term.expression): Sql {
  const direction = term.descending ? " DESC" : " ASC";
  const nulls =
    !term.nullable || term.nullsFirst === term.descending
      ? ""
      : term.nullsFirst
        ? " NULLS FIRST"
        : " NULLS LAST";
  return sql`${expression}${raw(direction + nulls)}`;
}
