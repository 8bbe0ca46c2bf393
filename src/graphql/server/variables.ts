import { getVariableValues } from "@graphql-tools/executor";
import type { GraphQLError, GraphQLSchema, OperationDefinitionNode } from "graphql";

/** The variables of an operation by name. A variable that was not sent and has no default is absent. */
export type Variables = Readonly<Record<string, unknown>>;

/** No variables. The object has no prototype, so that it contains no names at all. */
export const noVariables: Variables = Object.create(null);

/** The same limit as the executor's. */
export const maxVariableErrors = 50;

/**
 * The values of an operation's variables, read by the executor's own function, so that the plan and the cost see the
 * same values. The executor's map has a prototype, so document-limits.ts refuses names that every object has.
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

/** Whether the executor's map cannot tell a variable of this name from one that was not sent. */
export function isReservedName(name: string): boolean {
  return name in Object.prototype;
}
