import type { EnumRef, ImplementableInputObjectRef, InputFieldRef, InputRef } from "@pothos/core";
import { weights } from "../../limits/weights.ts";
import type { Entity } from "../../model/entity.ts";
import { isSortable, type EnumDefinition, type Field, type FieldKind } from "../../model/field.ts";
import type { OrderDirection } from "../../model/order.ts";
import type { OrderInput } from "../../query/order.ts";
import type { Filter } from "../../query/filter-value.ts";
import { access, readsAlong, typeAccess } from "../limits/access.ts";
import type { Builder, Scalars, SchemaTypes } from "./builder.ts";
import type { SchemaParts } from "./schema-parts.ts";

type FilterRef = InputRef<Filter>;
type FilterToFill = ImplementableInputObjectRef<SchemaTypes, Filter>;

const comparisons = {
  eq: "Equal to. Null matches nothing; use isNull.",
  ne: "Not equal to. Rows where the field is null do not match.",
  in: "Equal to one of these. An empty list matches nothing.",
  notIn: "Equal to none of these. Rows where the field is null match only an empty list.",
};
const orders = {
  gt: "Greater than.",
  gte: "Greater than or equal to.",
  lt: "Less than.",
  lte: "Less than or equal to.",
};
const patterns = {
  contains: "Has this text in it, whatever case and accents; at most 200 characters.",
  startsWith: "Starts with this text, whatever case and accents; at most 200 characters.",
  endsWith: "Ends with this text, whatever case and accents; at most 200 characters.",
};
const isNullText = "Whether the field is null.";

type ScalarName = keyof Scalars | "String" | "Int" | "Boolean";
type Operators = {
  readonly scalar: ScalarName;
  readonly ordered: boolean;
  readonly text: boolean;
  readonly about: string;
};

const operators: Partial<Record<FieldKind, Operators & { name: string }>> = {
  id: {
    name: "IdFilter",
    scalar: "ID",
    ordered: false,
    text: false,
    about: "an id: `<prefix>-<uuid>` or the bare UUID",
  },
  reference: {
    name: "IdFilter",
    scalar: "ID",
    ordered: false,
    text: false,
    about: "an id: `<prefix>-<uuid>` or the bare UUID",
  },
  anyReference: {
    name: "RecordIdFilter",
    scalar: "ID",
    ordered: false,
    text: false,
    about: "the id of a record of any kind, with its prefix",
  },
  text: { name: "TextFilter", scalar: "String", ordered: true, text: true, about: "a text" },
  url: { name: "TextFilter", scalar: "String", ordered: true, text: true, about: "a text" },
  currency: {
    name: "CurrencyFilter",
    scalar: "String",
    ordered: true,
    text: true,
    about: "a currency's code, also in small letters (`jpy`) and withdrawn ones",
  },
  phone: {
    name: "PhoneFilter",
    scalar: "String",
    ordered: true,
    text: true,
    about:
      "a phone number; eq, ne, in and notIn compare digits, however the two are written (`+49 (0)30 9018 2233`, `+493090182233`)",
  },
  domain: {
    name: "DomainFilter",
    scalar: "String",
    ordered: true,
    text: true,
    about: "a domain, read as a write reads it (`www.Example.com`, `münchen.example`)",
  },
  email: {
    name: "EmailFilter",
    scalar: "String",
    ordered: true,
    text: true,
    about: "an email, compared without case, its host in punycode",
  },
  int: { name: "IntFilter", scalar: "Int", ordered: true, text: false, about: "a whole number" },
  bigInt: {
    name: "BigIntFilter",
    scalar: "BigInt",
    ordered: true,
    text: false,
    about: "a whole number that may be large",
  },
  decimal: {
    name: "DecimalFilter",
    scalar: "Decimal",
    ordered: true,
    text: false,
    about: "a decimal",
  },
  dateTime: {
    name: "DateTimeFilter",
    scalar: "DateTime",
    ordered: true,
    text: false,
    about: "an instant",
  },
  date: { name: "DateFilter", scalar: "Date", ordered: true, text: false, about: "a day" },
};

