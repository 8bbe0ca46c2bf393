import { Parser, type CsvError } from "csv-parse";
import { readHeader } from "./header.ts";
import { linesIn } from "./head.ts";
import { FileRefused, strayCells, type Delimiter, type FileRow } from "./types.ts";

/** The most bytes of a row. */
export const maxRowBytes = 2 * 1024 * 1024;
const megabytes = `${maxRowBytes / 1024 / 1024} MB`;

/** A row of cells, and the line of the file that it begins in. */
type Line = { readonly cells: readonly string[]; readonly line: number };

/**
 * The rows of a CSV file (RFC 4180) below its header, which is put into `header`. A row number counts empty rows too, as
 * spreadsheets do. Beside a row of at most 2 MB only a piece of the file is held.
 *
 * @throws FileRefused with the line
 */
export async function* csvRows(
  text: AsyncIterable<string>,
  delimiter: Delimiter,
  firstLine: number,
  header: string[],
): AsyncGenerator<FileRow> {
  let names: readonly string[] | null = null;
  let number = 0;
  for await (const { cells, line } of recordsOf(text, delimiter, firstLine)) {
    number += 1;
    if (cells.every((cell) => cell.trim() === "")) continue;
    if (names === null) {
      names = readHeader(cells, line);
      header.push(...names.filter((name) => name !== ""));
      continue;
    }
    yield { number, cells: cellsOf(names, cells, line) };
  }
}

/** The cells of a row by their columns; of one that has too few or too many, under `strayCells`, those without a column. */
function cellsOf(
  names: readonly string[],
  cells: readonly string[],
  line: number,
): Readonly<Record<string, unknown>> {
  const pairs: [string, unknown][] = [];
  for (const [index, cell] of cells.slice(0, names.length).entries()) {
    const name = names[index] ?? "";
    if (name !== "") pairs.push([name, cell]);
    else if (cell.trim() !== "") {
      throw new FileRefused(
        "BAD_HEADER",
        line,
        `column ${index + 1} has cells and no name; name it in the first row, or delete it.`,
      );
    }
  }
  const said = cells.findLastIndex((cell) => cell !== "") + 1;
  if (cells.length < names.length || said > names.length) {
    pairs.push([strayCells, cells.slice(names.length, said)]);
  }
  return Object.fromEntries(pairs);
}

async function* recordsOf(
  text: AsyncIterable<string>,
  delimiter: Delimiter,
  firstLine: number,
): AsyncGenerator<Line> {
  let line = firstLine;
  let records: string[][] = [];
  let pending = 0;
  const parser = new Parser({
    delimiter,
    bom: false,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    max_record_size: maxRowBytes,
    // They are taken here, so that none waits in the stream.
    on_record: (record: string[]) => {
      records.push(record);
      // Else it makes an error of each row that has not as many cells as the first: 80 µs for one.
      Object.assign(parser.info, { records: 0 });
      return null;
    },
  });
  // Each failure is told to the callback of what was written.
  parser.on("error", () => undefined);
  const failed = (error: unknown): unknown => refusalOf(error, line, delimiter);
  function* taken(): Generator<Line> {
    const before = records;
    records = [];
    for (const cells of before) {
      yield { cells, line };
      line += 1;
      for (const cell of cells) if (cell.length > 1) line += linesIn(cell);
    }
  }
  const write = (piece: Buffer | null): Promise<void> =>
    new Promise((resolve, reject) => {
      const done = (error?: Error | null) => (error == null ? resolve() : reject(error));
      if (piece === null) parser.end(done);
      else parser.write(piece, done);
    });
  try {
    for await (const part of text) {
      const piece = Buffer.from(part);
      const error: unknown = await write(piece).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      pending = records.length === 0 ? pending + piece.length : piece.length;
      yield* taken();
      if (error !== undefined) throw failed(error);
      // Cells without a character count for no bytes there.
      if (pending > maxRowBytes + piece.length) throw rowTooLong(line);
    }
    const error: unknown = await write(null).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    yield* taken();
    if (error !== undefined) throw failed(error);
  } finally {
    parser.destroy();
  }
}

const rowTooLong = (line: number): FileRefused =>
  new FileRefused(
    "ROW_TOO_LONG",
    line,
    `the row that begins here has more than ${megabytes}; look for a quotation mark that is not closed, or shorten its cells.`,
  );

const isCsvError = (error: unknown): error is CsvError => error instanceof Error && "code" in error;

function refusalOf(error: unknown, line: number, delimiter: Delimiter): unknown {
  if (!isCsvError(error)) return error;
  const at = typeof error["column"] === "number" ? `column ${error["column"] + 1}` : "a cell";
  switch (error.code) {
    case "CSV_MAX_RECORD_SIZE":
      return rowTooLong(line);
    case "CSV_QUOTE_NOT_CLOSED":
      return new FileRefused(
        "QUOTE_NOT_CLOSED",
        line,
        `in the row that begins here ${at} opens a quotation mark that is never closed; close it, or double it where it is part of the text.`,
      );
    case "CSV_INVALID_CLOSING_QUOTE":
    case "INVALID_OPENING_QUOTE":
      return new FileRefused(
        "STRAY_QUOTE",
        line,
        `in the row that begins here ${at} has a quotation mark inside its text; put the cell into quotation marks and double those inside ("5"" pipe"), or check the delimiter (${delimiter === "\t" ? "tab" : delimiter}).`,
      );
    default:
      return error;
  }
}
