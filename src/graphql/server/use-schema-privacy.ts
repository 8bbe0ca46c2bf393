import {
  getOperationAST,
  getVariableValues,
  Kind,
  NoSchemaIntrospectionCustomRule,
  validate,
  type ExecutionArgs,
  type ValidationRule,
  GraphQLError,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { maxVariableErrors } from "./variables.ts";

/** Hides the schema: no introspection except `__typename`, and no suggestions ("Did you mean"). */
export function useSchemaPrivacy(): Plugin {
  return {
    onValidate({ addValidationRule, setValidationFn }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
      addValidationRule(noService);
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules, { hideSuggestions: true }),
      );
    },
    onExecute({ args }) {
      // The executor reads this option, which envelop's type of the arguments lacks.
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

/** Federation has a field of its own for the schema. */
const noService: ValidationRule = (context) => ({
  Field: (node) => {
    if (node.name.value !== "_service" || context.getParentType()?.name !== "Query") return;
    const message = "The schema is not told: introspection is off, and so is _service.";
    context.reportError(new GraphQLError(message, { nodes: node }));
  },
});

const isOfVariable = ({ nodes }: GraphQLError): boolean =>
  nodes?.[0]?.kind === Kind.VARIABLE_DEFINITION;

/** The errors of the variables as graphql reports them. The executor would add suggestions. */
export function variableErrors({ schema, document, operationName, variableValues }: ExecutionArgs) {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  const read = getVariableValues(schema, definitions, variableValues ?? {}, {
    maxErrors: maxVariableErrors,
    hideSuggestions: true,
  });
  return read.errors;
}
