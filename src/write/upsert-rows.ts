import type { Values } from "../model/record.ts";
import type { Entity } from "../model/entity.ts";
import type { WriteResult } from "./draft.ts";
import type { EntityWrites } from "./entity-writes.ts";
import { restName } from "./input.ts";
import { recordOf, type Problem } from "./problem.ts";
import { RefusedRows } from "./refused.ts";
import { restoreIn } from "./remove.ts";
import type { OnError } from "./rules/judge.ts";
import { Raced } from "./run.ts";
import { createIn, updateIn, type Outcome } from "./save.ts";
import type { WriteUnit } from "./unit.ts";
import type { FoundRow } from "./upsert.ts";

type Found = FoundRow & { readonly id: string };

/**
 * Writes what was found: brings back, changes and creates, in this order, so that new records can have what changed
 * ones give up.
 */
export async function writeFound(
  unit: WriteUnit,
  writes: EntityWrites,
  {
    rows,
    refused,
    count,
  }: {
    readonly rows: readonly FoundRow[];
    readonly refused: ReadonlyMap<number, readonly Problem[]>;
    readonly count: number;
  },
  onError: OnError,
): Promise<WriteResult[]> {
  const problems = new Map(refused);
  const ids = new Map<number, string>();
  const unchanged = new Set<number>();
  /** With `abort`, the steps behind one that is refused still tell what is wrong. */
  const step = async (
    wanted: readonly FoundRow[],
    work: (open: readonly FoundRow[]) => Promise<readonly Outcome[]>,
  ): Promise<void> => {
    const open = wanted.filter(({ index }) => !problems.has(index));
    if (open.length === 0) return;
    try {
      for (const [place, outcome] of (await work(open)).entries()) {
        const index = open[place]?.index ?? 0;
        ids.set(index, outcome.id);
        if (outcome.unchanged === true && open[place]?.isDeleted === false) unchanged.add(index);
        if (outcome.problems.length > 0) problems.set(index, outcome.problems);
      }
    } catch (error) {
      if (!(error instanceof RefusedRows)) throw error;
      for (const [index, said] of error.problems) if (said.length > 0) problems.set(index, said);
    }
  };
  const found = rows.filter((row): row is Found => row.id !== null);
  const byIndex = new Map(found.map((row) => [row.index, row]));
  const known = (open: readonly FoundRow[]): Found[] =>
    open.flatMap(({ index }) => byIndex.get(index) ?? []);
  await step(
    found.filter(({ isDeleted }) => isDeleted),
    (open) => bringBack(unit, writes, known(open), onError),
  );
  await step(found, (open) => change(unit, writes, known(open), onError));
  for (const { index } of found) refuseGone(problems.get(index));
  await step(
    rows.filter(({ id }) => id === null),
    (open) =>
      createIn(
        unit,
        writes,
        open.map(({ create }) => create()),
        onError,
        open.map(({ index }) => index),
      ),
  );
  for (const row of rows) refuseFound(row, problems.get(row.index));
  if (onError === "abort" && problems.size > 0) throw new RefusedRows([...problems], []);
  return Array.from({ length: count }, (_, index): WriteResult => {
    const said = problems.get(index) ?? [];
    if (said.length > 0) return { id: null, problems: said };
    const result = { id: ids.get(index) ?? null, problems: [], created: !byIndex.has(index) };
    return unchanged.has(index) ? { ...result, unchanged: true } : result;
  });
}

function bringBack(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly Found[],
  onError: OnError,
): Promise<Outcome[]> {
  const restored = rows.map(({ index, id, change: { extras } }) => {
    const { version } = extras;
    return { index, id, version: typeof version === "number" ? version : null };
  });
  // What it comes back with is what it shall have: the value that it had may be another's by now.
  const told = new Map(
    rows.map(({ id, change: { values } }) => [id, uniqueValues(writes.entity, values)]),
  );
  return restoreIn(unit, writes, restored, onError, told);
}

/** What an input says of unique values. */
function uniqueValues({ fields, unique }: Entity, values: Values): Values {
  return Object.fromEntries(
    unique.flatMap(({ field }) => {
      const value = values[field];
      const isGood = value !== undefined && (value !== null || fields[field]?.nullable === true);
      return isGood ? [[field, value]] : [];
    }),
  );
}

function change(
  unit: WriteUnit,
  writes: EntityWrites,
  rows: readonly Found[],
  onError: OnError,
): Promise<Outcome[]> {
  const changed = rows.map(({ index, id, isDeleted, change: input }) => {
    // The version that the caller read is the deleted record's, and the restore moved it.
    const { version: _moved, ...extras } = input.extras;
    return { index, id, input: isDeleted ? { ...input, extras } : input };
  });
  return updateIn(unit, writes, changed, onError);
}

/** A record that went between being found and being locked: the search starts anew. */
function refuseGone(problems: readonly Problem[] = []): void {
  const isGone = problems.some(({ code, path }) => code === "NOT_FOUND" && path[0] === "id");
  if (isGone) throw new Raced();
}

/** A record that has the key, is told to the caller, and was not found, came in between: now it is. */
function refuseFound({ id, key }: FoundRow, problems: readonly Problem[] = []): void {
  const isNew = problems.some(
    (problem) =>
      problem.code === "DUPLICATE" &&
      problem.path[0] === restName(key) &&
      recordOf(problem) !== null,
  );
  if (id === null && isNew) throw new Raced();
}
