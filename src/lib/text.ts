import { badInput } from "./errors.ts";

/** `annualRevenue` → `annual_revenue`, `phone1Label` → `phone_1_label`: a field's REST and column name. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]|\d+/g, (match) => `_${match.toLowerCase()}`);
}

/** The most characters of a text that is looked for inside others: PostgreSQL compares all of it at each place. */
export const maxPartLength = 200;

/** What is said of one that is longer. */
export const tooLongPart = `has at most ${maxPartLength} characters; look for less of the text.`;

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

/** The text as it is stored and compared: in Unicode NFC, so that `ë` is one letter however it was typed. */
export function composed(text: string): string {
  return text.normalize("NFC");
}

/** The same, where it comes in by itself. Refuses what PostgreSQL cannot hold: U+0000 and lone surrogates. */
export function readText(text: string, inputPath: readonly string[]): string {
  if (!isStorable(text)) throw badInput(`${inputPath.join(".")}: ${unstorable}`, inputPath);
  return composed(text);
}
