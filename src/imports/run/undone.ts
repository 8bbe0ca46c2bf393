import type { WriteContext } from "../../write/context.ts";
import type { WriteResult } from "../../write/draft.ts";

/** Undoes a transaction whose results are known. */
export class Undone extends Error {
  override readonly name = "Undone";
}

/** The results that a call of the write engine would have; nothing of it is written. */
export async function resultsOf(
  context: WriteContext,
  call: (context: WriteContext) => Promise<unknown>,
): Promise<readonly WriteResult[]> {
  let found: readonly WriteResult[] = [];
  const alongside = (_unit: unknown, results: readonly WriteResult[]): Promise<void> => {
    found = results;
    return Promise.reject(new Undone());
  };
  await call({ ...context, alongside }).catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
  return found;
}
