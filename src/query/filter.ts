import { badInput, tooComplex, type GatewayError } from "../lib/errors.ts";
import {
  all,
  any,
  name,
  not,
  param,
  raw,
  sql,
  unknown,
  where,
  always,
  never,
  type Sql,
} from "../lib/sql.ts";
import { comparedLength } from "../lib/text.ts";
import type { Catalog } from "../model/catalog.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import { sqlTypeOf, type Field } from "../model/field.ts";
import type { Subject } from "../model/kind.ts";
import { asList } from "../model/kinds/parts/operators.ts";
import { namedBy } from "../model/public-value.ts";
import type { Relation } from "../model/relation.ts";
import { countValues, type FilterSize } from "./filter-size.ts";
import { maxPatternCharacters, type Filter } from "./filter-value.ts";
import { fieldSql } from "./order.ts";
import { linkJoin, relationJoin } from "./relation-join.ts";
import { visible, type ViewerSql } from "./visible.ts";

/** What turning a filter into SQL needs to know about where it stands. */
type FilterScope = {
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
    else throw noSuchField(inner);
  }
  return all(conditions);
}

function tooMuch(limit: string): GatewayError {
  return tooComplex(`a filter has ${limit}; ask for less at once.`, ["where"]);
}

const noSuchField = ({ path, entity }: FilterScope): GatewayError =>
  badInput(path, `${entity.type} has no such field.`);

function combination(key: "and" | "or" | "not", value: unknown, scope: FilterScope): Sql {
  if (key === "not") {
    return not(filterCondition(asFilter(value), { ...scope, negated: !scope.negated }));
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
  const { filter } = definition.kind;
  const { entity, alias, catalog, size, negated, path } = scope;
  if (filter === null) throw noSuchField(scope);
  const subject: Subject = {
    field: definition,
    named: namedBy(catalog, entity, definition),
    value: fieldSql(alias, fieldName, definition),
    sqlType: sqlTypeOf(definition),
    column: raw(`${alias}.${name(definition.column)}`),
    key: definition.key === null ? null : raw(`${alias}.${name(definition.key)}`),
    searchText: raw(`${alias}."search_text"`),
    negated,
    path,
    count: (values, at) => countValues(size, filter.slow, values, at),
    countText: (text) => {
      // As it stands in the database.
      size.characters += comparedLength(text);
      if (size.characters > maxPatternCharacters) {
        throw tooComplex(
          { complaint: "tooManyCharacters", max: maxPatternCharacters, where: "filter" },
          ["where"],
        );
      }
    },
    recordOf: (id, at) => {
      const { to, uuid } = catalog.parseLoggedId(id, at);
      return { type: to.type, uuid };
    },
    isOf: (type) => {
      const typed = definition.typed ?? "";
      const said = fieldOf(entity, typed);
      return sql`${fieldSql(alias, typed, said)} = ${param(type, sqlTypeOf(said))}`;
    },
  };
  const given = filter.isList ? asList(value) : [value];
  return all(
    given.map((conditions, index) => {
      // A single condition may stand without a list.
      const at = given.length === 1 ? path : [...path, String(index)];
      return filter.condition({ ...subject, path: at }, asFilter(conditions));
    }),
  );
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
        return negated ? not(condition) : condition;
      });
    if (quantifier === "some") conditions.push(exists(false));
    else if (quantifier === "none") conditions.push(not(exists(false)));
    else if (quantifier === "every") conditions.push(not(exists(true)));
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
    return scope.negated ? isNotFalse(condition) : condition;
  });
}

function isNotFalse(condition: Sql): Sql {
  if (condition === never) return never;
  return condition === always || condition === unknown ? always : sql`(${condition}) IS NOT FALSE`;
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
  const asked = where(condition(alias));
  if (asked === never) return never;
  return sql`EXISTS (SELECT 1 FROM ${raw(name(target.table))} ${raw(alias)}${link?.from ?? raw("")} WHERE ${all(
    [
      visible(target, alias, scope.viewer, false),
      link?.condition ?? relationJoin(relation, scope.entity, target, aliases, tenant),
      asked,
    ],
  )})`;
}

function asFilter(value: unknown): Filter {
  if (typeof value !== "object" || value === null)
    throw badInput(["where"], "an object is expected here.");
  return { ...value };
}
