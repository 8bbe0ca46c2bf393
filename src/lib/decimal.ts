import { ExactNumber } from "./exact-number.ts";
import type { Complaint } from "./messages.ts";

const pattern = /^[+-]?(\d+)(?:\.(\d*))?$|^[+-]?\.(\d+)$/;
const maxIntegerDigits = 15;
const maxFractionDigits = 4;

/** The texts that are read as decimals, as a regular expression, for what describes inputs. */
export const decimalPattern = `^[+-]?(\\d{1,${maxIntegerDigits}}(\\.\\d{0,${maxFractionDigits}})?|\\.\\d{1,${maxFractionDigits}})$`;

/** The canonical text of a decimal that the database printed: `1000.0000` → `1000`, `10.5000` → `10.5`. */
export function canonicalDecimal(text: string): string {
  const plain = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return plain === "-0" || plain === "" ? "0" : plain;
}

/** The canonical text of a decimal, or what is wrong with what was sent for one. */
type DecimalReading = { readonly value: string } | { readonly complaint: Complaint<"notDecimal"> };

/**
 * Reads a decimal that a caller sent, as a string or a JSON number: at most 15 integer and 4 fraction digits
 * (`numeric(19,4)`).
 */
export function readDecimal(value: unknown): DecimalReading {
  const text = textOf(value);
  if (text === null) return { complaint: { complaint: "notDecimal", fault: "type" } };
  const match = pattern.exec(text);
  if (match === null) {
    return { complaint: { complaint: "notDecimal", fault: "text", sent: text.slice(0, 40) } };
  }
  const integer = (match[1] ?? "").replace(/^0+/, "");
  const fraction = withoutLastZeros(match[2] ?? match[3] ?? "");
  if (integer.length > maxIntegerDigits || fraction.length > maxFractionDigits) {
    const most = { integer: maxIntegerDigits, fraction: maxFractionDigits };
    return { complaint: { complaint: "notDecimal", fault: "digits", ...most } };
  }
  const digits = `${integer === "" ? "0" : integer}${fraction === "" ? "" : `.${fraction}`}`;
  return { value: text.startsWith("-") && digits !== "0" ? `-${digits}` : digits };
}

/** No regular expression: looking for zeros at the end, it would begin anew at each zero. */
function withoutLastZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

/** A number as JSON may write it, exactly, without its exponent: `1.0500000000000000e+01` → `10.500000000000000`. */
export function withoutExponent(number: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]?\d{1,3})$/i.exec(number);
  if (match === null) return number;
  const [, sign = "", integer = "", fraction = "", exponent = ""] = match;
  const digits = `${integer}${fraction}`;
  const point = integer.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point)}`;
}

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value.trim();
  if (value instanceof ExactNumber) return withoutExponent(value.source);
  if (typeof value === "number") return withoutExponent(String(value));
  return null;
}
