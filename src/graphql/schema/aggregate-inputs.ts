import { inWords } from "../../lib/text.ts";
import type { InputFieldRef, InputRef } from "@pothos/core";
import type { Entity } from "../../model/entity.ts";
import type { OrderDirection } from "../../model/order.ts";
import { addable, comparable, dateParts, groupable, isMoney } from "../../model/measure.ts";
import type { Builder, SchemaTypes } from "./builder.ts";
import type { FieldOrder, GroupByInput, GroupOrderInput } from "./aggregate-arguments.ts";
import type { SchemaParts } from "./schema-parts.ts";

/** The GraphQL enum of periods. */
export const makeDatePart = (builder: Builder) =>
  builder.enumType("DatePart", {
    description: "The periods that days and instants are gathered into.",
    values: dateParts,
  });

/** `DealGroupBy`: a field that groups are made by. */
export function makeGroupBy(
  { builder, datePart }: SchemaParts,
  entity: Entity,
): InputRef<GroupByInput> {
  const fields = builder.enumType(`${entity.type}GroupField`, {
    description: `The fields by which ${inWords(entity.plural)} can be grouped.`,
    values: Object.fromEntries(
      groupable(entity).map(([field, { description }]) => [field, { description }]),
    ),
  });
  return builder.inputRef<GroupByInput>(`${entity.type}GroupBy`).implement({
    description: `A field by which ${inWords(entity.plural)} are grouped.`,
    fields: (t) => ({
      field: t.field({
        type: fields,
        required: true,
        description:
          "Records with the same value of this field are one group. Null is a value too.",
      }),
      by: t.field({
        type: datePart(),
        description:
          "For days and instants only: the period that makes one group. Needed for instants; a day unless given for days.",
      }),
      timeZone: t.string({
        description:
          "The IANA name of the zone whose days count, e.g. `America/New_York`: needed for instants, without effect on days, which are the same everywhere. No offset, no abbreviation.",
      }),
    }),
  });
}

/** `DealGroupOrder`: what groups are put in order by. */
export function makeGroupOrder(schema: SchemaParts, entity: Entity): InputRef<GroupOrderInput> {
  const { builder } = schema;
  const direction = schema.direction();
  const keys = fieldOrder(
    schema,
    `${entity.type}KeyOrder`,
    "A field of the key.",
    groupable(entity),
  );
  const numbers =
    addable(entity).length === 0
      ? null
      : fieldOrder(schema, `${entity.type}NumbersOrder`, "A number to compare.", addable(entity));
  const extremes = fieldOrder(
    schema,
    `${entity.type}ExtremesOrder`,
    "A number, day or instant to compare.",
    comparable(entity),
  );
  const hasMoney = addable(entity).some(([, definition]) => isMoney(definition));
  const only = hasMoney ? " Give exactly one field, and `currency` beside it for money." : "";
  return builder.inputRef<GroupOrderInput>(`${entity.type}GroupOrder`).implement({
    description: `One sort term for groups of ${inWords(entity.plural)}.${only}`,
    isOneOf: !hasMoney,
    fields: (t) => ({
      count: t.field({ type: direction, description: "By how many records a group has." }),
      key: t.field({ type: keys, description: "By a field of the key; it must be in groupBy." }),
      ...(numbers === null
        ? {}
        : {
            sum: t.field({ type: numbers, description: "By the sum of a field." }),
            avg: t.field({ type: numbers, description: "By the average of a field." }),
          }),
      min: t.field({ type: extremes, description: "By the least value of a field." }),
      max: t.field({ type: extremes, description: "By the greatest value of a field." }),
      ...(hasMoney
        ? {
            currency: t.field({
              type: "Currency",
              description:
                "For money: only amounts in this currency are compared. Needed unless an earlier term orders by the currency as a key.",
            }),
          }
        : {}),
    }),
  });
}

function fieldOrder(
  schema: SchemaParts,
  typeName: string,
  description: string,
  fields: ReturnType<typeof groupable>,
): InputRef<FieldOrder> {
  const direction = schema.direction();
  return schema.builder.inputRef<FieldOrder>(typeName).implement({
    description,
    isOneOf: true,
    fields: (t) => {
      const terms: Record<
        string,
        InputFieldRef<SchemaTypes, OrderDirection | null | undefined>
      > = {};
      for (const [field, definition] of fields)
        terms[field] = t.field({ type: direction, description: definition.description });
      return terms;
    },
  });
}
