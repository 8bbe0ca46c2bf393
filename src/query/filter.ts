import { badInput, tooComplex, type GatewayError } from "../lib/errors.ts";
import { Unreadable } from "../lib/unreadable.ts";
import { parseId } from "../lib/id.ts";
import { comparedLength, readText } from "../lib/text.ts";
import type { Catalog } from "../model/catalog.ts";
import { comparedAs } from "../model/compared.ts";
import type { Entity } from "../model/entity.ts";
import { foldedLength, searchedLength, sqlTypeOf, type Field } from "../model/field.ts";
import type { Relation } from "../model/relation.ts";
import { countValues, type FilterSize } from "./filter-size.ts";
import {
  folded,
  hasPart,
  maxPatternCharacters,
  readPart,
  type Filter,
  type Part,
} from "./filter-value.ts";
import { jsonCondition } from "./json-filter.ts";
import { fieldSql } from "./order.ts";
import { isPhone } from "./phone-condition.ts";
import { linkJoin, relationJoin } from "./relation-join.ts";
import { all, any, isOneOf, name, param, raw, sql, type Sql } from "../lib/sql.ts";
import { visible, type ViewerSql } from "./visible.ts";

/** What turning a filter into SQL needs to know about where it stands. */
export type FilterScope = {
  readonly catalog: Catalog;
  readonly viewer: ViewerSql;
  readonly entity: Entity;
  readonly alias: string;
  readonly path: readonly string[];
  /** Makes the aliases of nested tables unique within the statement. */
  readonly nextAlias: () => string;
  /**
   * Under an odd number of `not`: what is unknown (a null was compared) must then count as true, so that
   * the whole stays unknown and the row is left out, as in plain SQL.
   */
  readonly negated: boolean;
  /** What the whole filter has used up so far. */
  readonly size: FilterSize;
  /** Edges between the list and here. */
  readonly edges: number;
};

/** Beyond these a filter is no question of a person or a program any more, but an attack or a mistake. */
const maxConditions = 1_000;
const maxDepth = 60;
const maxEdges = 6;
/** Edges in all: PostgreSQL plans each together with the others, and takes a second for 50. */
const maxEdgesInAll = 30;

/** What a host stands in. */
const hostKinds: ReadonlySet<Field["kind"]> = new Set(["domain", "email", "url"]);

type Comparison = (left: Sql, right: Sql) => Sql;
const comparisons: Readonly<Record<string, Comparison>> = {
  eq: (left, right) => sql`${left} = ${right}`,
  ne: (left, right) => sql`${left} <> ${right}`,
  gt: (left, right) => sql`${left} > ${right}`,
  gte: (left, right) => sql`${left} >= ${right}`,
  lt: (left, right) => sql`${left} < ${right}`,
  lte: (left, right) => sql`${left} <= ${right}`,
};
/** A comparison with null is neither true nor false: it matches nothing, and neither does its opposite. */
const unknown = raw("NULL::boolean");

/** The condition that a `where` object states. */
export function filterCondition(filter: Filter, scope: FilterScope): Sql {
  const conditions: Sql[] = [];
  for (const [key, value] of Object.entries(filter)) {
    if (value === undefined) continue;
    scope.size.conditions += 1;
    if (scope.size.conditions > maxConditions || scope.path.length > maxDepth) {
      throw tooMuch(`at most ${maxConditions} conditions, nested at most ${maxDepth} deep`);
    }
    const inner = { ...scope, path: [...scope.path, key] };
    if (key === "and" || key === "or" || key === "not") {
      if (value !== null) conditions.push(combination(key, value, inner));
      continue;
    }
    const definition = scope.entity.fields[key];
    const relation = scope.entity.relations[key];
    if (value === null) conditions.push(unknown);
    else if (definition !== undefined)
      conditions.push(fieldCondition(key, definition, value, inner));
    else if (relation !== undefined)
      conditions.push(relationCondition(relation, asFilter(value), inner));
    else throw badInput(inner.path, `${scope.entity.type} has no such field.`);
  }
  return all(conditions);
}

