import { mapSchema } from "@graphql-tools/utils";
import {
  isEnumType,
  isIntrospectionType,
  NoSchemaIntrospectionCustomRule,
  validate,
  type GraphQLSchema,
} from "graphql";
import type { Plugin } from "graphql-yoga";

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
    },
  };
}

/**
 * A copy of the schema whose enums do not say which of their values are like one that they do not have: before graphql 17
 * the executor does not tell them that it is not to be said.
 */
export function withoutSuggestions(schema: GraphQLSchema): GraphQLSchema {
  const copy = mapSchema(schema);
  for (const type of Object.values(copy.getTypeMap())) {
    if (!isEnumType(type) || isIntrospectionType(type)) continue;
    const parse = type.parseValue.bind(type);
    type.parseValue = (value) => parse(value, true);
  }
  return copy;
}
