import { getVariableValues } from "@graphql-tools/executor";
import type { GraphQLError, GraphQLSchema, OperationDefinitionNode } from "graphql";

/** The variables of an operation by their names; what was not sent and has no default is absent. */
export type Variables = Readonly<Record<string, unknown>>;

/** Variables without a value; no name is in it, also not what every object has. */
export const noVariables: Variables = Object.create(null);

/** The executor tells the same number. */
export const maxVariableErrors = 50;

/**
 * The values of an operation's variables, read by the executor's own function: what is planned and charged for is what
 * runs. Its map has a prototype, so names that every object has are refused before (document-limits.ts).
 */
export function readVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  sent: Variables | null | undefined,
): { readonly values: Variables } | { readonly errors: readonly GraphQLError[] } {
  const { errors, variableValues } = getVariableValues(schema, variableDefinitions, sent ?? {}, {
    maxErrors: maxVariableErrors,
  });
  if (errors !== undefined) return { errors };
  const values: Variables = Object.assign(Object.create(null), variableValues.coerced);
  return { values };
}

/** Whether a variable of that name cannot be told from one that was not sent, in the executor's map. */
export function isReservedName(name: string): boolean {
  return name in Object.prototype;
}
