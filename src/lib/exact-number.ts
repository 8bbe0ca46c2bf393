import { randomUUID } from "node:crypto";

declare global {
  interface JSON {
    /** What JSON.stringify prints as it is: the text of a number. */
    rawJSON(text: string): object;
  }
}

/**
 * A JSON number that a number of JavaScript's would change: its text, which is printed as it is. Equal numbers have
 * equal texts.
 */
export class ExactNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = written(source);
  }

  /** JSON.stringify gives a key, also to the outermost value. GraphQL's messages give none: a number reads as its text. */
  toJSON(key?: string): unknown {
    return key === undefined ? this.source : JSON.rawJSON(this.source);
  }
}

/** Where a number that could change may stand: one of 16 digits, or with an exponent. */
const suspect = /(?:^|[\s[:,])-?(?:[\d.]{16}|[\d.]{1,15}e[-+]?\d)/i;
/** Stands before the text of a number that JSON.parse would change. No caller can know it. */
const mark = `number ${randomUUID()} `;

/**
 * Parses JSON and changes no number in it: what JavaScript would round, or read as 0 or Infinity, comes as an
 * {@link ExactNumber}. Such numbers become marked texts before the parse: a reviver would cost 4 µs for every value.
 */
export function parseJson(text: string): unknown {
  const marked = suspect.test(text) ? withMarks(text) : text;
  return marked === text ? JSON.parse(text) : unmarked(JSON.parse(marked));
}

const [quote, backslash] = Buffer.from('"\\');
const colon = /\s*:/y;
const numberEnd = /[^-+.\de]|$/gi;

/** The JSON text with each number that JavaScript would change as a marked text. */
function withMarks(text: string): string {
  const pieces: string[] = [];
  let copied = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) index = endOfText(text, index);
    else if (startsNumber(code)) {
      numberEnd.lastIndex = index;
      const end = numberEnd.exec(text)?.index ?? text.length;
      const number = text.slice(index, end);
      colon.lastIndex = end;
      // A number is no key, and its mark must not become one.
      if (!isKept(number) && parts.test(number) && !colon.test(text)) {
        pieces.push(text.slice(copied, index), `"${mark}${number}"`);
        copied = end;
      }
      index = end - 1;
    }
  }
  return pieces.length === 0 ? text : pieces.join("") + text.slice(copied);
}

const startsNumber = (code: number): boolean => (code >= 48 && code <= 57) || code === 45;

/** Where the text ends that begins at an index of a JSON text: the index of its closing quote. */
export function endOfText(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index += 1) {
    const code = json.charCodeAt(index);
    if (code === backslash) index += 1;
    else if (code === quote) return index;
  }
  return json.length;
}

/** The value with its marked texts as numbers; changed in place, since it is nobody else's. */
function unmarked(value: unknown): unknown {
  if (typeof value === "string") {
    return value.startsWith(mark) ? new ExactNumber(value.slice(mark.length)) : value;
  }
  if (!isParent(value)) return value;
  for (const key in value) {
    const item = value[key];
    const read = unmarked(item);
    if (read !== item) value[key] = read;
  }
  return value;
}

const isParent = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** The number in a text of JSON's, or of a literal of GraphQL's. */
export function jsonNumber(source: string): number | ExactNumber {
  return isKept(source) ? Number(source) : new ExactNumber(source);
}

/** Whether JavaScript reads that number and no other. */
function isKept(source: string): boolean {
  return (
    (source.length < 16 && !/e/i.test(source)) ||
    written(String(Number(source))) === written(source)
  );
}
const parts = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** A number as its digits without zeros at the ends, and the power of ten that they are multiplied with. */
function normal(text: string): { sign: string; digits: string; power: number } {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, "");
  let end = all.length;
  while (all[end - 1] === "0") end -= 1;
  const power = Number(exponent) - fraction.length + all.length - end;
  return end === 0
    ? { sign: "", digits: "0", power: 0 }
    : { sign, digits: all.slice(0, end), power };
}

/** More zeros than these are written as a power of ten, so that a few characters do not become a thousand. */
const mostZeros = 20;

/** The same text for all ways to write a number. */
function written(text: string): string {
  const { sign, digits, power } = normal(text);
  if (power > mostZeros || -power > digits.length + mostZeros) return `${sign}${digits}e${power}`;
  if (power >= 0) return `${sign}${digits}${"0".repeat(power)}`;
  const padded = digits.padStart(1 - power, "0");
  return `${sign}${padded.slice(0, power)}.${padded.slice(power)}`;
}

/** How many characters a number has without an exponent, as PostgreSQL prints it. */
export function plainLength(text: string): number {
  const { sign, digits, power } = normal(text);
  if (power >= 0) return sign.length + digits.length + power;
  return sign.length + Math.max(digits.length + 1, 2 - power);
}
