import { tooComplex } from "../lib/errors.ts";

/** What a filter has used up; values that take long to read are counted once more. */
export type FilterSize = {
  conditions: number;
  edges: number;
  characters: number;
  values: number;
  slow: number;
};
export const emptySize = (): FilterSize => {
  return { conditions: 0, edges: 0, characters: 0, values: 0, slow: 0 };
};

/** Values that a filter compares with, in all its lists; of these, those that take long to read, as phone numbers do. */
const maxValues = 10_000;
const maxSlow = 1_000;

/**
 * Counts what an operator compares with; `slow` is what its values are called if they take long to read.
 *
 * @throws GatewayError QUERY_TOO_COMPLEX when the filter has too much of it.
 */
export function countValues(
  size: FilterSize,
  slow: string | null,
  count: number,
  path: readonly string[],
): void {
  size.values += count;
  if (slow !== null) size.slow += count;
  const tooMany =
    size.slow > maxSlow
      ? `${maxSlow.toLocaleString("en")} ${slow}`
      : size.values > maxValues
        ? `${maxValues.toLocaleString("en")} values`
        : null;
  if (tooMany === null) return;
  throw tooComplex(
    `a filter compares with at most ${tooMany}; ask for the others in another request.`,
    path,
  );
}