function tooMuch(limit: string): GatewayError {
  return tooComplex(`a filter has ${limit}; ask for less at once.`, ["where"]);
}

/** Counts what is looked for, as it stands in the database. */
function countedPart({ size }: FilterScope, part: Part): Part {
  size.characters += comparedLength(part.text);
  if (size.characters > maxPatternCharacters)
    throw tooComplex(
      { complaint: "tooManyCharacters", max: maxPatternCharacters, where: "filter" },
      ["where"],
    );
  return part;
}

function combination(key: "and" | "or" | "not", value: unknown, scope: FilterScope): Sql {
  if (key === "not") {
    return sql`NOT (${filterCondition(asFilter(value), { ...scope, negated: !scope.negated })})`;
  }
  const given = asList(value);
  scope.size.conditions += given.length;
  if (scope.size.conditions > maxConditions) throw tooMuch(`at most ${maxConditions} conditions`);
  const branches = given.map((branch, index) =>
    filterCondition(asFilter(branch), { ...scope, path: [...scope.path, String(index)] }),
  );
  return key === "and" ? all(branches) : any(branches);
}

function fieldCondition(
  fieldName: string,
  definition: Field,
  value: unknown,
  scope: FilterScope,
): Sql {
  const column = fieldSql(scope.alias, fieldName, definition);
  if (definition.kind === "json" || definition.kind === "jsonObject") {
    return all(
      asList(value).map((condition) =>
        jsonCondition(column, asFilter(condition), scope.path, (part) => countedPart(scope, part)),
      ),
    );
  }
  const conditions = Object.entries(asFilter(value))
    .filter(([, operand]) => operand !== undefined)
    .map(([operator, operand]) => {
      const path = [...scope.path, operator];
      if (operand === null) return unknown;
      countValues(scope.size, definition.kind, asList(operand).length, path);
      if (definition.kind === "textList") return listCondition(column, operator, operand, path);
      if (definition.kind === "anyReference")
        return anyReferenceCondition(column, definition, operator, operand, { ...scope, path });
      return scalarCondition({ column, definition, operator, operand, scope, path });
    });
  return all(conditions);
}

type ScalarArguments = {
  column: Sql;
  definition: Field;
  operator: string;
  operand: unknown;
  scope: FilterScope;
  path: readonly string[];
};

