import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from "graphql";
import type { Context } from "./context.ts";

/**
 * Runs each mutation field of a request once. When the interpreter runs a field that the lane has run before, it gets
 * the outcome or the error of that run.
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
