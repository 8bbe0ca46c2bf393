import type { EnumRef, InputFieldRef, InputRef } from "@pothos/core";
import type { Entity } from "../../model/entity.ts";
import type { OrderDirection } from "../../model/order.ts";
import {
  addable,
  comparable,
  dateParts,
  groupable,
  isMoney,
  type DatePart,
} from "../../query/aggregate/measure.ts";
import { builder, type SchemaTypes } from "./builder.ts";
import { directionRef } from "./filter-inputs.ts";

/** One item of `groupBy` as it comes from GraphQL. */
export type GroupByInput = {
  readonly field: string;
  readonly by?: DatePart | null;
  readonly timeZone?: string | null;
};

type FieldOrder = Readonly<Record<string, OrderDirection | null | undefined>>;
/** One item of a groups' `orderBy`: exactly one of its fields is given, and `currency` beside it for money. */
export type GroupOrderInput = {
  readonly count?: OrderDirection | null;
  readonly key?: FieldOrder | null;
  readonly sum?: FieldOrder | null;
  readonly avg?: FieldOrder | null;
  readonly min?: FieldOrder | null;
  readonly max?: FieldOrder | null;
  readonly currency?: string | null;
};

const datePart = builder.enumType("DatePart", {
  description: "The periods that days and instants are gathered into.",
  values: dateParts,
});

const groupBys = new Map<string, InputRef<GroupByInput>>();
/** `DealGroupBy`: a field that groups are made by. */
export function groupByRef(entity: Entity): InputRef<GroupByInput> {
  return once(groupBys, entity, () =>
    builder.inputRef<GroupByInput>(`${entity.type}GroupBy`).implement({
      description: `What groups of ${entity.plural} are made by.`,
      fields: (t) => ({
        field: t.field({
          type: fieldNames(entity),
          required: true,
          description: "All that are alike in this field are one group; null is a value too.",
        }),
        by: t.field({
          type: datePart,
          description:
            "For days and instants only: the period that makes one group. Needed for instants; a day unless given for days.",
        }),
        timeZone: t.string({
          description:
            "The IANA name of the zone whose days count, e.g. `America/New_York`: needed for instants, without effect on days, which are the same everywhere. No offset, no abbreviation.",
        }),
      }),
    }),
  );
}

const names = new Map<string, EnumRef<SchemaTypes, string>>();
function fieldNames(entity: Entity): EnumRef<SchemaTypes, string> {
  return once(names, entity, () =>
    builder.enumType(`${entity.type}GroupField`, {
      description: `The fields that groups of ${entity.plural} can be made by.`,
      values: Object.fromEntries(
        groupable(entity).map(([field, { description }]) => [field, { description }]),
      ),
    }),
  );
}

const orders = new Map<string, InputRef<GroupOrderInput>>();
/** `DealGroupOrder`: what groups are put in order by. */
export function groupOrderRef(entity: Entity): InputRef<GroupOrderInput> {
  return once(orders, entity, () => {
    const keys = fieldOrder(`${entity.type}KeyOrder`, "A field of the key.", groupable(entity));
    const numbers =
      addable(entity).length === 0
        ? null
        : fieldOrder(`${entity.type}NumbersOrder`, "A number to compare.", addable(entity));
    const extremes = fieldOrder(
      `${entity.type}ExtremesOrder`,
      "A number, day or instant to compare.",
      comparable(entity),
    );
    return builder.inputRef<GroupOrderInput>(`${entity.type}GroupOrder`).implement({
      description: `One sort term for groups of ${entity.plural}: name exactly one figure.`,
      fields: (t) => ({
        count: t.field({ type: directionRef, description: "By how many records a group has." }),
        key: t.field({ type: keys, description: "By a field of the key; it must be in groupBy." }),
        ...(numbers === null
          ? {}
          : {
              sum: t.field({ type: numbers, description: "By the sum of a field." }),
              avg: t.field({ type: numbers, description: "By the average of a field." }),
            }),
        min: t.field({ type: extremes, description: "By the least value of a field." }),
        max: t.field({ type: extremes, description: "By the greatest value of a field." }),
        ...(addable(entity).some(([, definition]) => isMoney(definition))
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
  });
}

function fieldOrder(
  typeName: string,
  description: string,
  fields: ReturnType<typeof groupable>,
): InputRef<FieldOrder> {
  return builder.inputRef<FieldOrder>(typeName).implement({
    description: `${description} Name exactly one.`,
    fields: (t) => {
      const terms: Record<
        string,
        InputFieldRef<SchemaTypes, OrderDirection | null | undefined>
      > = {};
      for (const [field, definition] of fields)
        terms[field] = t.field({ type: directionRef, description: definition.description });
      return terms;
    },
  });
}

function once<Ref>(refs: Map<string, Ref>, entity: Entity, make: () => Ref): Ref {
  let ref = refs.get(entity.name);
  if (ref === undefined) {
    ref = make();
    refs.set(entity.name, ref);
  }
  return ref;
}
