import { GatewayError } from "../lib/errors.ts";

/** More than any page that people look at; a text may have 100,000 characters, and be selected often. */
export const maxAnswerCharacters = 16_000_000;

/** Why an answer of more characters is not given. */
export function answerTooLong(advice: string): GatewayError {
  const most = maxAnswerCharacters.toLocaleString("en");
  return new GatewayError(
    "QUERY_TOO_COMPLEX",
    `The answer would have more than ${most} characters; ${advice}`,
  );
}
