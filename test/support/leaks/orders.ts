import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  type GraphQLInputObjectType,
  type GraphQLNamedType,
} from "graphql";
import { schema } from "../gateway/schema.ts";
import type { Variant } from "./arguments.ts";
import { fieldsOf } from "./schema.ts";

type Args = Readonly<Record<string, unknown>>;

/** Every sort term up and down, and the first in each way there is. */
export function orderVariants(type: GraphQLInputObjectType, all: boolean): readonly Variant[] {
  const terms = Object.values(type.getFields()).flatMap(({ name, type: direction }, index) =>
    valuesOf(getNamedType(direction))
      .filter((one) => index === 0 || one === "asc" || one === "desc")
      .map((one) => ({ [name]: one })),
  );
  return (all ? terms : terms.slice(0, 1)).map((term) => variant({ orderBy: [term] }));
}

/** Every field to group by, days and instants by every period. */
export function groupVariants(type: GraphQLInputObjectType, all: boolean): readonly Variant[] {
  const entity = type.name.replace(/GroupBy$/, "");
  const periods = valuesOf(inputType(type, "by"));
  const groups = valuesOf(inputType(type, "field")).flatMap((field) =>
    isTime(entity, field) ? periods.map((by) => ({ field, by, timeZone: "UTC" })) : [{ field }],
  );
  return (all ? groups : groups.slice(0, 1)).map((group) => variant({ groupBy: [group] }));
}

/** Groups by everything that they can be ordered by: keys, counts, and each figure. */
export function groupOrderVariants(type: GraphQLInputObjectType, all: boolean): readonly Variant[] {
  const entity = type.name.replace(/GroupOrder$/, "");
  const [group] = valuesOf(schema.getType(`${entity}GroupField`))
    .filter((field) => !isTime(entity, field))
    .map((field) => ({ field }));
  const variants = Object.values(type.getFields()).flatMap(({ name, type: term }): Args[] => {
    const named = getNamedType(term);
    if (name === "count") {
      return valuesOf(named).map((count) => ({ groupBy: [group], orderBy: [{ count }] }));
    }
    if (!isInputObjectType(named)) return [];
    return Object.keys(named.getFields()).map((field) => {
      if (name === "key") {
        const period = isTime(entity, field) ? { by: "year", timeZone: "UTC" } : {};
        return { groupBy: [{ field, ...period }], orderBy: [{ key: { [field]: "desc" } }] };
      }
      const currency = isMoney(entity, field) ? { currency: "USD" } : {};
      return { groupBy: [group], orderBy: [{ [name]: { [field]: "asc" }, ...currency }] };
    });
  });
  return (all ? variants : variants.slice(0, 1)).map(variant);
}

const variant = (args: Args): Variant => ({ label: JSON.stringify(args), args });

function valuesOf(type: GraphQLNamedType | undefined): readonly string[] {
  return isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
}

function inputType(type: GraphQLInputObjectType, field: string): GraphQLNamedType | undefined {
  return getNamedType(type.getFields()[field]?.type);
}

function isOfType(holder: string, field: string, name: string): boolean {
  const type = schema.getType(holder);
  const found = type && fieldsOf(type).find((one) => one.name === field);
  return found !== undefined && getNamedType(found.type).name === name;
}

const isTime = (entity: string, field: string): boolean =>
  isOfType(`${entity}GroupKey`, field, "Date");
const isMoney = (entity: string, field: string): boolean =>
  isOfType(`${entity}Extremes`, field, "Money") || isOfType(`${entity}Numbers`, field, "Money");
