import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
} from "libphonenumber-js/min";
import { valueOf, type Reading } from "../../lib/reading.ts";
import { all, any, not, param, sql, unknown, type Sql } from "../../lib/sql.ts";
import type { Kind } from "../kind.ts";
import { readOnce } from "../read-once.ts";
import { plainOperand } from "./parts/operands.ts";
import { asList, sameOperators, type Operator } from "./parts/operators.ts";
import { shortText } from "./parts/plain-text.ts";
import { textFilter, textLike } from "./parts/text-like.ts";
import { textSchema } from "./parts/text-schema.ts";

/** A plus, then digits and what separates them: there is no room for an extension or a remark. */
const international = /^\+[\p{Nd}\p{Pd}\p{Zs}().[\]/]+$/u;
/** A second line, whose digits replace the last ones: `+49 30 901820/22` is two numbers. */
const otherLine = /\/[\p{Zs}]*\d{1,3}$/u;

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
    : { complaint: { complaint: "notPhone" } };
}

/** The number in E.164 where the text is one and nothing else. */
export const phoneInE164 = (text: string): string | null => valueOf(readPhone(text));

/** Full-width, Arabic and Persian digits as plain ones, as plain_digits of the migrations has it. */
const plainDigits = (text: string): string =>
  text.replace(/[\uff10-\uff19\u0660-\u0669\u06f0-\u06f9]/g, (digit) =>
    String(digit.charCodeAt(0) % 16),
  );

/** Without the zero in `+49 (0)30 …`, which is dialled within the country only. */
const digitsOf = (text: string): string =>
  plainDigits(text).replaceAll("(0)", "").replace(/\D/g, "");

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

/** How a number that is asked for may stand among stored ones. */
type PhoneForms = {
  /** All its digits, those of its extension too: as it is written, and as E.164 has it. None for a text without digits. */
  readonly digits: readonly string[];
  /** The last digits of the number without its extension, in each of these ways; null where there are too few. */
  readonly ends: readonly (string | null)[];
};

/** What stands behind the number, as match_phone of the migrations takes it away. */
const behind = /(\d[^\dx#;]*)[x#;].*$/is;

/** The last digits of a number, as match_phone of the migrations takes them. */
const endOf = (digits: string): string | null => /\d{7,9}$/.exec(digits)?.[0] ?? null;

/** What a number is compared by, however it is written. */
export function phoneForms(text: string): PhoneForms {
  const whole = digitsOf(text);
  if (whole === "") return { digits: [], ends: [] };
  const e164 = phoneInE164(text);
  // Parsing is the most of the work: what is a number and nothing else has no extension.
  const extended = e164 === null ? withExtension(text) : null;
  const before = digitsOf(plainDigits(text.slice(0, 100)).replace(behind, "$1"));
  const digits = [...new Set([whole, digitsOf(e164 ?? "")])].filter(Boolean);
  const numbers = [...digits, digitsOf(extended?.number ?? ""), before].filter(Boolean);
  return { digits, ends: [...new Set(numbers.map(endOf))] };
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

const formsOf = readOnce(phoneForms);

/** The digits of what is stored, as `phoneForms` takes them of an operand. */
const storedDigits = (column: Sql): Sql =>
  sql`regexp_replace(replace(plain_digits(${column}), '(0)', ''), '[^0-9]', '', 'g')`;

/**
 * Whether a phone number is one of these: digits are compared with digits, however the two are written. `key` is the
 * column with the number's last digits, which has an index; null where a missing one must not count as unknown.
 */
function isPhone(column: Sql, key: Sql | null, texts: readonly string[]): Sql {
  const forms = new Map(texts.map((text) => [text, formsOf(text)]));
  const digits = [...new Set([...forms.values()].flatMap((form) => form.digits))];
  const ends = [...new Set([...forms.values()].flatMap((form) => form.ends))];
  const words = [...forms].filter(([, form]) => form.digits.length === 0).map(([text]) => text);
  const isSame = sql`${storedDigits(column)} = ANY (${param(digits, "text[]")})`;
  // A number that is too short for the column is looked for without it.
  const hasKey =
    key === null || ends.includes(null) ? [] : [sql`${key} = ANY (${param(ends, "text[]")})`];
  return any([
    ...(digits.length === 0 ? [] : [all([...hasKey, isSame])]),
    ...(words.length === 0 ? [] : [sql`${column} = ANY (${param(words, "text[]")})`]),
  ]);
}

const isAmong =
  (isOne: boolean, isWanted: boolean): Operator["condition"] =>
  (subject, operand, path) => {
    const given = asList(operand);
    const texts = given.flatMap((value, index) => {
      const text = plainOperand(value, subject, isOne ? path : [...path, String(index)]);
      return typeof text === "string" ? [text] : [];
    });
    const usesKey = isWanted && !subject.negated;
    const isListed = isPhone(subject.value, usesKey ? subject.key : null, texts);
    // As in SQL: what is none of the others may be the null among them.
    const found = given.includes(null) ? any([isListed, unknown]) : isListed;
    return isWanted ? found : not(found);
  };

const isCountry = (text: string): text is CountryCode => isSupportedCountry(text);

/** A number as a file has it: one without its country code gets that of the country, if there is one. */
function phoneOfText(text: string, country: string | null): Reading {
  const reading = shortText(text);
  if (country === null || !isCountry(country) || phoneInE164(text) !== null) return reading;
  const plain = text.normalize("NFKC");
  if (!/^[\p{Nd}\p{Pd}\p{Zs}().[\]/]+$/u.test(plain) || otherLine.test(plain)) return reading;
  const parsed = parsePhoneNumberFromString(plain, { defaultCountry: country, extract: false });
  return parsed?.isPossible() === true ? { value: parsed.number } : reading;
}

const { eq, ne, in: isIn, notIn } = sameOperators(plainOperand);

/** A phone number as it is written; the column beside it holds its last digits. */
export const phone = {
  ...textLike,
  name: "phone",
  key: "narrows",
  scalar: "String",
  fromText: (text, { country }) => phoneOfText(text, country),
  input: () => ({ schema: textSchema(), type: { scalar: "String" } }),
  filter: textFilter({
    name: "PhoneFilter",
    about:
      "a phone number; eq, ne, in and notIn compare digits, however the two are written (`+49 (0)30 9018 2233`, `+493090182233`)",
    same: {
      eq: { ...eq, condition: isAmong(true, true) },
      ne: { ...ne, condition: isAmong(true, false) },
      in: { ...isIn, condition: isAmong(false, true) },
      notIn: { ...notIn, condition: isAmong(false, false) },
    },
    slow: "phone numbers",
  }),
} as const satisfies Kind;
