import type { ShownColumn } from "../modules/import/columns.ts";
import { columns as aligned } from "./columns.ts";
import { logToErrors } from "./open.ts";

/** Says what a file is, and where each column goes. */
export function tellMapping(found: {
  readonly rows: number;
  readonly format: string | null;
  readonly encoding: string | null;
  readonly delimiter: string | null;
  readonly columns: readonly ShownColumn[];
}): void {
  const { rows, format, encoding, delimiter, columns } = found;
  const written = [format, encoding, delimiter === null ? null : JSON.stringify(delimiter)];
  const counted = rows === 1 ? "1 row" : `${rows.toLocaleString("en-US")} rows`;
  logToErrors(`${counted} (${written.filter(Boolean).join(", ")})`);
  logToErrors(aligned(["COLUMN", "FIELD", ""], columns.map(lineOf)));
}

function lineOf({ column, field, guessed, note }: ShownColumn): string[] {
  const origin = guessed ? "guessed" : "given";
  // A file's names do not speak to the terminal.
  return [column.replace(/\p{Cc}/gu, "�"), field ?? "-", note ?? (field === null ? "" : origin)];
}

/** Why an import does not begin: columns of its file have no field. */
export function strayColumns(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`).join(", ");
  return `No field was found for ${quoted}: name one with --map, or add --unmapped ignore or --unmapped custom_fields.`;
}

/** Says that an import was ended before its last row. */
export function tellCancelled(rowsDone: number): void {
  const count = rowsDone.toLocaleString("en-US");
  logToErrors(
    rowsDone === 0
      ? "Cancelled. Nothing was written."
      : `Cancelled after ${count} rows. The records that were written stay.`,
  );
}

/** Says where the refused rows are. */
export function tellRefusedFile(path: string): void {
  logToErrors(`The refused rows are in ${path}. Correct them and import that file.`);
}

/** Says what became of the rows, on standard output, and why on standard error. */
export function tellSummary(done: {
  readonly rows: number;
  readonly rowsDone: number;
  readonly rowsCreated: number;
  readonly rowsUpdated: number;
  readonly rowsUnchanged: number;
  readonly rowsRefused: number;
  /** `done`, `failed` … */
  readonly what: string;
  readonly reason: string | null;
}): void {
  const count = (number: number): string => number.toLocaleString("en-US");
  const parts = [
    `${count(done.rowsCreated)} created`,
    `${count(done.rowsUpdated)} updated`,
    `${count(done.rowsUnchanged)} unchanged`,
    `${count(done.rowsRefused)} refused`,
  ];
  process.stdout.write(
    `${count(done.rowsDone)} of ${count(done.rows)} rows ${done.what}: ${parts.join(", ")}\n`,
  );
  if (done.reason !== null) logToErrors(done.reason);
}
