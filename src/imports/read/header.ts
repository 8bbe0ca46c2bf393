import { shortened } from "../../lib/text.ts";
import { FileRefused } from "./types.ts";

/** The most columns of a file. */
export const maxColumns = 1_000;
const maxNameLength = 255;

/** Refuses more columns than a file may have. */
export function checkColumns(count: number, line: number): void {
  if (count <= maxColumns) return;
  throw new FileRefused(
    "TOO_MANY_COLUMNS",
    line,
    `there are ${count.toLocaleString("en")} columns, and at most ${maxColumns.toLocaleString("en")} can be read; delete those that are not imported, or check the delimiter.`,
  );
}

const refused = (line: number, message: string) => new FileRefused("BAD_HEADER", line, message);

/**
 * The names of columns from a file's first row: trimmed, the second `Phone` as `Phone (2)`, "" for a column without a
 * name. A row of data is refused: without names nothing can be imported.
 */
export function readHeader(cells: readonly string[], line: number): string[] {
  checkColumns(cells.length, line);
  const taken = new Set<string>();
  const names = cells.map((cell, index) => {
    const name = cell.trim().normalize("NFC");
    if (name === "") return "";
    if (name.length > maxNameLength) {
      throw refused(
        line,
        `the name of column ${index + 1} has more than ${maxNameLength} characters; shorten it, or check the quotes and the delimiter.`,
      );
    }
    if (name === "__proto__") throw refused(line, `no column can be called ${name}; rename it.`);
    let unique = name;
    for (let count = 2; taken.has(unique); count += 1) unique = `${name} (${count})`;
    taken.add(unique);
    return unique;
  });
  const value = names.find((name) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(name));
  const isData =
    value !== undefined || names.every((name) => name === "" || /^[-+\d.,:/]+$/.test(name));
  if (isData) {
    const shown = shortened(value ?? names.find((name) => name !== "") ?? "", 80);
    throw refused(
      line,
      `the first row must name the columns, and it holds "${shown}"; put a row of names on top.`,
    );
  }
  return names;
}
