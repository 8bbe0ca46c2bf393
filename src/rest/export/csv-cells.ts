import { formula } from "../../lib/formula.ts";
import type { SentForm } from "../../query/projection.ts";
import { bare, copied, type CellPrinter } from "./cells.ts";

/** A value as a cell of CSV. */
export function inCsv(as: SentForm, isRaw: boolean): CellPrinter {
  if (as.form === "json") return json(isRaw);
  return as.form === "text" || as.form === "plain" ? text(isRaw) : bare(as);
}

const [quote, comma, apostrophe] = [0x22, 0x2c, 0x27] as const;

/** Bytes that a formula can begin with: those of the pattern, and the first one of the wide signs. */
const formulaStarts = new Set(Buffer.from("'=+-@\t\r＝"));

/**
 * A text as a cell. It gets an apostrophe in front where a spreadsheet would run it; who reads it back takes one off what
 * begins so.
 */
const text =
  (isRaw: boolean): CellPrinter =>
  (row, start, end, out, at) => {
    if (start === end) return at;
    const isFormula =
      !isRaw && formulaStarts.has(row[start] ?? 0) && formula.test(decoded(row, start, end));
    let to = at;
    if (!needsQuotes(row, start, end, isFormula)) {
      if (isFormula) out[to++] = apostrophe;
      return copied(row, start, end, out, to);
    }
    out[to++] = quote;
    if (isFormula) out[to++] = apostrophe;
    for (let read = start; read < end; read += 1) {
      const byte = row[read] ?? 0;
      out[to++] = byte;
      if (byte === quote) out[to++] = quote;
    }
    out[to] = quote;
    return to + 1;
  };

/** JSON as a cell: null as nothing, a text as it is, all else as its JSON. */
function json(isRaw: boolean): CellPrinter {
  const asText = text(isRaw);
  const asJson = text(true);
  return (row, start, end, out, at) => {
    const first = row[start];
    if (first !== quote && first !== 0x6e) return asJson(row, start, end, out, at);
    const value: unknown = JSON.parse(decoded(row, start, end));
    if (typeof value !== "string") return at;
    const bytes = Buffer.from(value);
    return asText(bytes, 0, bytes.length, out, at);
  };
}

/** Whether a text has commas, quotes or lines in it, or blanks of any kind around it; of a formula, behind it. */
function needsQuotes(row: Uint8Array, start: number, end: number, isFormula: boolean): boolean {
  for (let read = start; read < end; read += 1) {
    const byte = row[read] ?? 0;
    if (byte === comma || byte === quote || byte === 0x0a || byte === 0x0d) return true;
  }
  return hasBlankEnd(row, start, end) || (!isFormula && hasBlankStart(row, start, end));
}

/** Whether a text begins with a blank; a character has four bytes at most. */
const hasBlankStart = (row: Uint8Array, start: number, end: number): boolean =>
  !isPlain(row[start] ?? 0) && /^\s/.test(decoded(row, start, Math.min(end, start + 4)));

const hasBlankEnd = (row: Uint8Array, start: number, end: number): boolean =>
  !isPlain(row[end - 1] ?? 0) && /\s$/.test(decoded(row, Math.max(start, end - 4), end));

/** Printable ASCII but the blank. */
const isPlain = (byte: number): boolean => byte > 0x20 && byte < 0x7f;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const decoded = (row: Uint8Array, start: number, end: number): string =>
  decoder.decode(row.subarray(start, end));