function scalarFilter(
  { builder }: SchemaParts,
  { name, scalar, ordered, text, about }: Operators & { name: string },
): FilterRef {
  return builder.inputRef<Filter>(name).implement({
    description: `Conditions on ${about}; all that are given must hold.`,
    fields: (t) => {
      const one = (description: string) => t.field({ type: scalar, description });
      const list = (description: string) => t.field({ type: [scalar], description });
      return {
        eq: one(comparisons.eq),
        ne: one(comparisons.ne),
        in: list(comparisons.in),
        notIn: list(comparisons.notIn),
        ...(ordered
          ? { gt: one(orders.gt), gte: one(orders.gte), lt: one(orders.lt), lte: one(orders.lte) }
          : {}),
        ...(text
          ? {
              contains: t.string({ description: patterns.contains }),
              startsWith: t.string({ description: patterns.startsWith }),
              endsWith: t.string({ description: patterns.endsWith }),
            }
          : {}),
        isNull: t.boolean({ description: isNullText }),
      };
    },
  });
}

const booleanFilter = ({ builder }: SchemaParts): FilterRef =>
  builder.inputRef<Filter>("BooleanFilter").implement({
    description: "Conditions on a yes or no; all that are given must hold.",
    fields: (t) => ({
      eq: t.boolean({ description: comparisons.eq }),
      ne: t.boolean({ description: comparisons.ne }),
      isNull: t.boolean({ description: isNullText }),
    }),
  });

const textListFilter = ({ builder }: SchemaParts): FilterRef =>
  builder.inputRef<Filter>("TextListFilter").implement({
    description: "Conditions on a list of texts; all that are given must hold.",
    fields: (t) => ({
      has: t.string({ description: "Has this item." }),
      hasSome: t.stringList({ description: "Has at least one of these." }),
      hasEvery: t.stringList({ description: "Has all of these." }),
      isEmpty: t.boolean({ description: "Whether the list is empty." }),
    }),
  });

const jsonFilter = ({ builder }: SchemaParts): FilterRef =>
  builder.inputRef<Filter>("JsonFilter").implement({
    description:
      "Conditions on what stands at a path inside a JSON field; all that are given must hold.",
    fields: (t) => ({
      path: t.stringList({
        required: true,
        description: 'The keys that lead to the value, e.g. `["risk", "score"]`.',
      }),
      eq: t.field({ type: "JSON", description: "Equal to this JSON value." }),
      ne: t.field({ type: "JSON", description: "There, and not equal to this JSON value." }),
      gt: t.field({
        type: "JSON",
        description: "Greater than this number or text, and of the same kind.",
      }),
      gte: t.field({
        type: "JSON",
        description: "Greater than or equal to this number or text, and of the same kind.",
      }),
      lt: t.field({
        type: "JSON",
        description: "Less than this number or text, and of the same kind.",
      }),
      lte: t.field({
        type: "JSON",
        description: "Less than or equal to this number or text, and of the same kind.",
      }),
      contains: t.string({ description: patterns.contains }),
      startsWith: t.string({ description: patterns.startsWith }),
      endsWith: t.string({ description: patterns.endsWith }),
      isNull: t.boolean({ description: "Whether nothing, or JSON null, stands there." }),
    }),
  });

/** The GraphQL enum of a definition. */
export function makeEnum(
  { builder }: SchemaParts,
  definition: EnumDefinition,
): EnumRef<SchemaTypes, string> {
  return builder.enumType(definition.name, {
    description: definition.description,
    values: Object.fromEntries(
      Object.entries(definition.values).map(([value, description]) => [value, { description }]),
    ),
  });
}

function enumFilter({ builder, enumRef }: SchemaParts, definition: EnumDefinition): FilterRef {
  const type = enumRef(definition);
  return builder.inputRef<Filter>(`${definition.name}Filter`).implement({
    description: `Conditions on a ${definition.name}; all that are given must hold.`,
    fields: (t) => ({
      eq: t.field({ type, description: comparisons.eq }),
      ne: t.field({ type, description: comparisons.ne }),
      in: t.field({ type: [type], description: comparisons.in }),
      notIn: t.field({ type: [type], description: comparisons.notIn }),
      isNull: t.boolean({ description: isNullText }),
    }),
  });
}

const phoneAccess = {
  extensions: access({ pointsPerValue: weights.phoneValue }),
};

/** The name of the filter type of a field. */
export function fieldFilterName({ kind, values }: Field): string {
  if (values !== null) return `${values.name}Filter`;
  if (kind === "boolean") return "BooleanFilter";
  return operators[kind]?.name ?? (kind === "textList" ? "TextListFilter" : "JsonFilter");
}

