import { formula } from "../../lib/formula.ts";
import { ownCell, strayCells, type FileRow } from "./types.ts";

/** A row that was not imported, and why. */
export type RefusedRow = {
  readonly row: FileRow;
  readonly errors: readonly { readonly column: string | null; readonly message: string }[];
};

/** The columns that are put in front of a file's own. When it is sent again they are left out. */
export const errorColumns = ["import_row", "import_column", "import_error"] as const;

/** The first line of the CSV of refused rows, with the file's own columns. */
export const refusedHeader = (header: readonly string[]): string =>
  lineOf([...errorColumns, ...header]);

/** A refused row as a line of that CSV: its number, column and message, and its own cells. */
export function refusedLine(header: readonly string[], { row, errors }: RefusedRow): string {
  const stray = ownCell(row, strayCells);
  const columns = [...new Set(errors.flatMap(({ column }) => column ?? []))];
  return lineOf([
    String(row.number),
    columns.join("; "),
    errors.map(({ message }) => message.replace(/[^.!?]$/, "$&.")).join(" "),
    ...header.map((column) => cellText(ownCell(row, column))),
    ...(Array.isArray(stray) ? stray.map(cellText) : []),
  ]);
}

const cellText = (cell: unknown): string => {
  if (cell === undefined || cell === null) return "";
  return typeof cell === "string" ? cell : JSON.stringify(cell);
};

const lineOf = (texts: readonly string[]): string =>
  `${texts.map((text) => quoted(formula.test(text) ? `'${text}` : text)).join(",")}\r\n`;

const quoted = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
