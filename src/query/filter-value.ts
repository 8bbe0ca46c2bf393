import { badInput } from "../lib/errors.ts";
import { partComplaint, readText } from "../lib/text.ts";
import { param, sql, type Sql } from "../lib/sql.ts";

/** A `where` object as it comes from GraphQL, scalars already coerced. */
export type Filter = { readonly [key: string]: unknown };

/** The LIKE patterns of the text operators. */
const patterns = {
  contains: (part: Sql) => sql`'%' || ${part} || '%'`,
  startsWith: (part: Sql) => sql`${part} || '%'`,
  endsWith: (part: Sql) => sql`'%' || ${part}`,
};
type TextOperator = keyof typeof patterns;

const isTextOperator = (operator: string): operator is TextOperator =>
  Object.hasOwn(patterns, operator);

/** A text as texts are compared that need not be the same: without case, accents and Unicode form. */
export const folded = (text: Sql): Sql => sql`search_fold(${text})`;

/** Whether a text is in a folded one, at its start or at its end. */
export function hasPart(column: Sql, operator: TextOperator, text: string): Sql {
  return sql`${column} LIKE (${patterns[operator](sql`search_pattern(${param(text, "text")})`)})`;
}

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
    if (isTextOperator(key) && typeof value === "string") characters += value.length;
    const under = patternsIn(value);
    characters += under.characters;
    // Only conditions on JSON have a path.
    isLookedFor ||= isTextOperator(key) || key === "path" || under.isLookedFor;
  }
  const found = { isLookedFor, characters };
  patternsOf.set(filter, found);
  return found;
}

/** A text operator and what it looks for. */
export type Part = { readonly operator: TextOperator; readonly text: string };

/** Reads one. */
export function readPart(operator: string, operand: unknown, path: readonly string[]): Part {
  if (!isTextOperator(operator)) throw badInput(path, { complaint: "noSuchOperator" });
  if (typeof operand !== "string") throw badInput(path, { complaint: "notString" });
  const text = readText(operand, path);
  const complaint = partComplaint(text);
  if (complaint !== null) throw badInput(path, complaint);
  return { operator, text };
}