/** The filter type of a field: what can be asked of its kind of values. */
export function makeFieldFilter(schema: SchemaParts, definition: Field): FilterRef {
  if (definition.values !== null) return enumFilter(schema, definition.values);
  const scalar = operators[definition.kind];
  if (scalar !== undefined) return scalarFilter(schema, scalar);
  if (definition.kind === "boolean") return booleanFilter(schema);
  return definition.kind === "textList" ? textListFilter(schema) : jsonFilter(schema);
}

/** `DealListFilter`: conditions on the records at the other end of an edge to many. */
export function fillListFilter(
  { filterRef }: SchemaParts,
  target: Entity,
  ref: FilterToFill,
): void {
  ref.implement({
    description: `Conditions on the ${target.plural} at the other end of an edge; deleted ones do not count.`,
    fields: (t) => ({
      some: t.field({ type: filterRef(target), description: "At least one matches." }),
      every: t.field({
        type: filterRef(target),
        description: "None fails to match; true when there are none.",
      }),
      none: t.field({ type: filterRef(target), description: "None matches." }),
    }),
  });
}

/** `AccountFilter`: conditions on an entity's fields and edges, combined by and, or, not. */
export function fillFilter(schema: SchemaParts, entity: Entity, ref: FilterToFill): void {
  const { catalog, filterRef, listFilterRef } = schema;
  ref.implement({
    description: `Which ${entity.plural} a list has; all conditions that are given must hold.`,
    extensions: access(typeAccess(entity)),
    fields: (t) => {
      const fields: Record<string, InputFieldRef<SchemaTypes, unknown>> = {
        and: t.field({ type: [ref], description: "All of these hold." }),
        or: t.field({
          type: [ref],
          description: "At least one of these holds; none when the list is empty.",
        }),
        not: t.field({ type: ref, description: "This does not hold." }),
      };
      for (const [field, definition] of Object.entries(entity.fields)) {
        if (definition.shownOnly) continue;
        const type = schema.fieldFilterRef(definition);
        const isJson = definition.kind === "json" || definition.kind === "jsonObject";
        fields[field] = isJson
          ? t.field({
              type: [type],
              description: `${definition.description} All conditions hold.`,
            })
          : t.field({
              type,
              description: definition.description,
              ...(definition.kind === "phone" ? phoneAccess : {}),
            });
      }
      for (const [edge, relation] of Object.entries(entity.relations)) {
        const target = catalog.entity(relation.to);
        const type = relation.kind === "one" ? filterRef(target) : listFilterRef(target);
        fields[edge] = t.field({
          type,
          description: relation.description,
          extensions: access({ reads: readsAlong(entity, target, relation) }),
        });
      }
      return fields;
    },
  });
}

/** The GraphQL enum of sort directions. */
export const makeDirection = (builder: Builder) =>
  builder.enumType("OrderDirection", {
    description:
      "Direction of a sort, and where nulls go. Plain `asc` puts them last, plain `desc` first.",
    values: {
      asc: { description: "Smallest first, nulls last." },
      desc: { description: "Largest first, nulls first." },
      asc_nulls_first: { description: "Smallest first, nulls before all." },
      asc_nulls_last: { description: "Smallest first, nulls after all." },
      desc_nulls_first: { description: "Largest first, nulls before all." },
      desc_nulls_last: { description: "Largest first, nulls after all." },
    } satisfies Record<OrderDirection, { description: string }>,
  });

/** `AccountOrder`: one sort term; the list of them is `orderBy`. */
export function makeOrder(schema: SchemaParts, entity: Entity): InputRef<OrderInput> {
  const direction = schema.direction();
  return schema.builder.inputRef<OrderInput>(`${entity.type}Order`).implement({
    description: `One sort term for ${entity.plural}: name exactly one field.`,
    extensions: access(typeAccess(entity)),
    fields: (t) => {
      const fields: Record<
        string,
        InputFieldRef<SchemaTypes, OrderDirection | null | undefined>
      > = {};
      for (const [field, definition] of Object.entries(entity.fields)) {
        if (isSortable(definition)) {
          fields[field] = t.field({ type: direction, description: definition.description });
        }
      }
      return fields;
    },
  });
}
