import {
  getOperationAST,
  getVariableValues,
  Kind,
  NoSchemaIntrospectionCustomRule,
  validate,
  type ExecutionArgs,
  type GraphQLError,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { maxVariableErrors } from "./variables.ts";

/** Tells nothing of the schema but what a caller names: no introspection (`__typename` is none), no "Did you mean". */
export function useSchemaPrivacy(): Plugin {
  return {
    onValidate({ addValidationRule, setValidationFn }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules, { hideSuggestions: true }),
      );
    },
    onExecute({ args }) {
      // The executor reads it; envelop's type of the arguments does not know it.
      Object.assign(args, { hideSuggestions: true });
      return {
        onExecuteDone({ result, setResult }) {
          if (Symbol.asyncIterator in result || "data" in result) return;
          if (result.errors?.some(isOfVariable) !== true) return;
          setResult({ ...result, errors: variableErrors(args) ?? result.errors });
        },
      };
    },
  };
}

const isOfVariable = ({ nodes }: GraphQLError): boolean =>
  nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION;

/** What is wrong with the variables, by graphql itself: the executor tells it with suggestions. */
function variableErrors({ schema, document, operationName, variableValues }: ExecutionArgs) {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  const read = getVariableValues(schema, definitions, variableValues ?? {}, {
    maxErrors: maxVariableErrors,
    hideSuggestions: true,
  });
  return read.errors;
}
