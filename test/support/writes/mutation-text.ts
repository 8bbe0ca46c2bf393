import { getNamedType, isInterfaceType, isObjectType, type GraphQLOutputType } from "graphql";
import { schema } from "../gateway/schema.ts";

const mutations = schema.getMutationType()?.getFields() ?? {};

/** The mutations that write one record, by name; the others take lists of them. */
export const singleMutations: readonly string[] = Object.values(mutations)
  .filter(({ args }) => !args.some(({ name }) => name === "inputs"))
  .map(({ name }) => name);

/**
 * A mutation with its arguments as variables of their names. It asks for the ids of the records that were written,
 * and for what was wrong: `{ <record> { id } userErrors { message } }`.
 */
export function mutationText(name: string): string {
  const mutation = mutations[name];
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`);
  const { args, type } = mutation;
  const variables = args.map((argument) => `$${argument.name}: ${String(argument.type)}`);
  const passed = args.map((argument) => `${argument.name}: $${argument.name}`);
  return `mutation (${variables.join(", ")}) { ${name}(${passed.join(", ")})${selection(type)} }`;
}

/** Ids of records, messages of errors, and the way there. */
function selection(type: GraphQLOutputType): string {
  const named = getNamedType(type);
  if (!isObjectType(named) && !isInterfaceType(named)) return "";
  const fields = named.getFields();
  for (const end of ["id", "message"]) if (end in fields) return ` { ${end} }`;
  const ways = Object.values(fields).flatMap((field) => {
    const further = selection(field.type);
    return further === "" ? [] : [`${field.name}${further}`];
  });
  return ways.length === 0 ? "" : ` { ${ways.join(" ")} }`;
}
