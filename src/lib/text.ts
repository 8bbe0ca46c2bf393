import { badInput } from "./errors.ts";

/** `annualRevenue` → `annual_revenue`, `phone1Label` → `phone_1_label`: a field's REST and column name. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]|\d+/g, (match) => `_${match.toLowerCase()}`);
}

/** Escapes what LIKE would read as a pattern. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** The text, or so much of it: what is quoted of a request may be a megabyte. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`.toWellFormed();
}

/** Whether PostgreSQL can hold the text: no U+0000, no lone surrogate. */
export function isStorable(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}

/** What is said of text that it cannot. */
export const unstorable =
  "text must not contain U+0000 or half of a surrogate pair; remove that character.";

/** Refuses text that PostgreSQL cannot hold: U+0000 and lone surrogates. */
export function assertStorable(text: string, inputPath: readonly string[]): void {
  if (!isStorable(text)) throw badInput(`${inputPath.join(".")}: ${unstorable}`, inputPath);
}
