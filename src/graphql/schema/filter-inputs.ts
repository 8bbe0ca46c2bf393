import { inWords } from "../../lib/text.ts";
import type {
  EnumRef,
  ImplementableInputObjectRef,
  InputFieldRef,
  InputRef,
  InputTypeParam,
} from "@pothos/core";
import { weights } from "../../limits/weights.ts";
import type { Entity } from "../../model/entity.ts";
import { isSortable, type Field } from "../../model/field.ts";
import type { EnumDefinition, FieldFilter, Operand } from "../../model/kind.ts";
import type { OrderDirection } from "../../model/order.ts";
import type { OrderInput } from "../../query/order.ts";
import type { Filter } from "../../query/filter-value.ts";
import { access, readsAlong, typeAccess } from "../limits/access.ts";
import type { Builder, SchemaTypes } from "./builder.ts";
import { scalarName } from "./scalars.ts";
import type { SchemaParts } from "./schema-parts.ts";

type FilterRef = InputRef<Filter>;
type FilterToFill = ImplementableInputObjectRef<SchemaTypes, Filter>;

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

const slowAccess = {
  extensions: access({ pointsPerValue: weights.phoneValue }),
};

/** What the filter on a field is called; fields with the same filter share it. */
export function fieldFilterName(definition: Field): string {
  return filterOf(definition).type(definition).name;
}

function filterOf({ kind }: Field): FieldFilter {
  if (kind.filter === null) throw new Error(`nothing is filtered by a field of kind ${kind.name}`);
  return kind.filter;
}

/** The filter on a field, as its kind has it. */
export function makeFieldFilter({ builder, enumRef }: SchemaParts, definition: Field): FilterRef {
  const { type, scalar, operators } = filterOf(definition);
  const { name, about } = type(definition);
  const { values } = definition;
  return builder.inputRef<Filter>(name).implement({
    description: `Conditions on ${about}; all that are given must hold.`,
    fields: (t) => {
      const value = values === null ? scalarName(scalar ?? "String") : enumRef(values);
      const types: Readonly<Record<Operand, InputTypeParam<SchemaTypes>>> = {
        value,
        values: [value],
        text: "String",
        texts: ["String"],
        flag: "Boolean",
      };
      return Object.fromEntries(
        Object.entries(operators).map(([operator, { description, operand, required }]) => [
          operator,
          t.field({ type: types[operand], description, required: required ?? false }),
        ]),
      );
    },
  });
}

/** `DealListFilter`: conditions on the records at the other end of an edge to many. */
export function fillListFilter(
  { filterRef }: SchemaParts,
  target: Entity,
  ref: FilterToFill,
): void {
  ref.implement({
    description: `Conditions on the ${inWords(target.plural)} of a record. Deleted ones do not count.`,
    fields: (t) => ({
      some: t.field({ type: filterRef(target), description: "At least one matches." }),
      every: t.field({
        type: filterRef(target),
        description: "All of them match. True if there are none.",
      }),
      none: t.field({ type: filterRef(target), description: "None matches." }),
    }),
  });
}

/** `AccountFilter`: conditions on an entity's fields and edges, combined by and, or, not. */
export function fillFilter(schema: SchemaParts, entity: Entity, ref: FilterToFill): void {
  const { catalog, filterRef, listFilterRef } = schema;
  ref.implement({
    description: `Conditions on ${inWords(entity.plural)}. All of them must hold.`,
    extensions: access(typeAccess(entity)),
    fields: (t) => {
      const fields: Record<string, InputFieldRef<SchemaTypes, unknown>> = {
        and: t.field({ type: [ref], description: "All of these conditions hold." }),
        or: t.field({
          type: [ref],
          description: "At least one of these conditions holds. An empty list matches nothing.",
        }),
        not: t.field({ type: ref, description: "This condition does not hold." }),
      };
      for (const [field, definition] of Object.entries(entity.fields)) {
        const { filter } = definition.kind;
        if (definition.shownOnly || filter === null) continue;
        const type = schema.fieldFilterRef(definition);
        fields[field] = t.field({
          type: filter.isList ? [type] : type,
          description: filter.isList
            ? `${definition.description} All conditions hold.`
            : definition.description,
          ...(filter.slow === null ? {} : slowAccess),
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
    description: `One sort term for ${inWords(entity.plural)}. Further terms are further items of the list.`,
    isOneOf: true,
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
