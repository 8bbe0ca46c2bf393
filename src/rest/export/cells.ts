import type { SentForm } from "../../query/projection.ts";

/** Prints a value that PostgreSQL sent as binary, `row[start]` to `row[end]`, to `out[at]`; gives where it ends there. */
export type CellPrinter = (
  row: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
) => number;

/** The most bytes of a printed value: `each` for every byte that PostgreSQL sent, plus `beside`. */
export const mostBytes = { each: 6, beside: 32 };

const [quote, backslash, zero, colon, dash, point] = [0x22, 0x5c, 0x30, 0x3a, 0x2d, 0x2e] as const;

/** Copies bytes; gives where they end. */
export function copied(
  from: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  // A call of `set` takes longer than the copying of a few bytes.
  if (end - start < 48) {
    let to = at;
    for (let read = start; read < end; read += 1) out[to++] = from[read] ?? 0;
    return to;
  }
  out.set(from.subarray(start, end), at);
  return at + end - start;
}

/** The whole number of 32 bits at a place. */
export const int32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 24) |
  ((bytes[at + 1] ?? 0) << 16) |
  ((bytes[at + 2] ?? 0) << 8) |
  (bytes[at + 3] ?? 0);

/** A value without quotes around it, as CSV has it and JSON behind quotes. Texts stay as they are. */
export function bare(as: SentForm): CellPrinter {
  switch (as.form) {
    case "boolean":
      return (row, start, _end, out, at) => printed(row[start] === 0 ? "false" : "true", out, at);
    case "integer":
      return (row, start, _end, out, at) => printed(String(int32(row, start)), out, at);
    case "uuid":
      return uuid;
    case "timestamptz":
      return as.fraction === 3 ? milliseconds : microseconds;
    case "date":
      return as.isInstant ? midnight : day;
    default:
      return copied;
  }
}

/** A value in JSON behind its opening quote, if it has one. */
export function inJson(as: SentForm): CellPrinter {
  switch (as.form) {
    case "json":
    case "boolean":
    case "integer":
      return bare(as);
    case "text":
      return escaped;
    default: {
      const print = bare(as);
      return (row, start, end, out, at) => {
        const to = print(row, start, end, out, at);
        out[to] = quote;
        return to + 1;
      };
    }
  }
}

/** What stands in front of a value that is not null: of ids, also their prefix. */
export function opening(as: SentForm): string {
  if (as.form === "uuid") return `"${as.prefix}`;
  return as.form === "json" || as.form === "boolean" || as.form === "integer" ? "" : '"';
}

function printed(text: string, out: Uint8Array, at: number): number {
  for (let read = 0; read < text.length; read += 1) out[at + read] = text.charCodeAt(read);
  return at + text.length;
}

const escapes = Array.from({ length: backslash + 1 }, (_, code) =>
  Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
);

/** A text, and the quote behind it. */
const escaped: CellPrinter = (row, start, end, out, at) => {
  let to = at;
  for (let read = start; read < end; read += 1) {
    const byte = row[read] ?? 0;
    if (byte >= 0x20 && byte !== quote && byte !== backslash) out[to++] = byte;
    else for (const one of escapes[byte] ?? []) out[to++] = one;
  }
  out[to] = quote;
  return to + 1;
};

const hex = Buffer.from("0123456789abcdef");

const uuid: CellPrinter = (row, start, end, out, at) => {
  let to = at;
  for (let read = start; read < end; read += 1) {
    const place = read - start;
    if (place === 4 || place === 6 || place === 8 || place === 10) out[to++] = dash;
    const byte = row[read] ?? 0;
    out[to++] = hex[byte >> 4] ?? 0;
    out[to++] = hex[byte & 15] ?? 0;
  }
  return to;
};

/** Prints a number with `count` digits, with zeros in front. */
function digits(value: number, count: number, out: Uint8Array, at: number): number {
  let left = value;
  for (let place = at + count - 1; place >= at; place -= 1) {
    const rest = Math.floor(left / 10);
    out[place] = zero + left - rest * 10;
    left = rest;
  }
  return at + count;
}

/** Days from 1 March of the year 0 to PostgreSQL's first one, 1 January 2000; of 400 years, and of their shorter parts. */
const daysBefore = 730_425;
const [in400, in100, in4, in1] = [146_097, 36_524, 1_461, 365] as const;

/** Prints the date `since` days after 1 January 2000. */
function printedDay(since: number, out: Uint8Array, at: number): number {
  const days = since + daysBefore;
  const era = Math.floor(days / in400);
  const ofEra = days - era * in400;
  const years = Math.floor(
    (ofEra -
      Math.floor(ofEra / (in4 - 1)) +
      Math.floor(ofEra / in100) -
      Math.floor(ofEra / (in400 - 1))) /
      in1,
  );
  const ofYear = ofEra - (in1 * years + Math.floor(years / 4) - Math.floor(years / 100));
  // Months are counted from March, so that a leap day is the last of its year.
  const months = Math.floor((5 * ofYear + 2) / 153);
  const month = months < 10 ? months + 3 : months - 9;
  const year = years + era * 400 + (month <= 2 ? 1 : 0);
  let to = digits(year, year < 10_000 ? 4 : String(year).length, out, at);
  out[to++] = dash;
  to = digits(month, 2, out, to);
  out[to++] = dash;
  return digits(ofYear - Math.floor((153 * months + 2) / 5) + 1, 2, out, to);
}

const day: CellPrinter = (row, start, _end, out, at) => printedDay(int32(row, start), out, at);

const atMidnight = Buffer.from("T00:00:00.000Z");
const midnight: CellPrinter = (row, start, end, out, at) =>
  copied(atMidnight, 0, atMidnight.length, out, day(row, start, end, out, at));

/** Microseconds since 1 January 2000 are more than a number holds: they are read as milliseconds, and the rest of them. */
function printedInstant(
  row: Uint8Array,
  start: number,
  hasMicroseconds: boolean,
  out: Uint8Array,
  at: number,
): number {
  const upper = int32(row, start);
  const lower = (int32(row, start + 4) >>> 0) + upper * 296;
  const carried = Math.floor(lower / 1_000);
  const whole = upper * 4_294_967 + carried;
  const days = Math.floor(whole / 86_400_000);
  const ofDay = whole - days * 86_400_000;
  const seconds = Math.floor(ofDay / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  let to = printedDay(days, out, at);
  out[to++] = 0x54;
  to = digits(hours, 2, out, to);
  out[to++] = colon;
  to = digits(minutes - hours * 60, 2, out, to);
  out[to++] = colon;
  to = digits(seconds - minutes * 60, 2, out, to);
  out[to++] = point;
  to = digits(ofDay - seconds * 1_000, 3, out, to);
  if (hasMicroseconds) to = digits(lower - carried * 1_000, 3, out, to);
  out[to] = 0x5a;
  return to + 1;
}

const milliseconds: CellPrinter = (row, start, _end, out, at) =>
  printedInstant(row, start, false, out, at);
const microseconds: CellPrinter = (row, start, _end, out, at) =>
  printedInstant(row, start, true, out, at);
