import { excessOf, isRecord } from "../../lib/json.ts";
import { endOfText, parseJson } from "../../lib/exact-number.ts";
import { isStorable, shortened } from "../../lib/text.ts";
import { maxRowBytes } from "./csv.ts";
import { checkColumns } from "./header.ts";
import { FileRefused, type FileRow } from "./types.ts";

/** The text of a value, its place as a row, and the line that it begins in. */
type Piece = { readonly text: string; readonly number: number; readonly line: number };

/** What an object of a file may hold: more is no row of a table. */
const most = { levels: 30, objects: 10_000 };

const refused = (line: number, message: string) => new FileRefused("BAD_JSON", line, message);
const tooLong = (line: number) =>
  new FileRefused(
    "ROW_TOO_LONG",
    line,
    "the record that begins here has more than 2 MB; look for a bracket or a quotation mark that is not closed, or shorten its values.",
  );

/**
 * The rows of JSON Lines or of a JSON list of objects; keys are put into `header` as they come. Of an export of ours
 * (`{"type": …, "record": …}`, and a last line that counts the rows) the records of one type are read, and a file that
 * was cut is refused.
 */
export async function* jsonRows(
  pieces: AsyncIterable<Piece>,
  type: string | undefined,
  header: string[],
): AsyncGenerator<FileRow> {
  const known = new Set<string>();
  let all = 0;
  let end: number | null = null;
  let isWhole = false;
  for await (const { text, number, line } of pieces) {
    const said = objectIn(text, line);
    if (isRecord(said["_start"])) {
      isWhole = true;
      continue;
    }
    if (isRecord(said["_end"])) {
      end = Number(said["_end"]["rows"]);
      continue;
    }
    all += 1;
    const isTyped = Object.keys(said).length === 2 && isRecord(said["record"]);
    if (isTyped && type !== undefined && said["type"] !== type) continue;
    const cells = isTyped && isRecord(said["record"]) ? said["record"] : said;
    for (const key of Object.keys(cells)) {
      if (known.has(key)) continue;
      if (key.trim() === "" || key === "__proto__") {
        throw refused(line, `no column can be called "${key}"; rename it.`);
      }
      checkColumns(known.add(key).size, line);
      header.push(key);
    }
    yield { number, cells };
  }
  if ((isWhole && end === null) || (end !== null && end !== all)) {
    throw new FileRefused(
      "CUT_FILE",
      null,
      `the export ${end === null ? "has no end" : `says that it has ${end} rows, and there are ${all}`}; it was cut. Export it again.`,
    );
  }
}

function objectIn(text: string, line: number): Readonly<Record<string, unknown>> {
  const excess = excessOf(text, most);
  if (excess !== null) {
    throw refused(
      line,
      excess === "levels"
        ? `the record is nested more than ${most.levels} levels deep; flatten it.`
        : `the record holds more than ${most.objects} objects; make them records.`,
    );
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    const why = error instanceof Error ? shortened(error.message, 200) : "";
    throw refused(
      line,
      `this is not JSON (${why}); write one object a line, or a list of objects.`,
    );
  }
  if (!isRecord(value))
    throw refused(line, 'a record must be an object, such as {"name": "Acme"}.');
  if (text.includes("\\u") && !isText(value)) {
    throw new FileRefused(
      "NUL_CHARACTER",
      line,
      "there is a NUL character (\\u0000) or half of a character (\\ud800), which no text has; remove it.",
    );
  }
  const twice = keyTwice(text);
  if (twice !== null) {
    throw refused(
      line,
      `the key "${shortened(twice, 80)}" stands twice in one object; remove one.`,
    );
  }
  return value;
}

/** Whether all texts and keys of a value can be stored. */
const isText = (value: unknown): boolean =>
  typeof value === "string"
    ? isStorable(value)
    : typeof value !== "object" ||
      value === null ||
      Object.entries(value).every(([key, item]) => isStorable(key) && isText(item));

