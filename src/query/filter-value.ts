import { escapeLike } from "../lib/text.ts";

/** A `where` object as it comes from GraphQL, scalars already coerced. */
export type Filter = { readonly [key: string]: unknown };

/** The LIKE pattern of a text operator; null when it is not one. */
export function filterPattern(operator: string, text: string): string | null {
  const escaped = escapeLike(text);
  switch (operator) {
    case "contains":
      return `%${escaped}%`;
    case "startsWith":
      return `${escaped}%`;
    case "endsWith":
      return `%${escaped}`;
    default:
      return null;
  }
}
