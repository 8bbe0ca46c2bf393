import { inWords } from "../../lib/text.ts";
import type { FieldRef, ObjectRef } from "@pothos/core";
import type { GraphQLResolveInfo } from "graphql";
import { formatId } from "../../lib/id.ts";
import type { Aggregate, Figures, Group, Money } from "../../query/aggregate/answer.ts";
import type { Entity } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import type { ManyRelation } from "../../model/relation.ts";
import { addable, comparable, groupable, isMoney, isTime } from "../../model/measure.ts";
import type { Row } from "../../query/row.ts";
import {
  aggregateRequest,
  defaultGroups,
  maxGroupFields,
  maxGroups,
  type AggregateArguments,
} from "./aggregate-arguments.ts";
import { access, typeAccess } from "../limits/access.ts";
import type { Builder, SchemaTypes } from "./builder.ts";
import type { Context } from "./context.ts";
import { outputType, type Output } from "./output-type.ts";
import type { SchemaParts } from "./schema-parts.ts";
import { fieldKey } from "./selection.ts";

type FieldBuilder<Shape> = PothosSchemaTypes.ObjectFieldBuilder<SchemaTypes, Shape>;
type Fields = Record<string, FieldRef<SchemaTypes>>;

/** An amount with its currency, as figures of money are told. */
export const makeMoney = (builder: Builder) =>
  builder.objectRef<Money>("Money").implement({
    description: "An amount in a currency.",
    fields: (t) => ({
      currency: t.field({
        type: "Currency",
        description: "ISO 4217 code of the currency.",
        resolve: (value) => value.currency,
      }),
      amount: t.field({
        type: "Decimal",
        description: "How much, in that currency. A sum has as many digits as it takes.",
        resolve: (value) => String(value.amount),
      }),
    }),
  });

/** The GraphQL type of figures over an entity's records: `DealAggregate`. */
export function makeAggregate(
  schema: SchemaParts,
  entity: Entity,
): ObjectRef<SchemaTypes, Aggregate> {
  const { builder } = schema;
  const { type } = entity;
  const plural = inWords(entity.plural);
  // A type without fields is none: what has nothing to add up has no sum.
  const numbers =
    addable(entity).length === 0
      ? null
      : valuesRef(
          schema,
          `${type}Numbers`,
          `A number for each field of ${plural} that can be added up.`,
          {
            fields: addable(entity),
            output: () => "Decimal",
          },
        );
  const extremes = valuesRef(
    schema,
    `${type}Extremes`,
    `A value for each field of ${plural} that is a number, a day or an instant.`,
    { fields: comparable(entity), output: (definition) => outputType(schema, definition) },
  );
  const key = valuesRef(
    schema,
    `${type}GroupKey`,
    `The values that the ${plural} of a group have in common. Only the fields of groupBy have a value here. Null is a value too.`,
    {
      fields: groupable(entity),
      output: (definition) => (isTime(definition) ? "Date" : outputType(schema, definition)),
    },
  );
  const figures = <Shape extends Figures>(t: FieldBuilder<Shape>): Fields => ({
    count: t.int({ description: `The number of ${plural}.`, resolve: ({ count }) => count }),
    ...(numbers === null
      ? {}
      : {
          sum: t.field({
            type: numbers,
            description: "The exact sums. Null, or an empty list, if there are no values.",
            resolve: ({ sum }) => sum,
          }),
          avg: t.field({
            type: numbers,
            description:
              "The averages of the values that are not null, rounded half up (away from zero) to 4 fraction digits. Null, or an empty list, if there are no values.",
            resolve: ({ avg }) => avg,
          }),
        }),
    min: t.field({
      type: extremes,
      description: "The least values. Null, or an empty list, if there are no values.",
      resolve: ({ min }) => min,
    }),
    max: t.field({
      type: extremes,
      description: "The greatest values. Null, or an empty list, if there are no values.",
      resolve: ({ max }) => max,
    }),
  });
  const group = builder.objectRef<Group>(`${type}AggregateGroup`).implement({
    description: `A group: ${plural} with the same values in the fields of groupBy, and their aggregates.`,
    fields: (t) => ({
      key: t.field({
        type: key,
        description: "The values that its records have in common.",
        resolve: (row) => row.key,
      }),
      ...figures(t),
    }),
  });
  return builder.objectRef<Aggregate>(`${type}Aggregate`).implement({
    extensions: access(typeAccess(entity)),
    description: `Aggregates of the ${plural} that match the arguments, and of groups of them. Only selected fields are computed.`,
    fields: (t) => ({
      ...figures(t),
      groupCount: t.int({
        description: "The number of all groups, also beyond `first`. 0 without groupBy.",
        resolve: (row) => row.groupCount,
      }),
      groups: t.field({
        type: [group],
        description:
          "The groups that groupBy makes, the first ones in the order of their keys (nulls last) or of orderBy; empty without groupBy.",
        resolve: (row) => row.groups,
      }),
    }),
  });
}

