import pg from "pg";
import type { Draft } from "./draft.ts";
import { invalid, type Problem } from "./problem.ts";

/** Nothing is written; what was wrong, by row. */
export class RefusedRows extends Error {
  readonly problems: ReadonlyMap<number, readonly Problem[]>;

  constructor(
    refused: readonly (readonly [number, readonly Problem[]])[],
    drafts: readonly Draft[],
  ) {
    super("refused");
    this.name = "RefusedRows";
    this.problems = new Map([
      ...drafts.map(({ index, problems }) => [index, problems] as const),
      ...refused,
    ]);
  }
}

/** What is wrong with each row, when that is why nothing was written. */
export function problemsOf(error: unknown): ReadonlyMap<number, readonly Problem[]> | null {
  if (error instanceof RefusedRows) return error.problems;
  if (breaksRule(error)) {
    const message = "A value of this call breaks a rule of the database; nothing was written.";
    return new Map([[0, [invalid([], message)]]]);
  }
  return null;
}

/**
 * Whether an error is that of a rule that only the database knew, or of a value that its type cannot hold; the rules above
 * should have told more. 54000: a text that an index has no room for, after all.
 */
export const breaksRule = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(2[23]|54000)/.test(error.code ?? "");

/** What is wrong with rows of a call that fails anyway: the transaction ends without them. */
export async function refusedIn(
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
