import { snakeCase } from "../../lib/text.ts";
import type { Notation } from "../../model/kind.ts";

/** A description of the model, which speaks as GraphQL does, in the names of the REST APIs. */
export function restWords(description: string, notation?: Notation): string {
  const inNotation =
    notation?.ids === "bare"
      ? description.replace("the entity's prefix and a UUIDv7", "a UUIDv7")
      : description;
  return inNotation
    .replace("milliseconds", notation?.fraction === 6 ? "six decimals" : "milliseconds")
    .replace(/ \((?:an entry of )?`\w+` in REST\)/, "")
    .replace(", latest first", "")
    .replaceAll(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, (name) => `\`${snakeCase(name)}\``)
    .replaceAll("``", "`");
}
