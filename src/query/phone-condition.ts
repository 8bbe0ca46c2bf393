import { numberDigits, phoneDigits } from "../model/kinds/phone.ts";
import { all, any, param, sql, type Sql } from "./sql.ts";

/** The last digits of a number, as match_phone of the migrations takes them for the column beside it. */
const lastDigits = /\d{7,9}$/;

/** The digits of what is stored, as `digitsOf` of the kind takes them of an operand. */
const storedDigits = (column: Sql): Sql =>
  sql`regexp_replace(replace(${column}, '(0)', ''), '[^0-9]', '', 'g')`;

/**
 * Whether a phone number is one of these: digits are compared with digits, however the two are written. `key` is the
 * column with the number's last digits, which has an index; null where a missing one must not count as unknown.
 */
export function isPhone(column: Sql, key: Sql | null, texts: readonly string[]): Sql {
  const digits = [...new Set(texts.flatMap(phoneDigits))];
  const words = texts.filter((text) => phoneDigits(text).length === 0);
  const ends = [...new Set(texts.flatMap(numberDigits).map((part) => lastDigits.exec(part)?.[0]))];
  const known = ends.filter((end) => end !== undefined);
  const isSame = sql`${storedDigits(column)} = ANY (${param(digits, "text[]")})`;
  // A number that is too short for the column is looked for without it.
  const hasKey =
    key === null || known.length < ends.length
      ? []
      : [sql`${key} = ANY (${param(known, "text[]")})`];
  return any([
    ...(digits.length === 0 ? [] : [all([...hasKey, isSame])]),
    ...(words.length === 0 ? [] : [sql`${column} = ANY (${param(words, "text[]")})`]),
  ]);
}
