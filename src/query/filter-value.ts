import { badInput } from "../lib/errors.ts";
import { maxPartLength, readText, tooLongPart } from "../lib/text.ts";
import { param, sql, type Sql } from "./sql.ts";

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

/** A text operator and what it looks for. */
export function readPart(
  operator: string,
  operand: unknown,
  path: readonly string[],
): { readonly operator: TextOperator; readonly text: string } {
  if (!isTextOperator(operator)) throw badInput(`${path.join(".")}: no such operator.`, path);
  if (typeof operand !== "string") throw badInput(`${path.join(".")}: a string is expected.`, path);
  const text = readText(operand, path);
  if (text.length > maxPartLength) throw badInput(`${path.join(".")}: ${tooLongPart}`, path);
  return { operator, text };
}
