import { GatewayError } from "../lib/errors.ts";
import type { Context } from "./context.ts";

/** More than any page that people look at; a text may have 100,000 characters, and be selected often. */
export const maxCharacters = 16_000_000;

/**
 * Counts a value that goes into the answer. What would be too long is not made up any further: null stands for it, and the
 * answer as a whole is refused (`tooLong`).
 */
export function toldIn(ctx: Context, value: unknown): unknown {
  const { answer } = ctx;
  if (typeof value === "string") answer.characters += value.length;
  else if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    answer.characters += JSON.stringify(value).length;
  }
  return answer.characters > maxCharacters ? null : value;
}

/** Why an answer cannot be given; null when it can. */
export function tooLong({ answer }: Context): GatewayError | null {
  if (answer.characters <= maxCharacters) return null;
  return new GatewayError(
    "QUERY_TOO_COMPLEX",
    `The answer would have more than ${maxCharacters.toLocaleString("en")} characters; ask for fewer records or fewer long texts. What a mutation was to write is written.`,
  );
}
