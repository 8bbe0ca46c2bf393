import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { valueOf, type Reading } from "../../lib/reading.ts";

/** A plus, then digits and what separates them: there is no room for an extension or a remark. */
const international = /^\+[\p{Nd}\p{Pd}\p{Zs}().[\]/]+$/u;
/** A second line, whose digits replace the last ones: `+49 30 901820/22` is two numbers. */
const otherLine = /\/[\p{Zs}]*\d{1,3}$/u;

const complaint =
  "must be a phone number with its country code and nothing else, such as +14045550128; or send it as phone_1 to keep it as it is.";

/** A number in E.164: `+1 (404) 555-0128` → `+14045550128`. An extension or words beside it are refused, not dropped. */
export function readPhone(text: string): Reading {
  // Full-width digits become plain ones.
  const plain = text.trim().normalize("NFKC");
  const parsed =
    international.test(plain) && !otherLine.test(plain)
      ? parsePhoneNumberFromString(plain, { extract: false })
      : undefined;
  return parsed?.isPossible() === true && parsed.ext === undefined
    ? { value: parsed.number }
    : { complaint };
}

/** The number in E.164 where the text is one and nothing else. */
export const phoneInE164 = (text: string): string | null => valueOf(readPhone(text));

/** Without the zero in `+49 (0)30 …`, which is dialled within the country only. */
const digitsOf = (text: string): string => text.replace("(0)", "").replace(/\D/g, "");

/** The number and its extension, in whatever of the usual ways they are written. */
function withExtension(text: string): { number: string; extension: string } | null {
  const parsed = parsePhoneNumberFromString(text, { extract: false });
  return parsed?.ext === undefined ? null : { number: parsed.number, extension: parsed.ext };
}

/** Two texts with the same key are one number: `+1 (404) 555-0128 x7` and `+14045550128 ext. 7`; a text with words is its own. */
export function phoneKey(text: string): string {
  const extended = withExtension(text);
  if (extended !== null) return `${extended.number};ext=${extended.extension}`;
  return phoneInE164(text) ?? (/\p{L}/u.test(text) ? text : digitsOf(text) || text);
}

/** The digits of a number with those of its extension: as it is written, and as E.164 has it. None for a text without digits. */
export function phoneDigits(text: string): readonly string[] {
  return [...new Set([digitsOf(text), digitsOf(phoneInE164(text) ?? "")])].filter(Boolean);
}

/** The digits of a number and, where it has an extension, of the number before that. */
export function numberDigits(text: string): readonly string[] {
  const number = withExtension(text)?.number ?? text.replace(/(?:ext|x|#|;).*$/is, "");
  return [...new Set([...phoneDigits(text), digitsOf(number)])].filter(Boolean);
}

/** A number that is searched for, in the forms that stored ones are compared with. */
export type SearchedNumber = {
  /** All its digits, without zeros in front. */
  readonly digits: string;
  /** Those without the country code, where it has one: they stand in the number however it was stored. */
  readonly national: string;
};

/** Fewer digits are a word like any other. */
const minDigits = 6;

/** The number in a text that is nothing but one, however it is written; null when it has too few digits. */
export function searchedNumber(text: string): SearchedNumber | null {
  const plain = text.trim().normalize("NFKC").replace("(0)", "");
  const digits = digitsOf(plain).replace(/^0+/, "");
  if (digits.length < minDigits) return null;
  const hasCountry = /^\(?(?:\+|00)/.test(plain) || digits.length > 10;
  const parsed = hasCountry ? parsePhoneNumberFromString(`+${digits}`) : undefined;
  return { digits, national: parsed?.isPossible() === true ? parsed.nationalNumber : digits };
}
