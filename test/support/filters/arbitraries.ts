import fc from "fast-check";
import type { Catalog } from "../../../src/model/catalog.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { Field } from "../../../src/model/field.ts";
import type { Filter } from "../../../src/query/filter-value.ts";
import {
  fieldValue,
  itemValue,
  jsonKeys,
  jsonValue,
  textItems,
  textValue,
} from "../samples/arbitraries.ts";

/** Where filters find the ids of rows; a field that they leave out has another meaning than its column. */
export type FilterSource = {
  readonly catalog: Catalog;
  readonly ids: (entity: Entity) => readonly string[];
  readonly leftOut: (entity: Entity, field: string) => boolean;
};

const equality = (value: fc.Arbitrary<unknown>, list: fc.Arbitrary<unknown>): Operators => ({
  eq: value,
  ne: value,
  in: list,
  notIn: list,
});
const ordering = (value: fc.Arbitrary<unknown>): Operators => ({
  gt: value,
  gte: value,
  lt: value,
  lte: value,
});
const patterns: Operators = { contains: textValue, startsWith: textValue, endsWith: textValue };
type Operators = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** The operators of a field with their operands, as the GraphQL inputs offer them, coerced. */
function operatorsOf(entity: Entity, definition: Field, source: FilterSource): Operators {
  const kind = definition.kind.name;
  if (kind === "textList") {
    return {
      has: itemValue,
      hasSome: textItems,
      hasEvery: textItems,
      isEmpty: fc.boolean(),
    };
  }
  const isId = kind === "id" || kind === "reference";
  const value = isId
    ? idOf(kind === "id" ? entity : source.catalog.entity(definition.to ?? ""), source)
    : fieldValue(definition);
  const isNull = { isNull: fc.boolean() };
  if (kind === "boolean") return { eq: value, ne: value, ...isNull };
  const list = equality(value, fc.array(value, { maxLength: 4 }));
  if (isId || kind === "enum") return { ...list, ...isNull };
  const textual = kind === "text" || kind === "url" || kind === "currency" || kind === "email";
  return { ...list, ...ordering(value), ...(textual ? patterns : {}), ...isNull };
}

/** An id as callers may write it: with its prefix or bare, in any case; sometimes of no row. */
function idOf(entity: Entity, source: FilterSource): fc.Arbitrary<string> {
  const absent = "00000000-0000-7000-8000-000000000000";
  const bare = fc.constantFrom(...source.ids(entity), absent);
  return fc.oneof(
    bare,
    bare.map((id) => `${entity.prefix}-${id}`),
    bare.map((id) => `${entity.prefix}-${id.toUpperCase()}`),
  );
}

const jsonPath = fc.array(fc.constantFrom(...jsonKeys, "missing"), { minLength: 1, maxLength: 2 });
const comparable = fc.oneof(fc.constantFrom<(number | string)[]>(0, 1, -1.5, 2, "1"), textValue);
const jsonOperators: Operators = {
  eq: jsonValue,
  ne: jsonValue,
  ...ordering(comparable),
  ...patterns,
  isNull: fc.option(fc.boolean()),
};
const jsonConditions = fc.array(
  fc.tuple(jsonPath, oneOrTwo(jsonOperators)).map(([path, operators]) => ({ path, ...operators })),
  { minLength: 1, maxLength: 2 },
);

/** Mostly one operator, sometimes two, sometimes null for an operand. */
function oneOrTwo(operators: Operators, withNull = false): fc.Arbitrary<Filter> {
  const single = fc.oneof(
    ...Object.entries(operators).map(([operator, operand]) =>
      (withNull ? fc.option(operand, { freq: 24 }) : operand).map((value): Filter => ({
        [operator]: value,
      })),
    ),
  );
  return fc.oneof(
    { weight: 4, arbitrary: single },
    {
      weight: 1,
      arbitrary: fc.tuple(single, single).map(([left, right]) => ({ ...left, ...right })),
    },
  );
}

/** Random `where` objects of an entity: `edges` deep over relations, `depth` deep in and/or/not. */
export function filterOf(
  entity: Entity,
  source: FilterSource,
  edges = 2,
  depth = 2,
): fc.Arbitrary<Filter> {
  const known = new Map<string, fc.Arbitrary<Filter>>();
  const build = (of: Entity, edgesLeft: number, depthLeft: number): fc.Arbitrary<Filter> => {
    const key = `${of.name} ${edgesLeft} ${depthLeft}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const conditions = Object.entries(of.fields)
      .filter(
        ([field, { kind, shownOnly }]) =>
          !shownOnly && kind.name !== "anyReference" && !source.leftOut(of, field),
      )
      .map(([field, definition]) => fieldFilter(of, field, definition, source));
    const parts = [{ weight: 6, arbitrary: fc.oneof(...conditions) }];
    if (edgesLeft > 0) {
      // Prisma has no edge that another column tells apart: the history.
      const said = Object.entries(of.relations).filter(
        ([, relation]) => relation.kind !== "many" || relation.only === null,
      );
      const over = said.map(([name, relation]) => {
        const inner = build(
          source.catalog.entity(relation.to),
          edgesLeft - 1,
          Math.max(0, depthLeft - 1),
        );
        const quantified = oneOrTwo({ some: inner, every: inner, none: inner }, true);
        const value = relation.kind === "one" ? inner : quantified;
        return fc.option(value, { freq: 40 }).map((condition): Filter => ({ [name]: condition }));
      });
      parts.push({ weight: 5, arbitrary: fc.oneof(...over) });
    }
    if (depthLeft > 0) {
      const inner = build(of, edgesLeft, depthLeft - 1);
      const several = fc.array(inner, { maxLength: 3 });
      parts.push(
        {
          weight: 2,
          arbitrary: fc.oneof(inner, fc.constant(null)).map((not): Filter => ({ not })),
        },
        { weight: 3, arbitrary: several.map((or): Filter => ({ or })) },
        { weight: 1, arbitrary: several.map((and): Filter => ({ and })) },
      );
    }
    const filter = fc
      .array(fc.oneof(...parts), { minLength: edgesLeft + depthLeft > 3 ? 1 : 0, maxLength: 2 })
      .map((entries): Filter => Object.assign({}, ...entries));
    known.set(key, filter);
    return filter;
  };
  return build(entity, edges, depth);
}

function fieldFilter(
  entity: Entity,
  field: string,
  definition: Field,
  source: FilterSource,
): fc.Arbitrary<Filter> {
  const isJson = definition.kind.filter?.isList;
  const condition = isJson
    ? jsonConditions
    : oneOrTwo(operatorsOf(entity, definition, source), true);
  return fc
    .option<Filter | readonly Filter[]>(condition, { freq: 40 })
    .map((value): Filter => ({ [field]: value }));
}
