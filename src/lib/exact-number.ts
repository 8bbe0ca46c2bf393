declare global {
  interface JSON {
    /** What JSON.stringify prints as it is: the text of a number. */
    rawJSON(text: string): object;
  }
}

/** A JSON number that a number of JavaScript's would change: its text, which is printed as it is. */
export class ExactNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.source);
  }
}

/** Where a number that could change may stand: one of 16 digits, or with an exponent. */
const suspect = /(?:^|[\s[:,])-?(?:[\d.]{16}|[\d.]{1,15}e)/i;

/**
 * Parses JSON and changes no number in it: what JavaScript would round, or read as 0 or Infinity, comes as an
 * {@link ExactNumber}.
 */
export function parseJson(text: string): unknown {
  return suspect.test(text) ? JSON.parse(text, kept) : JSON.parse(text);
}

function kept(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && context?.source !== undefined
    ? jsonNumber(context.source)
    : value;
}

/** The number in a text of JSON's, or of a literal of GraphQL's. */
export function jsonNumber(source: string): number | ExactNumber {
  const value = Number(source);
  return normal(String(value)) === normal(source) ? value : new ExactNumber(source);
}

const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** The same text for all ways to write a number: its digits without zeros at the ends, and a power of ten. */
function normal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  const power = Number(exponent) - fraction.length + digits.length - end;
  return end === 0 ? "" : `${sign}${digits.slice(0, end)}e${power}`;
}

/** How many characters a number has without an exponent, as PostgreSQL prints it. */
export function plainLength(text: string): number {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts.exec(text) ?? [];
  const point = whole.length + Number(exponent);
  const digits = whole.length + fraction.length;
  return sign.length + (point <= 0 ? 2 - point + digits : Math.max(point, digits + 1));
}
