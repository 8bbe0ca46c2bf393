import pg from "pg";
import { scopeFor } from "../auth/permissions.ts";
import { requireScopes } from "../auth/require-scopes.ts";
import { badInput } from "../lib/errors.ts";
import { idComplaint, readId } from "../lib/id.ts";
import type { Entity } from "../model/entity.ts";
import type { WriteContext } from "./context.ts";
import type { WriteResult } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { parseInput, restName, type ParsedInput, type Values } from "./input.ts";
import { drawNumbers } from "./numbers.ts";
import { invalid, type Problem } from "./problem.ts";
import { deleteIn, restoreIn, type RemovalRow } from "./remove.ts";
import { Raced, runWrite } from "./run.ts";
import type { OnError } from "./rules/judge.ts";
import { createIn, RefusedRows, updateIn } from "./save.ts";
import type { WriteUnit } from "./unit.ts";

/** The most rows of a call. */
export const maxRows = 1_000;

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
    try {
      const drafts = await createIn(unit, writes, parsed, onError);
      checkDrawn(writes, read, (index) => drafts[index]?.problems);
      return drafts.map(({ id, problems }) => ({ id, problems }));
    } catch (error) {
      if (error instanceof RefusedRows) {
        checkDrawn(writes, read, (index) => error.problems.get(index));
      }
      throw error;
    }
  };
  return writeRows(context, writes.entity.name, inputs.length, work, async () => {
    parsed = await withNumbers(context, writes, read);
  });
}

/** A number that was free when it was drawn, and that somebody gave by hand before it was written: draw again. */
function checkDrawn(
  { numbered }: EntityWrites,
  inputs: readonly ParsedInput[],
  problemsAt: (index: number) => readonly Problem[] | undefined,
): void {
  if (numbered === undefined) return;
  const isTaken = ({ code, path }: Problem) =>
    code === "DUPLICATE" && path[0] === restName(numbered.field);
  for (const [index, { values }] of inputs.entries()) {
    if (values[numbered.field] == null && problemsAt(index)?.some(isTaken) === true) {
      throw new Raced();
    }
  }
}

/** Gives a number to every input that brings none. */
async function withNumbers(
  context: WriteContext,
  writes: EntityWrites,
  inputs: readonly ParsedInput[],
): Promise<readonly ParsedInput[]> {
  const { numbered } = writes;
  if (numbered === undefined) return inputs;
  const { field } = numbered;
  const unnumbered = inputs.filter(({ values }) => values[field] == null);
  if (unnumbered.length === 0) return inputs;
  const given = new Set(inputs.map(({ values }) => values[field]));
  const numbers = await drawNumbers(context, writes, unnumbered.length, given);
  return inputs.map((input) =>
    input.values[field] == null
      ? { ...input, values: { ...input.values, [field]: numbers.shift() ?? null } }
      : input,
  );
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
  return writeRows(context, writes.entity.name, rows.length, (unit) =>
    withIds(
      writes.entity,
      parsed,
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
  work: (
    known: readonly Known<Row>[],
  ) => Promise<{ readonly id: string; readonly problems: readonly Problem[] }[]>,
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

/** What is wrong with each row, when that is why nothing was written. */
export function problemsOf(error: unknown): ReadonlyMap<number, readonly Problem[]> | null {
  if (error instanceof RefusedRows) return error.problems;
  // A rule that only the database knew, or a value that its type cannot hold; the rules above should have told more.
  // 54000: a text that an index has no room for, after all.
  if (error instanceof pg.DatabaseError && /^(2[23]|54000)/.test(error.code ?? "")) {
    const message = "A value of this call breaks a rule of the database; nothing was written.";
    return new Map([[0, [invalid([], message)]]]);
  }
  return null;
}

/** What is wrong with rows of a call that fails anyway: the transaction ends without them. */
async function refusedIn(
  work: () => Promise<unknown>,
): Promise<ReadonlyMap<number, readonly Problem[]>> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RefusedRows) return error.problems;
    throw error;
  }
  return new Map();
}

/** A caller without the scope is refused before anything is read. */
function checkCall({ actor }: WriteContext, resource: string, count: number): void {
  requireScopes(actor, [scopeFor("write", resource)]);
  if (count <= maxRows) return;
  throw badInput(["inputs"], `at most ${maxRows.toLocaleString("en")} at a time.`);
}

/** One transaction over the rows of a call, which writes that resource (src/auth/permissions.ts); a refusal becomes the problems of each row. */
export async function writeRows(
  context: WriteContext,
  resource: string,
  count: number,
  work: (unit: WriteUnit) => Promise<WriteResult[]>,
  beforeAttempt?: () => Promise<void>,
): Promise<WriteResult[]> {
  checkCall(context, resource, count);
  const refused = (error: unknown): WriteResult[] | null => {
    const problems = problemsOf(error);
    if (problems === null) return null;
    return Array.from({ length: count }, (_, index) => ({
      id: null,
      problems: problems.get(index) ?? [],
    }));
  };
  const results = await runWrite(context, { work, refused, beforeAttempt });
  return results.map((result) => (result.problems.length > 0 ? { ...result, id: null } : result));
}

/** What became of a call's only row. */
export function only([result]: readonly WriteResult[]): WriteResult {
  if (result === undefined) throw new Error("a call has a result for each of its rows");
  return result;
}
