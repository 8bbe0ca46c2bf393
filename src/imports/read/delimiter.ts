import { delimiters, type Delimiter } from "./types.ts";

/** How often each delimiter stands outside of quotes in one line. */
type Counts = Map<Delimiter, number>;

const isDelimiter = (text: string): text is Delimiter =>
  delimiters.some((delimiter) => delimiter === text);

/** Excel's first line that names the delimiter: `sep=;`. */
const named = /^"?sep=(.)"?(?:\r\n|\n|\r)/i;

/** The delimiter that a file names in its first line, and the characters of that line. */
export function namedDelimiter(head: string): { delimiter: Delimiter; length: number } | null {
  const [line = "", delimiter = ""] = named.exec(head) ?? [];
  return isDelimiter(delimiter) ? { delimiter, length: line.length } : null;
}

/**
 * The delimiter of a table: of those that stand in its first line, the one that most lines have as often as that;
 * among equals the more frequent one. A comma for a table of one column.
 */
export function delimiterOf(head: string, isWhole: boolean): Delimiter {
  const lines = countsOf(head, isWhole);
  const [first] = lines;
  let best: { delimiter: Delimiter; alike: number; count: number } | null = null;
  for (const delimiter of delimiters) {
    const count = first?.get(delimiter) ?? 0;
    if (count === 0) continue;
    const alike = lines.filter((line) => line.get(delimiter) === count).length;
    if (best === null || alike > best.alike || (alike === best.alike && count > best.count)) {
      best = { delimiter, alike, count };
    }
  }
  return best?.delimiter ?? ",";
}

/** The counts of each line that says something; of a cut text without the last one. */
function countsOf(text: string, isWhole: boolean): Counts[] {
  const lines: Counts[] = [];
  let line: Counts = new Map();
  let isQuoted = false;
  let isStart = true;
  let isBlank = true;
  for (const character of text) {
    if (isQuoted) {
      if (character === '"') isQuoted = false;
      continue;
    }
    if (character === "\n" || character === "\r") {
      if (!isBlank) lines.push(line);
      line = new Map();
      isStart = true;
      isBlank = true;
      continue;
    }
    isBlank = false;
    if (character === '"' && isStart) isQuoted = true;
    // A doubled quote inside of quotes ends and begins them again.
    isStart = character === '"' || isDelimiter(character);
    if (isDelimiter(character)) line.set(character, (line.get(character) ?? 0) + 1);
  }
  if (!isBlank && (isWhole || lines.length === 0)) lines.push(line);
  return lines;
}