function scalarCondition({
  column,
  definition,
  operator,
  operand,
  scope,
  path,
}: ScalarArguments): Sql {
  const type = sqlTypeOf(definition);
  const key = definition.key === null ? null : raw(`${scope.alias}.${name(definition.key)}`);
  // Emails are compared by the column beside them that holds them folded.
  const left = key !== null && definition.kind === "email" ? key : column;
  const one = (value: unknown, at: readonly string[]): unknown =>
    scalarValue(definition, scope, value, at);
  const isEqual = ["eq", "in"].includes(operator);
  if (definition.kind === "phone" && (isEqual || ["ne", "notIn"].includes(operator))) {
    const isOne = operator === "eq" || operator === "ne";
    const texts = asList(operand).flatMap((value, index) => {
      const text = one(value, isOne ? path : [...path, String(index)]);
      return typeof text === "string" ? [text] : [];
    });
    const usesKey = isEqual && !scope.negated;
    const isListed = isPhone(column, usesKey ? key : null, texts);
    // As in SQL: what is none of the others may be the null among them.
    const found = asList(operand).includes(null) ? any([isListed, unknown]) : isListed;
    return isEqual ? found : sql`NOT (${found})`;
  }

  const compare = comparisons[operator];
  if (compare !== undefined) {
    const right = param(one(operand, path), type);
    const compared = compare(left, right);
    const stored = definition.stored?.[String(operand)];
    if (operator !== "eq" || stored === undefined || scope.negated) return compared;
    // What the column itself must hold for the derived value: plain, so that an index on it can be used.
    const plain = raw(`${scope.alias}.${name(definition.column)}`);
    const [only, ...others] = stored;
    const implied =
      others.length === 0
        ? sql`${plain} = ${param(only, type)}`
        : sql`${plain} = ANY (${param(stored, `${type}[]`)})`;
    return all([implied, compared]);
  }
  if (operator === "isNull")
    return operand === true ? sql`${column} IS NULL` : sql`${column} IS NOT NULL`;
  if (operator === "in" || operator === "notIn") {
    const listed = asList(operand);
    const values = listed.map((value, index) => one(value, [...path, String(index)]));
    const list = param(values, `${type}[]`);
    return operator === "in" ? sql`${left} = ANY (${list})` : sql`${left} <> ALL (${list})`;
  }
  const part = countedPart(scope, readPart(operator, operand, path));
  const isIn = (text: Sql): Sql => hasPart(folded(text), part.operator, part.text);
  // A host is stored in punycode, and looked for as people type it.
  const matches = hostKinds.has(definition.kind)
    ? any([isIn(column), isIn(sql`COALESCE(host_unicode(${column}), ${column})`)])
    : isIn(column);
  // What is in the field is in search_text, whose trigram index the planner can use; not true of "unknown" under a NOT.
  if (definition.searched === null || scope.negated) return matches;
  const isSearched = hasPart(raw(`${scope.alias}."search_text"`), "contains", part.text);
  if (definition.searched === "whole") return all([isSearched, matches]);
  // Of which only the beginning is there; folding the others would be the most of the work.
  return all([
    any([
      isSearched,
      sql`char_length(${column}) > ${raw(String(searchedLength))}`,
      sql`char_length(${raw(`${scope.alias}."search_text"`)}) >= ${raw(String(foldedLength))}`,
    ]),
    matches,
  ]);
}

/** Records of any kind by their public ids, whose prefix says of which. */
function anyReferenceCondition(
  column: Sql,
  definition: Field,
  operator: string,
  operand: unknown,
  { entity, alias, catalog, path }: FilterScope,
): Sql {
  if (operator === "isNull") return raw(operand === true ? "FALSE" : "TRUE");
  const typed = definition.typed ?? "";
  const kind = entity.fields[typed];
  if (kind === undefined) throw new Error(`${entity.name} has no field ${typed}`);
  const isOne = operator === "eq" || operator === "ne";
  const wanted = new Map<string, string[]>();
  for (const [index, value] of asList(operand).entries()) {
    const at = isOne ? path : [...path, String(index)];
    const { to, uuid } = catalog.parseAnyId(asText(value, at), at);
    wanted.set(to.type, [...(wanted.get(to.type) ?? []), uuid]);
  }
  const found = any(
    [...wanted].map(([type, uuids]) =>
      all([
        isOneOf(column, uuids, "uuid"),
        sql`${fieldSql(alias, typed, kind)} = ${param(type, sqlTypeOf(kind))}`,
      ]),
    ),
  );
  if (operator === "eq" || operator === "in") return found;
  if (operator === "ne" || operator === "notIn") return sql`NOT ${found}`;
  throw badInput(path, { complaint: "noSuchOperator" });
}

function scalarValue(
  definition: Field,
  scope: FilterScope,
  value: unknown,
  path: readonly string[],
): unknown {
  if (value === null) return null;
  if (value instanceof Unreadable) throw badInput(path, value.reason);
  if (definition.kind === "id" || definition.kind === "reference") {
    const target =
      definition.kind === "id" ? scope.entity : scope.catalog.entity(definition.to ?? "");
    return parseId(target.prefix, asText(value, path), path);
  }
  if (typeof value === "string") return comparedAs(definition, readText(value, path));
  // pg would print a Date in the process's own time zone, to the minute: instants come as text (the DateTime scalar).
  if (value instanceof Date) throw new Error(`${path.join(".")}: an instant must be ISO 8601 text`);
  return value;
}

