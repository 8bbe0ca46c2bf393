import { badInput } from "../../../lib/errors.ts";
import { param, sql, type Sql } from "../../../lib/sql.ts";
import { partComplaint, readText } from "../../../lib/text.ts";

/** The LIKE patterns of the operators that look for a part of a text. */
const patterns = {
  contains: (part: Sql) => sql`'%' || ${part} || '%'`,
  startsWith: (part: Sql) => sql`${part} || '%'`,
  endsWith: (part: Sql) => sql`'%' || ${part}`,
};
export type PartOperator = keyof typeof patterns;

export const partDescriptions: Readonly<Record<PartOperator, string>> = {
  contains: "Has this text in it, whatever case and accents; at most 200 characters.",
  startsWith: "Starts with this text, whatever case and accents; at most 200 characters.",
  endsWith: "Ends with this text, whatever case and accents; at most 200 characters.",
};

/** Whether the operator looks for a part of a text. */
export const isPartOperator = (operator: string): operator is PartOperator =>
  Object.hasOwn(patterns, operator);

/** A text as texts are compared that need not be the same: without case, accents and Unicode form. */
export const folded = (text: Sql): Sql => sql`search_fold(${text})`;

/** Whether a text is in a folded one, at its start or at its end. */
export function hasPart(column: Sql, operator: PartOperator, text: string): Sql {
  return sql`${column} LIKE (${patterns[operator](sql`search_pattern(${param(text, "text")})`)})`;
}

/** Reads the part that is looked for. */
export function readPart(operand: unknown, path: readonly string[]): string {
  if (typeof operand !== "string") throw badInput(path, { complaint: "notString" });
  const text = readText(operand, path);
  const complaint = partComplaint(text);
  if (complaint !== null) throw badInput(path, complaint);
  return text;
}
