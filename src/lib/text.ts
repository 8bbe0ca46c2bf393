import { badInput } from "./errors.ts";
import type { Complaint } from "./messages.ts";

/** `annualRevenue` → `annual_revenue`, `phone1Label` → `phone_1_label`: a field's REST and column name. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]|\d+/g, (match) => `_${match.toLowerCase()}`);
}

/** The most characters of a text that is looked for inside others: PostgreSQL compares all of it at each place. */
export const maxPartLength = 200;

/** What is taken out of texts that are compared, and what letters become others; as search_fold of the migrations has it. */
const marks =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u3099\u309a\u00ad\u200b\u2060\ufeff]/g;
const pairs = /[ßæœþẞÆŒÞ]/g;

/** How many characters a text has as it is compared, without accents: `ß` has two, U+FDFA 18, U+200B none. */
export function comparedLength(text: string): number {
  return text.normalize("NFKD").replace(marks, "").replace(pairs, "xx").length;
}

/** What is wrong with a text that others are looked through for; null when nothing is. */
export function partComplaint(text: string): Complaint | null {
  // The first spares the work of the second.
  if (text.length > maxPartLength || comparedLength(text) > maxPartLength) {
    return { complaint: "partTooLong", max: maxPartLength };
  }
  return text !== "" && comparedLength(text) === 0 ? { complaint: "partInvisible" } : null;
}

/** The text, or so much of it: what is quoted of a request may be a megabyte. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`.toWellFormed();
}

/** Whether PostgreSQL can hold the text: no U+0000, no lone surrogate. */
export function isStorable(text: string): boolean {
  return !text.includes("\u0000") && text.isWellFormed();
}

/** The text as it is stored and compared: in Unicode NFC, so that `ë` is one letter however it was typed. */
export function composed(text: string): string {
  return text.normalize("NFC");
}

/** The same, where it comes in by itself. Refuses what PostgreSQL cannot hold: U+0000 and lone surrogates. */
export function readText(text: string, inputPath: readonly string[]): string {
  if (!isStorable(text)) throw badInput(inputPath, { complaint: "unstorable" });
  return composed(text);
}

/** `deals` → `Deals`. */
export const capitalized = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** `lineItems` → `line items`, `apiKeys` → `API keys`: a name as people write it. */
export const inWords = (name: string): string =>
  name
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^api\b/, "API");

/** `Account` → `an Account`. */
export const withArticle = (noun: string): string =>
  `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;
