import { scopeFor } from "../auth/permissions.ts";
import { requireScopes } from "../auth/require-scopes.ts";
import { badInput } from "../lib/errors.ts";
import type { WriteContext } from "./context.ts";
import type { WriteResult } from "./draft.ts";
import { breaksRule, problemsOf } from "./refused.ts";
import { runWrite } from "./run.ts";
import type { WriteUnit } from "./unit.ts";

/** The most rows of a call. */
export const maxRows = 1_000;

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
  const { readBehind, alongside = null } = context;
  const alsoAlong = async (unit: WriteUnit): Promise<WriteResult[]> => {
    const results = await work(unit);
    await alongside?.(unit, results.map(settled));
    return results;
  };
  const refused = (error: unknown): WriteResult[] | null => {
    // Where more is written along, nobody knows whose value it is.
    const problems = alongside !== null && breaksRule(error) ? null : problemsOf(error);
    if (problems === null) return null;
    return Array.from({ length: count }, (_, index) => ({
      id: null,
      problems: problems.get(index) ?? [],
    }));
  };
  const results = await runWrite(context, {
    work: alongside === null ? work : alsoAlong,
    refused,
    beforeAttempt,
    readBehind: (done, read) => readBehind?.(done.map(settled), read),
  });
  return results.map(settled);
}

/** A row with problems was not written. */
const settled = (result: WriteResult): WriteResult =>
  result.problems.length > 0 ? { ...result, id: null } : result;

/** What became of a call's only row. */
export function only([result]: readonly WriteResult[]): WriteResult {
  if (result === undefined) throw new Error("a call has a result for each of its rows");
  return result;
}
