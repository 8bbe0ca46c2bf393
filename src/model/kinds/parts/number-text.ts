import { asComplaint } from "../../../lib/messages.ts";
import type { Reading } from "../../../lib/reading.ts";
import { shortened } from "../../../lib/text.ts";
import type { DecimalForm } from "../../kind.ts";
import { isShortened, shortenedComplaint } from "./plain-text.ts";

/** A number in a cell: its sign, its digits with separators, and what stands behind it. */
type Bare = { readonly isNegative: boolean; readonly digits: string; readonly isPercent: boolean };

/** Signs and codes of currencies in front or behind: `€`, `CHF`, `US$`, `kr.`. */
const money =
  /^(?:[a-z]{0,3}\p{Sc}|[a-z]{3}\.?|kr\.?|fr\.?)\s*|\s*(?:[a-z]{0,3}\p{Sc}|[a-z]{3}\.?|kr\.?|fr\.?)$/giu;
/** Blanks and apostrophes that part thousands: `1 234`, `1'234`. */
const grouped = /^\d{1,3}(?:[ '’]\d{3})+(?=$|[.,])/;

/** What is left of a cell without signs, currencies and blanks; null for what is no number. */
function bareNumber(text: string): Bare | null {
  const plain = text
    .normalize("NFKC")
    .replace(/[\u2212\u2012\u2013]/g, "-")
    .replace(/\s/g, " ")
    .trim();
  const isPercent = plain.endsWith("%");
  const inParentheses = /^\(([^()]*)\)$/.exec(isPercent ? plain.slice(0, -1) : plain)?.[1];
  const signed = (inParentheses ?? plain).replace(/\s*%$/, "").trim();
  const [first] = /^[-+]\s*/.exec(signed) ?? [""];
  const unsigned = signed.slice(first.length).replace(money, "").trim();
  // `-` may stand between the currency and the number, or behind it; `5,-` has no cents.
  const match = /^([-+]?)\s*(\d[\d.,'’ ]*|[.,]\d+)(-?)$/.exec(unsigned.replace(/[.,]-$/, ""));
  if (match === null) return null;
  const [, inner = "", number = "", last = ""] = match;
  const signs = [first.trim(), inner, last].filter(Boolean);
  if (signs.length + (inParentheses === undefined ? 0 : 1) > 1) return null;
  const digits = number.trim().replace(grouped, (part) => part.replace(/[ '’]/g, ""));
  if (!/^[\d.,]+$/.test(digits)) return null;
  const isNegative = signs.includes("-") || inParentheses !== undefined;
  return { isNegative, digits, isPercent };
}

const marks: Readonly<Record<DecimalForm, "." | ",">> = { point: ".", comma: "," };
const otherForm = (form: DecimalForm): DecimalForm => (form === "point" ? "comma" : "point");

/** Whether the mark parts all thousands of the whole digits, and nothing else. */
const isGrouped = (whole: string, mark: string): boolean =>
  whole.split(mark).every((part, index) => (index === 0 ? /^[1-9]\d{0,2}$/ : /^\d{3}$/).test(part));

/** The number with digits and a point, if it is one in that form. */
function inForm(digits: string, form: DecimalForm): string | null {
  const [whole = "", fraction, ...more] = digits.split(marks[form]);
  const thousands = marks[otherForm(form)];
  if (more.length > 0 || fraction?.includes(thousands) === true) return null;
  if (whole.includes(thousands) && !isGrouped(whole, thousands)) return null;
  return `${whole.replaceAll(thousands, "")}${fraction === undefined ? "" : `.${fraction}`}`;
}

/** The numbers that the digits can be: two for `1.234`, none for `1.2.3`. */
function numbersIn(digits: string): { form: DecimalForm; number: string }[] {
  return (["point", "comma"] as const).flatMap((form) => {
    const number = inForm(digits, form);
    return number === null ? [] : [{ form, number }];
  });
}

/** The form that a cell shows: `1,234.50` has a point, `1234` and `1.234` could be either. */
export function decimalFormOf(text: string): DecimalForm | null {
  const bare = bareNumber(text);
  if (bare === null) return null;
  const [first, second] = numbersIn(bare.digits);
  return first !== undefined && second === undefined ? first.form : null;
}

const notNumber = (text: string) => ({
  complaint: asComplaint(`must be a number, such as 1234.50, and is "${shortened(text, 40)}"`),
});

/** Reads an amount in a cell: `1.234,50 €`, `$1,234.50`, `(12.00)`, `1'234`. What could be two numbers is refused. */
export function decimalOfText(
  text: string,
  form: DecimalForm | null,
  takesPercent: boolean,
): Reading {
  if (isShortened(text)) return shortenedComplaint;
  const bare = bareNumber(text);
  if (bare === null) return notNumber(text);
  if (bare.isPercent && !takesPercent) {
    return { complaint: asComplaint("must be an amount and not a percentage; remove the %") };
  }
  const found = numbersIn(bare.digits);
  const [first, second] = form === null ? found : found.filter((one) => one.form === form);
  if (first === undefined) {
    return form === null || found.length === 0
      ? notNumber(text)
      : {
          complaint: asComplaint(
            `must be a number with a decimal ${form}, and is "${shortened(text, 40)}"; say decimals=${otherForm(form)} if all of the column are so`,
          ),
        };
  }
  if (second !== undefined && first.number !== second.number) {
    return {
      complaint: asComplaint(
        `could be ${first.number} or ${second.number}; say decimals=point or decimals=comma`,
      ),
    };
  }
  const number = first.number.replace(/^\./, "0.");
  return { value: bare.isNegative ? `-${number}` : number };
}

/** Reads a count in a cell: `1,234`, `1.234` and `250.0` are whole numbers. */
export function wholeOfText(text: string, form: DecimalForm | null): Reading<unknown> {
  const bare = bareNumber(text);
  const found = bare === null || bare.isPercent ? [] : numbersIn(bare.digits);
  const whole = new Set(
    found
      .filter((one) => form === null || one.form === form)
      .map(({ number }) => number.replace(/\.0*$/, ""))
      .filter((number) => /^\d{1,15}$/.test(number)),
  );
  const [only] = whole;
  if (isShortened(text)) return shortenedComplaint;
  if (bare === null || only === undefined || whole.size > 1) {
    return {
      complaint: asComplaint(`must be a whole number, and is "${shortened(text, 40)}"`),
    };
  }
  return { value: bare.isNegative ? -Number(only) : Number(only) };
}