/** A key that an object of a valid JSON text has twice: JSON.parse would drop the first. */
function keyTwice(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  let mayBeKey = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '"') {
      const end = endOfText(text, index);
      const keys = open.at(-1) ?? null;
      if (mayBeKey && keys !== null) {
        const key = String(JSON.parse(text.slice(index, end + 1)));
        if (keys.size === keys.add(key).size) return key;
      }
      mayBeKey = false;
      index = end;
    } else if (character === "{" || character === "[") {
      open.push(character === "{" ? new Set() : null);
      mayBeKey = true;
    } else if (character === "}" || character === "]") open.pop();
    else if (character === ",") mayBeKey = true;
  }
  return null;
}

/** The lines of a text that say something. */
export async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<Piece> {
  // The line that it is in, so far: joined at its end, so that each part is looked at once.
  let parts: string[] = [];
  let length = 0;
  let line = 1;
  const add = (part: string): void => {
    parts.push(part);
    length += part.length;
    if (length > maxRowBytes) throw tooLong(line);
  };
  for await (const part of text) {
    const pieces = part.split("\n");
    for (const [index, piece] of pieces.entries()) {
      add(piece);
      if (index === pieces.length - 1) break;
      const whole = parts.join("");
      if (whole.trim() !== "") yield { text: whole, number: line, line };
      [parts, length] = [[], 0];
      line += 1;
    }
  }
  const last = parts.join("");
  if (last.trim() !== "") yield { text: last, number: line, line };
}

/** The values of a JSON list, each as its text: only one of them is held. */
export async function* itemsOf(text: AsyncIterable<string>): AsyncGenerator<Piece> {
  const list = new List();
  for await (const part of text) yield* list.read(part);
  list.end();
}

/** Where a list is: before it, before a value, in one, behind one, or behind the list. */
type Place = "start" | "first" | "value" | "inside" | "behind" | "end";

/** A JSON list that comes in parts. */
class List {
  #place: Place = "start";
  #line = 1;
  #number = 0;
  /** Of the value that it is in: its text so far, its line, how deep it is, and whether in a text. */
  #item: string[] = [];
  #length = 0;
  #itemLine = 1;
  #depth = 0;
  #quoted: "no" | "yes" | "escaped" = "no";

  /** @throws FileRefused BAD_JSON or ROW_TOO_LONG */
  *read(part: string): Generator<Piece> {
    let from = 0;
    for (let index = 0; index < part.length; index += 1) {
      const character = part.charAt(index);
      if (character === "\n") this.#line += 1;
      if (this.#place !== "inside") {
        this.#step(character);
        from = index;
      } else if (this.#closes(character)) {
        this.#number += 1;
        const item = [...this.#item, part.slice(from, index + 1)].join("");
        yield { text: item, number: this.#number, line: this.#itemLine };
        this.#item = [];
        this.#length = 0;
        this.#place = "behind";
      }
    }
    if (this.#place !== "inside") return;
    this.#item.push(part.slice(from));
    this.#length += part.length - from;
    if (this.#length > maxRowBytes) throw tooLong(this.#itemLine);
  }

  end(): void {
    if (this.#place === "end") return;
    throw refused(this.#line, "the list is not closed; the file was cut, or a bracket is missing.");
  }

  /** Whether the character ends the value. */
  #closes(character: string): boolean {
    if (this.#quoted === "escaped") this.#quoted = "yes";
    else if (this.#quoted === "yes") {
      if (character === "\\") this.#quoted = "escaped";
      else if (character === '"') this.#quoted = "no";
    } else if (character === '"') this.#quoted = "yes";
    else if (character === "{" || character === "[") this.#depth += 1;
    else if (character === "}" || character === "]") this.#depth -= 1;
    return this.#depth === 0;
  }

  /** Takes a character outside of values. */
  #step(character: string): void {
    const isFirst = this.#place === "first";
    if (/\s/.test(character)) return;
    if (this.#place === "start" && character === "[") this.#place = "first";
    else if (this.#place === "behind" && character === ",") this.#place = "value";
    else if ((this.#place === "behind" || isFirst) && character === "]") this.#place = "end";
    else if ((this.#place === "value" || isFirst) && character === "{") {
      this.#place = "inside";
      this.#depth = 1;
      this.#itemLine = this.#line;
    } else {
      throw refused(
        this.#line,
        `"${character}" is not expected here; send a list of objects: [{…}, {…}].`,
      );
    }
  }
}
