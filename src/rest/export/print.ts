import type { ByteWriter } from "../../lib/byte-writer.ts";
import { formula } from "../../lib/formula.ts";
import type { PrintedMember } from "../../query/projection.ts";

/** Prints a row as PostgreSQL sends it: from `start` on, each cell's length and bytes behind the number of cells. */
export type RowPrinter = (row: Buffer, start: number, out: ByteWriter) => void;

/** One record a line as JSON, between what is put around it. */
export function jsonLines(
  members: readonly PrintedMember[],
  [before, behind]: readonly [string, string] = ["", ""],
): RowPrinter {
  const parts = members.map(({ key, as }, index) => {
    const start = `${index === 0 ? `${before}{` : ","}${JSON.stringify(key)}:`;
    return { start: Buffer.from(start), none: Buffer.from(`${start}null`), print: jsonCells[as] };
  });
  const end = Buffer.from(`}${behind}\n`);
  return (row, start, out) => {
    let at = start + 2;
    for (const part of parts) {
      const length = row.readInt32BE(at);
      at += 4;
      if (length < 0) {
        out.add(part.none);
        continue;
      }
      out.add(part.start);
      part.print(row, at, at + length, out);
      at += length;
    }
    out.add(end);
  };
}

/** One record a line of CSV (RFC 4180), in the order of the members. */
export function csvLines(members: readonly PrintedMember[], isRaw: boolean): RowPrinter {
  const printers = members.map(({ as }) => (as === "json" ? jsonInCsv(isRaw) : csvCells(isRaw)));
  return (row, start, out) => {
    let at = start + 2;
    for (const [index, print] of printers.entries()) {
      out.room(2);
      if (index > 0) out.put(comma);
      const length = row.readInt32BE(at);
      at += 4;
      if (length <= 0) continue;
      print(row, at, at + length, out);
      at += length;
    }
    out.add(lineEnd);
  };
}

/** The names above the columns. */
export const csvHeader = (members: readonly { readonly key: string }[]): string =>
  `${members.map(({ key }) => key).join(",")}\r\n`;

type CellPrinter = (row: Buffer, start: number, end: number, out: ByteWriter) => void;

const lineEnd = Buffer.from("\r\n");
const [quote, backslash, comma, apostrophe] = [0x22, 0x5c, 0x2c, 0x27] as const;
const escapes = new Map(
  Array.from({ length: backslash + 1 }, (_, code) => {
    const text = JSON.stringify(String.fromCharCode(code)).slice(1, -1);
    return [code, Buffer.from(text)] as const;
  }),
);

/** Values as JSON: what PostgreSQL printed as such, texts without anything to escape, and other texts. */
const jsonCells: Readonly<Record<PrintedMember["as"], CellPrinter>> = {
  json: (row, start, end, out) => out.add(row, start, end),
  plain: (row, start, end, out) => {
    out.room(end - start + 2);
    out.put(quote);
    out.add(row, start, end);
    out.put(quote);
  },
  text: (row, start, end, out) => {
    // An escape has six bytes at most.
    out.room((end - start) * 6 + 2);
    const { bytes } = out;
    let at = out.length;
    bytes[at++] = quote;
    for (let read = start; read < end; read += 1) {
      const byte = row[read] ?? 0;
      if (byte >= 0x20 && byte !== quote && byte !== backslash) {
        bytes[at++] = byte;
        continue;
      }
      for (const escaped of escapes.get(byte) ?? []) bytes[at++] = escaped;
    }
    bytes[at++] = quote;
    out.length = at;
  },
};

/** Bytes that such a text can begin with: those of the pattern, and the first one of the wide signs. */
const formulaStarts = new Set(Buffer.from("'=+-@\t\r＝"));

/**
 * A text as a cell. It gets an apostrophe in front where a spreadsheet would run it; who reads it back takes one off what
 * begins so.
 */
const csvCells =
  (isRaw: boolean): CellPrinter =>
  (row, start, end, out) => {
    const isFormula =
      !isRaw &&
      formulaStarts.has(row[start] ?? 0) &&
      formula.test(row.toString("utf8", start, end));
    const isQuoted = needsQuotes(row, start, end, isFormula);
    // Each quote may come twice.
    out.room((end - start) * 2 + 3);
    if (isQuoted) out.put(quote);
    if (isFormula) out.put(apostrophe);
    if (!isQuoted) {
      out.add(row, start, end);
      return;
    }
    for (let read = start; read < end; read += 1) {
      const byte = row[read] ?? 0;
      out.put(byte);
      if (byte === quote) out.put(quote);
    }
    out.put(quote);
  };

/** JSON as a cell: null as nothing, a text as it is, all else as its JSON. */
function jsonInCsv(isRaw: boolean): CellPrinter {
  const asText = csvCells(isRaw);
  const asJson = csvCells(true);
  return (row, start, end, out) => {
    const first = row[start];
    if (first !== quote && first !== 0x6e) return asJson(row, start, end, out);
    const value: unknown = JSON.parse(row.toString("utf8", start, end));
    if (typeof value !== "string") return;
    const text = Buffer.from(value);
    asText(text, 0, text.length, out);
  };
}

/** Whether a text has commas, quotes or lines in it, or blanks of any kind around it; of a formula, behind it. */
function needsQuotes(row: Buffer, start: number, end: number, isFormula: boolean): boolean {
  for (let read = start; read < end; read += 1) {
    const byte = row[read] ?? 0;
    if (byte === comma || byte === quote || byte === 0x0a || byte === 0x0d) return true;
  }
  return hasBlankEnd(row, start, end) || (!isFormula && hasBlankStart(row, start, end));
}

/** Whether a text begins with a blank; a character has four bytes at most. */
const hasBlankStart = (row: Buffer, start: number, end: number): boolean =>
  !isPlain(row[start] ?? 0) && /^\s/.test(row.toString("utf8", start, Math.min(end, start + 4)));

const hasBlankEnd = (row: Buffer, start: number, end: number): boolean =>
  !isPlain(row[end - 1] ?? 0) && /\s$/.test(row.toString("utf8", Math.max(start, end - 4), end));

/** Printable ASCII but the blank. */
const isPlain = (byte: number): boolean => byte > 0x20 && byte < 0x7f;
