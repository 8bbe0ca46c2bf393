import { csvRows } from "./csv.ts";
import { decoded } from "./decode.ts";
import { delimiterOf, namedDelimiter } from "./delimiter.ts";
import { encodingOf, formatOf, headOf, refuseBinary } from "./head.ts";
import { itemsOf, jsonRows, linesOf } from "./json-rows.ts";
import { FileRefused, type FileOptions, type FileRow, type OpenFile } from "./types.ts";

/** Characters of a text that its format and delimiter are found out from. */
const headLength = 64 * 1024;

/**
 * Opens a file of another program: CSV, JSON Lines or a JSON list. It is read as it comes and never held; the header is
 * read before this answers.
 *
 * @throws FileRefused for what is no such file; its rows throw it, too
 */
export async function readFile(
  source: AsyncIterable<Uint8Array>,
  options: FileOptions = {},
): Promise<OpenFile> {
  const { head, bytes } = await headOf(source);
  refuseBinary(head);
  const { encoding, mark } = encodingOf(head, options.encoding);
  const text = await startOf(decoded(bytes, encoding, mark));
  const format = formatOf(text.start, options);
  const header: string[] = [];
  if (format !== "csv") {
    const pieces = format === "json" ? itemsOf(text.all) : linesOf(text.all);
    const rows = await begun(jsonRows(pieces, options.type, header));
    return { header, rows, found: { format, encoding, delimiter: null } };
  }
  const excel = namedDelimiter(text.start);
  const isWhole = text.start.length < headLength;
  const delimiter =
    options.delimiter ?? excel?.delimiter ?? delimiterOf(text.start.slice(0, headLength), isWhole);
  const skipped = excel?.length ?? 0;
  const rows = csvRows(behind(text.all, skipped), delimiter, excel === null ? 1 : 2, header);
  return { header, rows: await begun(rows), found: { format, encoding, delimiter } };
}

/** Reads the first 64 KB of a text, or all of a shorter one. Gives them beside the whole text. */
async function startOf(
  text: AsyncGenerator<string>,
): Promise<{ start: string; all: AsyncIterable<string> }> {
  const parts: string[] = [];
  let length = 0;
  while (length < headLength) {
    const next = await text.next();
    if (next.done === true) break;
    parts.push(next.value);
    length += next.value.length;
  }
  return { start: parts.join(""), all: joined(parts, text) };
}

async function* joined<Item>(
  first: readonly Item[],
  rest: AsyncGenerator<Item>,
): AsyncGenerator<Item> {
  try {
    yield* first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

async function* behind(text: AsyncIterable<string>, skipped: number): AsyncGenerator<string> {
  let left = skipped;
  for await (const part of text) {
    if (left < part.length) yield part.slice(left);
    left = Math.max(0, left - part.length);
  }
}

/** Reads the header and the first row. */
async function begun(rows: AsyncGenerator<FileRow>): Promise<AsyncIterable<FileRow>> {
  const first = await rows.next();
  if (first.done === true) {
    throw new FileRefused(
      "EMPTY_FILE",
      null,
      "there are no rows below the header; send a file with a row of names and rows of cells.",
    );
  }
  return joined([first.value], rows);
}
