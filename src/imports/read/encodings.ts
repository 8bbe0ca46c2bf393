import { encodings, type Encoding } from "./types.ts";

/** The encoding with a label of the WHATWG Encoding Standard: `latin1` is windows-1252, `sjis` shift_jis. Null if it is none. */
export function encodingNamed(label: string): Encoding | null {
  try {
    const name = new TextDecoder(label).encoding;
    return encodings.find((one) => one === name) ?? null;
  } catch {
    return null;
  }
}

const isUnicode = (encoding: Encoding): boolean => encoding.startsWith("utf-");

/** Bytes that an encoding does not have come as controls or private characters from some decoders. */
const undefinedBytes = /[\u0080-\u009f\ue000-\uf8ff\ufffd]/;
/** In Shift_JIS, these controls come in place of each other. */
const swapped = ["\u001a", "\u001c", "\u007f"];

/** Where a character stands that the decoder made of a byte that the encoding does not have; -1 if there is none. */
export function strayIn(text: string, encoding: Encoding): number {
  if (isUnicode(encoding)) return -1;
  const controls = encoding === "shift_jis" ? swapped.map((one) => text.indexOf(one)) : [];
  return [text.search(undefinedBytes), ...controls].find((place) => place !== -1) ?? -1;
}

/** What a file is looked at for that cannot be Windows-1252. Others are told apart by people only. */
const candidates: readonly Encoding[] = [
  ...(["shift_jis", "euc-jp", "gb18030", "big5", "euc-kr", "windows-1251", "koi8-r"] as const),
  ...(["windows-1253", "windows-1255", "windows-1256", "windows-874"] as const),
];

/** Begins Japanese in ISO-2022-JP, all of whose bytes are ASCII. */
const kanjiEscape = Buffer.from("\u001b$B");
export const isEscaped = (head: Buffer): boolean => head.includes(kanjiEscape);

/** Encodings in which the beginning of a text that is not Western is words: of ten characters beyond ASCII nine are letters. */
export function likelyEncodings(head: Buffer): Encoding[] {
  if (isEscaped(head)) return ["iso-2022-jp"];
  if (!isUnlikeWestern(head)) return [];
  // The last line may be cut inside of a character.
  const end = head.lastIndexOf("\n");
  const lines = end <= 0 ? head : head.subarray(0, end);
  const likely = candidates.filter((encoding) => {
    let text: string;
    try {
      text = new TextDecoder(encoding, { fatal: true }).decode(lines);
    } catch {
      return false;
    }
    const wide = text.replace(/[\0-\x7f]+/g, "");
    return (
      strayIn(text, encoding) === -1 && wide.replace(/\P{L}+/gu, "").length > wide.length * 0.9
    );
  });
  // It may be Western all the same: a list of letters, ÄÖÜ.
  const western = new TextDecoder("windows-1252").decode(lines);
  const isWestern = likely.length > 0 && strayIn(western, "windows-1252") === -1;
  return isWestern ? [...likely, "windows-1252"] : likely;
}

/** The least bytes in rows of three and more that tell of another script. */
const fewest = 6;

/** Whether bytes are unlike Western text, in which letters with accents stand alone or in twos, and five bytes stand for nothing. */
function isUnlikeWestern(head: Buffer): boolean {
  let [all, inRuns, run] = [0, 0, 0];
  for (const byte of head) {
    run = byte < 0x80 ? 0 : run + 1;
    if (run > 0) all += 1;
    if (run >= 3) inRuns += run === 3 ? 3 : 1;
  }
  const isOther = inRuns >= fewest && inRuns > all / 2;
  return isOther || [0x81, 0x8d, 0x8f, 0x90, 0x9d].some((byte) => head.includes(byte));
}
