import type { Values } from "../model/record.ts";
import { idComplaint, readId } from "../lib/id.ts";
import type { Entity } from "../model/entity.ts";
import type { WriteContext } from "./context.ts";
import type { WriteResult } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { parseInput, type ParsedInput } from "./input.ts";
import { withNumbers } from "./numbers.ts";
import { invalid, type Problem } from "./problem.ts";
import { deleteIn, restoreIn, type RemovalRow } from "./remove.ts";
import type { OnError } from "./rules/judge.ts";
import { createIn, updateIn, type Outcome } from "./save.ts";
import { refusedIn, RefusedRows } from "./refused.ts";
import { writeRows } from "./write-rows.ts";
import type { WriteUnit } from "./unit.ts";

/** A change of one record: its id as the caller sent it, and the input. */
export type UpdateRow = { readonly id: string; readonly input: Values };
/** A record to delete or restore, with the version that the caller read. */
export type RemoveRow = { readonly id: string; readonly version?: number | null | undefined };

/** Creates records. One result for each input, in order; with `abort` all of them or none. */
export function createRecords(
  context: WriteContext,
  writes: EntityWrites,
  inputs: readonly Values[],
  onError: OnError = "abort",
): Promise<WriteResult[]> {
  const read = inputs.map((input) => parseInput(writes.inputs.create, input));
  let parsed: readonly ParsedInput[] = read;
  const work = async (unit: WriteUnit) => {
    const drafts = await createIn(unit, writes, parsed, onError);
    return drafts.map(({ id, problems }) => ({ id, problems }));
  };
  return writeRows(context, writes.entity.name, inputs.length, work, async () => {
    parsed = await withNumbers(context, writes, read);
  });
}

/** Changes records: only what is sent changes. One result for each row, in order. */
export function updateRecords(
  context: WriteContext,
  writes: EntityWrites,
  rows: readonly UpdateRow[],
  onError: OnError = "abort",
): Promise<WriteResult[]> {
  const parsed = rows.map(({ id, input }) => ({
    id,
    input: parseInput(writes.inputs.update, input),
  }));
  return changeRecords(context, writes, parsed, onError);
}

/** The same with inputs that are read. */
export function changeRecords(
  context: WriteContext,
  writes: EntityWrites,
  rows: readonly { readonly id: string; readonly input: ParsedInput }[],
  onError: OnError = "abort",
): Promise<WriteResult[]> {
  return writeRows(context, writes.entity.name, rows.length, (unit) =>
    withIds(
      writes.entity,
      rows,
      onError,
      (known) =>
        updateIn(
          unit,
          writes,
          known.map(({ row, ...rest }) => ({ ...rest, input: row.input })),
          onError,
        ),
      ({ input }) => input.problems,
    ),
  );
}

/** Soft-deletes records with what they contain. */
export function deleteRecords(
  context: WriteContext,
  writes: EntityWrites,
  rows: readonly RemoveRow[],
  onError: OnError = "abort",
): Promise<WriteResult[]> {
  return removeRecords(context, writes, rows, onError, deleteIn);
}

/** Brings deleted records back, with what their deletion took along. */
export function restoreRecords(
  context: WriteContext,
  writes: EntityWrites,
  rows: readonly RemoveRow[],
  onError: OnError = "abort",
): Promise<WriteResult[]> {
  return removeRecords(context, writes, rows, onError, restoreIn);
}

function removeRecords(
  context: WriteContext,
  writes: EntityWrites,
  rows: readonly RemoveRow[],
  onError: OnError,
  remove: typeof deleteIn,
): Promise<WriteResult[]> {
  return writeRows(context, writes.entity.name, rows.length, (unit) =>
    withIds(writes.entity, rows, onError, (known) =>
      remove(
        unit,
        writes,
        known.map(({ row, index, id }): RemovalRow => ({
          index,
          id,
          version: row.version ?? null,
        })),
        onError,
      ),
    ),
  );
}

type Known<Row> = { readonly index: number; readonly id: string; readonly row: Row };

/** Goes on with the rows whose ids can be read; the others are problems of their rows. */
async function withIds<Row extends { readonly id: string }>(
  entity: Entity,
  rows: readonly Row[],
  onError: OnError,
  work: (known: readonly Known<Row>[]) => Promise<Outcome[]>,
  otherProblems: (row: Row) => readonly Problem[] = () => [],
): Promise<WriteResult[]> {
  const problems = new Map<number, Problem[]>();
  const known = rows.flatMap((row, index) => {
    const id = readId(entity.prefix, row.id);
    if (id !== null) return [{ index, id, row }];
    const complaint =
      row.id === "" ? "is needed: which record is meant." : idComplaint(entity.prefix, row.id);
    problems.set(index, [invalid(["id"], complaint), ...otherProblems(row)]);
    return [];
  });
  if (problems.size > 0 && onError === "abort") {
    throw new RefusedRows([...problems, ...(await refusedIn(() => work(known)))], []);
  }
  const done = new Map((await work(known)).map((result, place) => [known[place]?.index, result]));
  return rows.map(
    (_, index) => done.get(index) ?? { id: null, problems: problems.get(index) ?? [] },
  );
}
