import { isPartOperator } from "../model/kinds/parts/part.ts";

/** A `where` object as it comes from GraphQL, scalars already coerced. */
export type Filter = { readonly [key: string]: unknown };

/** The most characters that a filter may look for in all: PostgreSQL looks up each trigram of them. */
export const maxPatternCharacters = 2_000;

/** What a filter looks for in texts and in JSON: no index says which rows have it, so all may have to be read. */
export type Patterns = { readonly isLookedFor: boolean; readonly characters: number };
const noPatterns: Patterns = { isLookedFor: false, characters: 0 };
const patternsOf = new WeakMap<object, Patterns>();

/** The same, of a filter that nobody has checked yet. One filter may be given to many fields. */
export function patternsIn(filter: unknown): Patterns {
  if (typeof filter !== "object" || filter === null) return noPatterns;
  const known = patternsOf.get(filter);
  if (known !== undefined) return known;
  let { isLookedFor, characters } = noPatterns;
  for (const [key, value] of Object.entries(filter)) {
    if (isPartOperator(key) && typeof value === "string") characters += value.length;
    const under = patternsIn(value);
    characters += under.characters;
    // Only conditions on JSON have a path.
    isLookedFor ||= isPartOperator(key) || key === "path" || under.isLookedFor;
  }
  const found = { isLookedFor, characters };
  patternsOf.set(filter, found);
  return found;
}
