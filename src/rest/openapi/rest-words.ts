import { snakeCase } from "../../lib/text.ts";

/** A description of the model, which speaks as GraphQL does, in the names of the REST APIs. */
export function restWords(description: string): string {
  return description
    .replace(/ \(`\w+` in REST\)/, "")
    .replaceAll(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, (name) => `\`${snakeCase(name)}\``)
    .replaceAll("``", "`");
}
