import type { GatewayError } from "../lib/errors.ts";
import { answerTooLong, maxAnswerCharacters } from "../limits/answer-length.ts";
import type { Context } from "./context.ts";

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
  return answer.characters > maxAnswerCharacters ? null : value;
}

/** Why an answer cannot be given; null when it can. */
export function tooLong({ answer }: Context): GatewayError | null {
  if (answer.characters <= maxAnswerCharacters) return null;
  return answerTooLong(
    "ask for fewer records or fewer long texts. What a mutation was to write is written.",
  );
}
