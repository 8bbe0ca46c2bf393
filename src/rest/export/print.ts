import type { ByteWriter } from "../../lib/byte-writer.ts";
import type { SentMember } from "../../query/projection.ts";
import { copied, inJson, int32, mostBytes, opening, type CellPrinter } from "./cells.ts";
import { inCsv } from "./csv-cells.ts";

/**
 * Prints a row as PostgreSQL sends it, from `start` to `end`: the number of its cells, then each cell's length and bytes.
 */
export type RowPrinter = (row: Uint8Array, start: number, end: number, out: ByteWriter) => void;

/** How a member is printed: what stands in front of a value, the value, and what stands in the place of none. */
type Part = {
  readonly start: Uint8Array;
  readonly none: Uint8Array;
  readonly print: CellPrinter;
};

/** One record a line as JSON, between what is put around it. */
export function jsonLines(
  members: readonly SentMember[],
  [before, behind]: readonly [string, string] = ["", ""],
): RowPrinter {
  const parts = members.map(({ key, as }, index): Part => {
    const start = `${index === 0 ? `${before}{` : ","}${JSON.stringify(key)}:`;
    return {
      start: Buffer.from(`${start}${opening(as)}`),
      none: Buffer.from(`${start}null`),
      print: inJson(as),
    };
  });
  return lines(parts, `}${behind}\n`);
}

/** One record a line of CSV (RFC 4180), in the order of the members. */
export function csvLines(members: readonly SentMember[], isRaw: boolean): RowPrinter {
  const parts = members.map(({ as }, index): Part => {
    const comma = index === 0 ? "" : ",";
    const prefix = as.form === "uuid" ? as.prefix : "";
    return {
      start: Buffer.from(`${comma}${prefix}`),
      none: Buffer.from(comma),
      print: inCsv(as, isRaw),
    };
  });
  return lines(parts, "\r\n");
}

/** The names above the columns. */
export const csvHeader = (members: readonly { readonly key: string }[]): string =>
  `${members.map(({ key }) => key).join(",")}\r\n`;

function lines(parts: readonly Part[], lineEnd: string): RowPrinter {
  const last = Buffer.from(lineEnd);
  const fixed = parts.reduce(
    (sum, { start, none }) => sum + Math.max(start.length, none.length) + mostBytes.beside,
    last.length,
  );
  return (row, start, end, writer) => {
    writer.room(fixed + (end - start) * mostBytes.each);
    const out = writer.bytes;
    let at = writer.length;
    let read = start + 2;
    for (const part of parts) {
      const length = int32(row, read);
      read += 4;
      if (length < 0) {
        at = copied(part.none, 0, part.none.length, out, at);
        continue;
      }
      at = copied(part.start, 0, part.start.length, out, at);
      at = part.print(row, read, read + length, out, at);
      read += length;
    }
    writer.length = copied(last, 0, last.length, out, at);
  };
}
