import { parsePhoneNumberFromString } from "libphonenumber-js/min";

/** The number in E.164 (`+14045550128`) when it is written with its country code and can exist; else null. */
export function parsePhone(text: string): string | null {
  const parsed = parsePhoneNumberFromString(text);
  return parsed?.isPossible() === true ? parsed.number : null;
}
