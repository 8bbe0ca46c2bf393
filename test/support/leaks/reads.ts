import { getNamedType, isObjectType } from "graphql";
import { schema } from "../gateway/schema.ts";
import { Variants } from "./arguments.ts";
import { wayOf, waysIn, type Call, type Step } from "./calls.ts";
import { entityTypes, fieldsOf, leaves } from "./schema.ts";
import type { Values } from "./values.ts";

type Place = {
  readonly steps: readonly Step[];
  readonly field: ReturnType<typeof fieldsOf>[number];
};

/** Every field that takes arguments or leads to another record, with the way there. */
function places(): readonly Place[] {
  return [...waysIn()].flatMap(([name, steps]) => {
    const type = schema.getType(name);
    if (!isObjectType(type)) return [];
    const isHolder = name === "Query" || entityTypes.has(name);
    return fieldsOf(type)
      .filter(
        ({ args, type: fieldType }) =>
          args.length > 0 || (isHolder && fieldsOf(fieldType).length > 0),
      )
      .map((field) => ({ field, steps: [...steps, { field: field.name }] }));
  });
}

const isFree = ({ field }: Place): boolean =>
  field.args.every(({ type }) => !String(type).endsWith("!")) && !isKeyed(field);

/** One record by its key. */
const isKeyed = ({ args, type }: Place["field"]): boolean =>
  args.length > 0 &&
  entityTypes.has(getNamedType(type).name) &&
  args.some(({ name }) => name === "id" || name === "number");

/** Every field once, without arguments: what a caller sees of its own. */
export function plainCalls(): readonly Call[] {
  return places()
    .filter(isFree)
    .map(({ field, steps }) => ({
      name: wayOf(steps),
      steps,
      selection: leaves(field.type, 1),
    }));
}

/** Every list, which has cursors. */
export function listCalls(): readonly Call[] {
  return places()
    .filter(({ field }) => getNamedType(field.type).name.endsWith("Connection"))
    .map(({ steps }) => ({ name: wayOf(steps), steps, selection: "pageInfo { endCursor }" }));
}

/** Every argument of every field, every operator, order and group, with the values of a tenant. */
export function valueCalls(values: Values): readonly Call[] {
  const variants = new Variants(values);
  return places().flatMap(({ field, steps }) => {
    const target = getNamedType(field.type).name;
    const entity = target.replace(/(Connection|Aggregate)$/, "");
    const owner = /^(Pipeline|Forecast)/.test(target) ? "Deal" : entity;
    const required = field.args.filter(({ type }) => String(type).endsWith("!"));
    const fixed = required.flatMap((argument) => variants.of(argument, owner, steps).slice(0, 1));
    const needed = Object.assign({}, ...fixed.map(({ args }) => args));
    const takesDeleted = field.args.some(({ name }) => name === "includeDeleted");
    return field.args.flatMap((argument) =>
      variants.of(argument, owner, steps).map(({ label, args, finds }) => {
        // What only deleted records have is looked for among them.
        const ofDeleted = takesDeleted && /where (deleted|merged)/.test(label);
        const sent = { ...needed, ...args, ...(ofDeleted ? { includeDeleted: true } : {}) };
        return {
          name: `${wayOf(steps)} ${label}`,
          steps: [...steps.slice(0, -1), { field: field.name, args: sent }],
          selection: shortSelection(field.type),
          finds: finds === true && steps.length === 1,
        };
      }),
    );
  });
}

/** What shows whether something was found, and which. */
function shortSelection(type: Place["field"]["type"]): string {
  const { name } = getNamedType(type);
  if (name.endsWith("Aggregate")) return "count groupCount groups { count }";
  if (name === "SearchConnection") return leaves(type, 1);
  return entityTypes.has(name.replace(/Connection$/, "")) && name.endsWith("Connection")
    ? shortPage
    : leaves(type, 0);
}

const shortPage =
  "totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

/** Without comparisons that differ from others in their operator alone. */
export function distinct(calls: readonly Call[]): readonly Call[] {
  const alike = / (gte?|lte?|ne|notIn|startsWith|endsWith|isNull|isEmpty)$/;
  return calls.filter(({ name }) => !alike.test(name));
}