/** A type with a field for each of some fields of a model, money as a list by currency. */
function valuesRef(
  schema: SchemaParts,
  typeName: string,
  description: string,
  options: {
    readonly fields: readonly (readonly [string, Field])[];
    readonly output: (definition: Field) => Output;
  },
): ObjectRef<SchemaTypes, Row> {
  const money = schema.money();
  return schema.builder.objectRef<Row>(typeName).implement({
    description,
    fields: (t) => {
      const fields: Fields = {};
      for (const [name, definition] of options.fields) {
        fields[name] = isMoney(definition)
          ? t.field({
              type: [money],
              description: `${definition.description} One amount for each currency, in the order of their codes; currencies are never added.`,
              resolve: (row) => moneyList(row[name]),
            })
          : t.field({
              type: options.output(definition),
              nullable: true,
              description: definition.description,
              // The model decides the type at run time, so the compiler cannot know the value's: the scalars check it.
              // oxlint-disable-next-line typescript/no-unsafe-type-assertion
              resolve: (row) => shown(schema, definition, row[name] ?? null) as never,
            });
      }
      return fields;
    },
  });
}

function moneyList(value: unknown): readonly Money[] {
  return Array.isArray(value) ? value : [];
}

function shown({ catalog }: SchemaParts, definition: Field, value: unknown): unknown {
  return definition.to !== null && typeof value === "string"
    ? formatId(catalog.entity(definition.to).prefix, value)
    : value;
}

/** The arguments of every aggregate: which records, what groups of them, and which of those. */
export function aggregateArguments<Rows>(
  { groupByRef, groupOrderRef }: SchemaParts,
  t: { readonly arg: FieldBuilder<Row>["arg"] },
  entity: Entity,
  rows: Rows,
) {
  return {
    ...rows,
    groupBy: t.arg({
      type: [groupByRef(entity)],
      description: `The fields by which \`groups\` are made: up to ${maxGroupFields}, each once.`,
    }),
    orderBy: t.arg({
      type: [groupOrderRef(entity)],
      description:
        "Sort terms for `groups`, the most important one first. Groups that are equal in all of them are ordered by key.",
    }),
    first: t.arg.int({
      description: `How many groups at most: 1 to ${maxGroups}; ${defaultGroups} unless given. groupCount tells how many there are.`,
    }),
  };
}

/** Resolves an aggregate on an edge, for all parents in one statement. */
export function childrenAggregate(source: Entity, target: Entity, relation: ManyRelation) {
  return (
    row: Row,
    args: AggregateArguments,
    ctx: Context,
    info: GraphQLResolveInfo,
  ): Promise<Aggregate> => {
    const id = row["id"];
    if (typeof id !== "string") throw new Error(`a ${source.type} without id`);
    const request = () => aggregateRequest(target, { source, relation }, args, info);
    return ctx.reader.aggregateChildren(fieldKey(info), request, id);
  };
}
