import { isUtf8 } from "node:buffer";
import { isEscaped, likelyEncodings } from "./encodings.ts";
import { FileRefused, type Encoding, type FileOptions, type Format } from "./types.ts";

/** What is looked at of a file before it is read. */
const headBytes = 64 * 1024;

/** The beginning of a file, and all of it. */
export type Headed = { readonly head: Buffer; readonly bytes: AsyncIterable<Uint8Array> };

/** Reads the first 64 KB of a stream, and gives them back with the rest. */
export async function headOf(bytes: AsyncIterable<Uint8Array>): Promise<Headed> {
  const source = bytes[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  let length = 0;
  while (length < headBytes) {
    const next = await source.next();
    if (next.done === true) break;
    taken.push(next.value);
    length += next.value.length;
  }
  return { head: Buffer.concat(taken).subarray(0, headBytes), bytes: resumed(taken, source) };
}

async function* resumed(
  taken: readonly Uint8Array[],
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* taken;
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      yield next.value;
    }
  } finally {
    // A reader that stops early lets go of what it reads from.
    await source.return?.();
  }
}

const spreadsheet =
  "this is no text but a spreadsheet or an archive; save it as CSV (UTF-8) and send that.";
const compressed = "this is compressed; unpack it and send what is in it.";

/** The first bytes of files that are no text, and how to mend each. */
const binaries: readonly (readonly [start: string, advice: string])[] = [
  ["504b0304", spreadsheet],
  ["504b0506", spreadsheet],
  ["d0cf11e0a1b11ae1", spreadsheet],
  ["1f8b", compressed],
  ["28b52ffd", compressed],
  ["425a68", compressed],
  ["fd377a585a00", compressed],
  ["377abcaf271c", compressed],
  ["255044462d", "this is a PDF; send the table as CSV."],
];

/** @throws FileRefused for what begins like a file of another kind */
export function refuseBinary(head: Buffer): void {
  const start = head.subarray(0, 8).toString("hex");
  const found = binaries.find(([first]) => start.startsWith(first));
  if (found !== undefined) throw new FileRefused("WRONG_FORMAT", null, found[1]);
}

const marks: readonly (readonly [mark: Buffer, encoding: Encoding])[] = [
  [Buffer.from("efbbbf", "hex"), "utf-8"],
  [Buffer.from("fffe", "hex"), "utf-16le"],
  [Buffer.from("feff", "hex"), "utf-16be"],
];

/**
 * The encoding of a text: as its byte order mark says, else as told, else UTF-16 where every other byte is zero, UTF-8
 * where its beginning is, and Windows-1252.
 *
 * @throws FileRefused for a beginning that is neither
 */
export function encodingOf(head: Buffer, told?: Encoding): { encoding: Encoding; mark: number } {
  for (const [mark, encoding] of marks) {
    if (head.subarray(0, mark.length).equals(mark)) {
      if (told !== undefined && told !== encoding) {
        throw new FileRefused(
          "WRONG_ENCODING",
          1,
          `the file says by its first bytes that it is ${encoding}, and not ${told}; leave the encoding out.`,
        );
      }
      return { encoding, mark: mark.length };
    }
  }
  return { encoding: told ?? wideEncoding(head) ?? narrowEncoding(head), mark: 0 };
}

/** UTF-16 without a mark: of most characters one byte is zero. */
function wideEncoding(head: Buffer): Encoding | null {
  const zeros = [0, 0];
  for (let index = 0; index < head.length; index += 1) {
    if (head[index] === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  }
  const [even = 0, odd = 0] = zeros;
  const many = head.length / 4;
  if (odd > many && even < odd / 20) return "utf-16le";
  return even > many && odd < even / 20 ? "utf-16be" : null;
}

function narrowEncoding(head: Buffer): Encoding {
  // The last character may go on behind the head.
  const isUnicode = [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut)));
  const likely = !isUnicode || isEscaped(head) ? likelyEncodings(head) : [];
  if (isUnicode && likely.length === 0) return "utf-8";
  const { wide, broken, line } = sequencesIn(head);
  if (likely.length > 0) {
    throw new FileRefused(
      "WRONG_ENCODING",
      isUnicode ? null : line,
      `the file looks like neither UTF-8 nor Windows-1252; save it as UTF-8, or say its encoding: ${likely.map((one) => `encoding=${one}`).join(" or ")}.`,
    );
  }
  if (wide > 0 && broken > 0) {
    throw new FileRefused(
      "WRONG_ENCODING",
      line,
      "the file mixes UTF-8 with another encoding; save it in one, or say which it is (encoding=windows-1252).",
    );
  }
  return "windows-1252";
}

/** How many characters of several bytes stand there in UTF-8, how many bytes above 127 belong to none, and the line of the first of these. */
function sequencesIn(head: Buffer): { wide: number; broken: number; line: number } {
  const text = new TextDecoder("utf-8").decode(head);
  const first = text.indexOf("\ufffd");
  // The last one may only be cut off.
  const broken = text.slice(0, -1).split("\ufffd").length - 1;
  return {
    wide: text.replace(/[^\u0080-\ufffc]+/g, "").length,
    broken,
    line: linesIn(text.slice(0, first)) + 1,
  };
}

/** How many line breaks a text has: CRLF, LF, or CR where there is no LF. */
export function linesIn(text: string): number {
  return countOf(text, "\n") || countOf(text, "\r");
}

function countOf(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) count += 1;
  return count;
}

/** The format of a text, as told, else by its first character. */
export function formatOf(text: string, { format }: FileOptions): Format {
  if (format !== undefined) return format;
  const first = text.trimStart().charAt(0);
  if (first === "[") return "json";
  return first === "{" ? "ndjson" : "csv";
}
