import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from "graphql";
import type { Context } from "./context.ts";

/**
 * Has a request carry each of its mutation fields out once: whoever asks for a field again, to print it another way,
 * gets what it led to, or what it failed with.
 */
export function runningOnce(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) once(field);
  return schema;
}

function once(field: GraphQLField<unknown, Context>): void {
  const { resolve = defaultFieldResolver } = field;
  field.resolve = (root, args, context, info) => {
    const name = String(info.path.key);
    const known = context.outcomes.get(name);
    if (known !== undefined) return known;
    const carryOut = async (): Promise<unknown> => resolve(root, args, context, info);
    const outcome = carryOut();
    context.outcomes.set(name, outcome);
    return outcome;
  };
}
