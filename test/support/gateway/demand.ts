import { getOperationAST, Kind, parse, validate } from "graphql";
import { expect } from "vitest";
import { OperationPlan, type Demand } from "../../../src/graphql/limits/operation-plan.ts";
import { readVariables } from "../../../src/graphql/server/variables.ts";
import { schema } from "./schema.ts";

/** What an operation asks for; it must be valid. */
export function demandOf(text: string, variables: Readonly<Record<string, unknown>> = {}): Demand {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error("not one operation");
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  const read = readVariables(schema, operation, variables);
  if ("errors" in read) throw new Error(read.errors.map(({ message }) => message).join("; "));
  return new OperationPlan(schema, operation, fragments).demand(read.values);
}
/** The nodes that it could read. */
export const costOf = (text: string, variables = {}): number => demandOf(text, variables).cost;
/** The scopes that it needs. */
export const scopesOf = (text: string, variables = {}): string[] =>
  [...demandOf(text, variables).scopes].toSorted();
