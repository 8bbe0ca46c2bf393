import {
  getNamedType,
  getOperationAST,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { ExactNumber } from "../../lib/exact-number.ts";

/** The scalars that read all digits of a number. */
const exactScalars: ReadonlySet<string> = new Set(["JSON", "Decimal"]);

/**
 * Only scalars that read exact numbers get them in variables. Any other input gets a JavaScript number, since an exact
 * number is an object, which GraphQL would take for an input object with fields.
 */
export function useExactNumbers(): Plugin {
  return {
    onExecute({ args: { schema, document, operationName, variableValues } }) {
      const operation = getOperationAST(document, operationName);
      if (operation != null && isParent(variableValues)) {
        exactVariables(schema, operation, variableValues);
      }
    },
  };
}

/** Converts the numbers in an operation's variables to the form that their types read, in place. */
export function exactVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  variableValues: Record<string, unknown>,
): Record<string, unknown> {
  for (const { variable, type } of variableDefinitions) {
    const { value: name } = variable.name;
    const value = Object.hasOwn(variableValues, name) ? variableValues[name] : null;
    const inputType = isParent(value) ? typeFromAST(schema, type) : null;
    if (isInputType(inputType)) variableValues[name] = readable(inputType, value);
  }
  return variableValues;
}

/** A value in the form that its type reads, converted in place. */
function readable(type: GraphQLInputType, value: unknown): unknown {
  if (!isParent(value)) return value;
  const named = getNamedType(type);
  if (value instanceof ExactNumber) {
    return exactScalars.has(named.name) ? value : Number(value.source);
  }
  const plain = isNonNullType(type) ? type.ofType : type;
  // GraphQL takes one input object for a list of one.
  const fields = isInputObjectType(named) ? named.getFields() : {};
  for (const key of Object.keys(value)) {
    const item = Array.isArray(value)
      ? isListType(plain) && plain.ofType
      : Object.hasOwn(fields, key) && fields[key]?.type;
    if (item) value[key] = readable(item, value[key]);
  }
  return value;
}

const isParent = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
