import { setImmediate as others } from "node:timers/promises";
import { sentenceOf, type Complaint } from "../../lib/messages.ts";
import { readRow } from "../read/read-row.ts";
import type { FileRow, Imported, Manner, Mapping, RowReference } from "../read/types.ts";
import { unpackRows } from "./chunk-body.ts";

/** One error of a row, as users see it. */
export type RowError = {
  /** As the file names it; null where no column is to blame. */
  readonly column: string | null;
  /** By its REST name. */
  readonly field: string | null;
  readonly code: string;
  readonly message: string;
};

/** A chunk as it is staged. */
export type StagedChunk = {
  readonly place: number;
  readonly body: Uint8Array;
  /** How many of its rows are written already. */
  readonly rowsDone: number;
  /** Rows that say the key of an earlier one: number → number of the first. */
  readonly doubles: Readonly<Record<string, number>>;
};

/** A row of a file on its way to the write engine. */
export type PreparedRow = {
  readonly row: FileRow;
  readonly input: Record<string, unknown>;
  readonly references: readonly RowReference[];
  readonly errors: RowError[];
};

/** What is said of a column by a name that the file's maker knows. */
export const errorOf = (
  column: string | null,
  field: string | null,
  complaint: Complaint,
  code = "BAD_USER_INPUT",
): RowError => ({
  column,
  field,
  code,
  message: sentenceOf(
    [column ?? field ?? ""].filter((name) => name !== ""),
    complaint,
  ),
});

/** Rows that are read in one go, before others have their turn. */
const rowsAtOnce = 100;

/** Reads the cells of a chunk; nothing is looked up. */
export async function prepareRows(
  { body, doubles }: StagedChunk,
  {
    imported,
    mapping,
    manner,
    key,
  }: {
    readonly imported: Imported;
    readonly mapping: Mapping;
    readonly manner: Manner;
    readonly key: string | null;
  },
): Promise<PreparedRow[]> {
  const prepared: PreparedRow[] = [];
  const keyColumn = columnOf(mapping, key);
  for (const row of await unpackRows(body)) {
    if (prepared.length % rowsAtOnce === rowsAtOnce - 1) await others();
    const { input, references, complaints } = readRow(imported, mapping, manner, row);
    const errors = complaints.map(({ column, field, complaint }) =>
      errorOf(column, field, complaint),
    );
    const first = doubles[row.number];
    if (first !== undefined) {
      const text = `is the same as in row ${first} of the file; keep one of the two rows.`;
      errors.push(errorOf(keyColumn, key, { complaint: "text", text }, "DUPLICATE"));
    }
    prepared.push({ row, input: { ...input }, references, errors });
  }
  return prepared;
}

/** The column that fills a field of the input; null if none does. */
export function columnOf({ columns }: Mapping, field: string | null): string | null {
  const filling = columns.find(
    ({ target }) =>
      target !== null &&
      (("field" in target && target.field === field) ||
        ("reference" in target && target.reference === field) ||
        ("address" in target && target.address === field)),
  );
  return filling?.column ?? null;
}