function listCondition(
  column: Sql,
  operator: string,
  operand: unknown,
  path: readonly string[],
): Sql {
  if (operator === "isEmpty") {
    return operand === true ? sql`cardinality(${column}) = 0` : sql`cardinality(${column}) > 0`;
  }
  const values = asList(operand).map((value, index) => asText(value, [...path, String(index)]));
  const list = param(values, "text[]");
  if (operator === "hasSome") return sql`${column} && ${list}`;
  if (operator === "has" || operator === "hasEvery") return sql`${column} @> ${list}`;
  throw badInput(path, { complaint: "noSuchOperator" });
}

function relationCondition(relation: Relation, filter: Filter, scope: FilterScope): Sql {
  const target = scope.catalog.entity(relation.to);
  if (relation.kind === "one") return toOneCondition(relation, target, filter, scope);
  const conditions: Sql[] = [];
  for (const [quantifier, value] of Object.entries(filter)) {
    if (value === undefined) continue;
    if (value === null) {
      conditions.push(unknown);
      continue;
    }
    const path = [...scope.path, quantifier];
    // Whether a child matches is settled inside EXISTS: nothing unknown comes out of it.
    const exists = (negated: boolean): Sql =>
      existing(relation, target, scope, (alias) => {
        const condition = filterCondition(asFilter(value), {
          ...scope,
          entity: target,
          alias,
          path,
          negated,
          edges: scope.edges + 1,
        });
        return negated ? sql`NOT (${condition})` : condition;
      });
    if (quantifier === "some") conditions.push(exists(false));
    else if (quantifier === "none") conditions.push(sql`NOT ${exists(false)}`);
    else if (quantifier === "every") conditions.push(sql`NOT ${exists(true)}`);
    else throw badInput(path, "say some, every or none.");
  }
  return all(conditions);
}

function toOneCondition(
  relation: Extract<Relation, { kind: "one" }>,
  target: Entity,
  filter: Filter,
  scope: FilterScope,
): Sql {
  return existing(relation, target, scope, (alias) => {
    const condition = filterCondition(filter, {
      ...scope,
      entity: target,
      alias,
      edges: scope.edges + 1,
    });
    return scope.negated ? sql`(${condition}) IS NOT FALSE` : condition;
  });
}

/** EXISTS over the live rows at the other end of a relation. */
function existing(
  relation: Relation,
  target: Entity,
  scope: FilterScope,
  condition: (alias: string) => Sql,
): Sql {
  const alias = scope.nextAlias();
  if (scope.edges >= maxEdges) throw tooMuch(`at most ${maxEdges} edges behind one another`);
  scope.size.edges += 1;
  if (scope.size.edges > maxEdgesInAll) throw tooMuch(`at most ${maxEdgesInAll} edges in all`);
  const { tenant } = scope.viewer;
  const aliases = { near: scope.alias, far: alias };
  // A join, and not IN: nested in EXISTS, PostgreSQL would look at every far row for every near one.
  const link = relation.kind === "through" ? linkJoin(relation, aliases, tenant) : null;
  return sql`EXISTS (SELECT 1 FROM ${raw(name(target.table))} ${raw(alias)}${link?.from ?? raw("")} WHERE ${all(
    [
      visible(target, alias, scope.viewer, false),
      link?.condition ?? relationJoin(relation, scope.entity, target, aliases, tenant),
      condition(alias),
    ],
  )})`;
}

function asFilter(value: unknown): Filter {
  if (typeof value !== "object" || value === null)
    throw badInput(["where"], "an object is expected here.");
  return { ...value };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function asText(value: unknown, path: readonly string[]): string {
  if (typeof value !== "string") throw badInput(path, { complaint: "notString" });
  return readText(value, path);
}
