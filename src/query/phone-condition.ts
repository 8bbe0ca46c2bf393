import { phoneForms } from "../model/kinds/phone.ts";
import { readOnce } from "../model/read-once.ts";
import { all, any, param, sql, type Sql } from "../lib/sql.ts";

const formsOf = readOnce(phoneForms);

/** The digits of what is stored, as `phoneForms` takes them of an operand. */
const storedDigits = (column: Sql): Sql =>
  sql`regexp_replace(replace(plain_digits(${column}), '(0)', ''), '[^0-9]', '', 'g')`;

/**
 * Whether a phone number is one of these: digits are compared with digits, however the two are written. `key` is the
 * column with the number's last digits, which has an index; null where a missing one must not count as unknown.
 */
export function isPhone(column: Sql, key: Sql | null, texts: readonly string[]): Sql {
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
