import { asOwnWork } from "../../db/work.ts";
import { sentenceOf } from "../../lib/messages.ts";
import { sql } from "../../lib/sql.ts";
import type { Alongside, WriteContext } from "../../write/context.ts";
import { textOf, type WriteResult } from "../../write/draft.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import type { Problem } from "../../write/problem.ts";
import { breaksRule } from "../../write/refused.ts";
import { upsertRecords } from "../../write/upsert.ts";
import { createRecords, updateRecords } from "../../write/verbs.ts";
import type { Mapping } from "../read/types.ts";
import { columnOf, errorOf, type PreparedRow, type RowError } from "./prepare.ts";
import type { ImportMode } from "./types.ts";
import { Undone } from "./undone.ts";

/** How the rows of a chunk are written. */
export type ChunkOptions = {
  readonly context: WriteContext;
  readonly writes: EntityWrites;
  readonly mapping: Mapping;
  readonly mode: ImportMode;
  readonly key: string | null;
  /** Whether nothing is written if a row is refused. */
  readonly abortOnError: boolean;
  readonly dryRun: boolean;
};

/** What became of a chunk's rows. */
export type ChunkOutcome = {
  readonly created: number;
  readonly updated: number;
  /** Whose record was as they say. */
  readonly unchanged: number;
  /** The refused rows. Each has its errors. */
  readonly refused: readonly PreparedRow[];
  /** Whether it was committed; not of dry runs, nor if an error undid it. */
  readonly isWritten: boolean;
};

/**
 * Writes the rows of a chunk that are good so far, in one transaction with what `along` writes of its outcome: both are
 * there, or neither is.
 */
export async function writeChunk(
  options: ChunkOptions,
  rows: readonly PreparedRow[],
  along: (unit: Parameters<Alongside>[0], outcome: ChunkOutcome) => Promise<void>,
): Promise<ChunkOutcome> {
  const { dryRun, abortOnError } = options;
  for (let good = rows.filter(isGood); ; good = rows.filter(isGood)) {
    const judged: ChunkOutcome[] = [];
    const judge: Alongside = async (unit, found) => {
      const outcome = outcomeOf(options, rows, good, found);
      judged.push(outcome);
      if (dryRun || (abortOnError && outcome.refused.length > 0)) throw new Undone();
      await along(unit, outcome);
    };
    try {
      const results = await attempt(options, good, judge);
      // Of the last attempt, if it lost races before.
      const outcome = judged.at(-1);
      if (outcome === undefined) throw new Error("rows were written and not judged");
      return { ...outcome, isWritten: results !== null };
    } catch (error) {
      if (!breaksRule(error)) throw error;
      // A rule that only PostgreSQL knows refused them all: the rows that break it are found, and the others written.
      const found = await culprits(options, good);
      if (found.length === 0) throw error;
      for (const row of found) row.errors.push(refusedByDatabase);
    }
  }
}

const isGood = ({ errors }: PreparedRow): boolean => errors.length === 0;

const refusedByDatabase: RowError = {
  column: null,
  field: null,
  code: "BAD_USER_INPUT",
  message: "A value of this row breaks a rule of the database.",
};

/** One call of the write engine. Null if `alongside` undid it. */
async function attempt(
  { context, writes, mode, key }: ChunkOptions,
  rows: readonly PreparedRow[],
  alongside: Alongside,
): Promise<readonly WriteResult[] | null> {
  const own = { ...context, alongside };
  const inputs = rows.map(({ input }) => input);
  try {
    return await asOwnWork(() => {
      if (mode === "create") return createRecords(own, writes, inputs, "continue");
      if (key !== "id") {
        return upsertRecords(
          own,
          writes,
          inputs,
          { by: key, updateOnly: mode === "update" },
          "continue",
        );
      }
      const changes = inputs.map((input) => ({ id: textOf(input, "id") ?? "", input }));
      return updateRecords(own, writes, changes, "continue");
    });
  } catch (error) {
    if (error instanceof Undone) return null;
    throw error;
  }
}

/** The rows that PostgreSQL refuses, found by halves that are tried and undone. */
async function culprits(
  options: ChunkOptions,
  rows: readonly PreparedRow[],
): Promise<readonly PreparedRow[]> {
  try {
    await attempt(options, rows, async (unit) => {
      // Behind what was sent of the rows.
      await unit.rows(sql`SELECT 1`);
      throw new Undone();
    });
    return [];
  } catch (error) {
    if (!breaksRule(error)) throw error;
  }
  if (rows.length === 1) return rows;
  const half = Math.ceil(rows.length / 2);
  return [
    ...(await culprits(options, rows.slice(0, half))),
    ...(await culprits(options, rows.slice(half))),
  ];
}

function outcomeOf(
  { mapping, mode }: ChunkOptions,
  rows: readonly PreparedRow[],
  good: readonly PreparedRow[],
  results: readonly WriteResult[],
): ChunkOutcome {
  const refused = rows.filter((row) => !isGood(row));
  let [created, updated, unchanged] = [0, 0, 0];
  for (const [place, row] of good.entries()) {
    const result = results[place];
    const { problems = [], created: isNew = mode === "create" } = result ?? {};
    if (problems.length > 0) {
      const errors = problems.map((problem) => told(problem, mapping, good));
      refused.push({ ...row, errors });
    } else if (isNew) created += 1;
    else if (result?.unchanged === true) unchanged += 1;
    else updated += 1;
  }
  refused.sort((one, other) => one.row.number - other.row.number);
  return { created, updated, unchanged, refused, isWritten: false };
}

/** A problem as the file's maker knows it: by column, and by the number of the row. */
function told(problem: Problem, mapping: Mapping, rows: readonly PreparedRow[]): RowError {
  const { code, path, complaint } = problem;
  const [field = null, ...rest] = path;
  const column = columnOf(mapping, field);
  if (complaint.complaint === "sameAsRow") {
    const first = rows[complaint.row]?.row.number ?? 0;
    const text = `is the same as in row ${first} of the file; keep one of the two rows.`;
    return errorOf(column, field, { complaint: "text", text }, code);
  }
  const message = sentenceOf(field === null ? [] : [column ?? field, ...rest], complaint);
  return { column, field, code, message };
}
