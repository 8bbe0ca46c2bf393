import { NoSchemaIntrospectionCustomRule, validate } from "graphql";
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
    onResultProcess({ result, setResult }) {
      if (!("errors" in result) || result.errors === undefined) return;
      // graphql 16 has no way to hide what the values of an enum are like from a variable's message.
      for (const error of result.errors) error.message = withoutSuggestion(error.message);
      setResult(result);
    },
  };
}

function withoutSuggestion(message: string): string {
  return message.replace(/ Did you mean (?:the enum value )?"\w+"[^?]{0,400}\?/g, "");
}
