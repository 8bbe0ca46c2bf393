import { setImmediate as turnOfOthers } from "node:timers/promises";
import { strayIn } from "./encodings.ts";
import { linesIn } from "./head.ts";
import { FileRefused, type Encoding } from "./types.ts";

/** Pieces of a text are no longer than this: little is held of a file without line breaks, and others wait for one at most. */
const pieceBytes = 16 * 1024;

/**
 * The text of a file, in pieces. No byte is replaced by another character: what cannot be read ends it.
 *
 * @throws FileRefused WRONG_ENCODING or NUL_CHARACTER with the line
 */
export async function* decoded(
  bytes: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  mark: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  // Goes along for the lines of errors: a piece may begin in the middle of a character.
  const lenient = new TextDecoder(encoding, { ignoreBOM: true });
  let skip = mark;
  let line = 1;
  const read = (piece: Uint8Array | undefined): string => {
    const stream = piece !== undefined;
    const shown = lenient.decode(piece, { stream });
    let text: string;
    try {
      text = decoder.decode(piece, { stream });
    } catch {
      throw wrongEncoding(encoding, line + linesIn(shown.slice(0, shown.indexOf("\ufffd"))));
    }
    const nul = text.indexOf("\0");
    if (nul !== -1) {
      throw new FileRefused(
        "NUL_CHARACTER",
        line + linesIn(text.slice(0, nul)),
        "there is a NUL character, which no text has; send the file as it was exported, or remove it.",
      );
    }
    const stray = strayIn(text, encoding);
    if (stray !== -1) throw wrongEncoding(encoding, line + linesIn(text.slice(0, stray)));
    line += linesIn(text);
    return text;
  };
  for await (const chunk of bytes) {
    const from = Math.min(skip, chunk.length);
    skip -= from;
    for (let at = from; at < chunk.length; at += pieceBytes) {
      const text = read(chunk.subarray(at, at + pieceBytes));
      if (text !== "") yield text;
      await turnOfOthers();
    }
  }
  const last = read(undefined);
  if (last !== "") yield last;
}

function wrongEncoding(encoding: Encoding, line: number): FileRefused {
  const others = encoding === "utf-8" ? "windows-1252, utf-16le" : "utf-8, utf-16le";
  return new FileRefused(
    "WRONG_ENCODING",
    line,
    `there is a character that is not ${encoding}; save the file as UTF-8, or say its encoding (encoding=${others}, shift_jis …).`,
  );
}
