import { tooComplex } from "../lib/errors.ts";
import type { FieldKind } from "../model/field.ts";

/** What a filter has used up; a phone number counts as a value too. */
export type FilterSize = {
  conditions: number;
  edges: number;
  characters: number;
  values: number;
  phones: number;
};
export const emptySize = (): FilterSize => {
  return { conditions: 0, edges: 0, characters: 0, values: 0, phones: 0 };
};

/** Values that a filter compares with, in all its lists; of these, phone numbers, each of which is parsed. */
const maxValues = 10_000;
const maxPhones = 1_000;

/**
 * Counts what an operator compares with.
 *
 * @throws GatewayError QUERY_TOO_COMPLEX when the filter has too much of it.
 */
export function countValues(
  size: FilterSize,
  kind: FieldKind,
  count: number,
  path: readonly string[],
): void {
  size.values += count;
  if (kind === "phone") size.phones += count;
  const tooMany =
    size.phones > maxPhones
      ? `${maxPhones.toLocaleString("en")} phone numbers`
      : size.values > maxValues
        ? `${maxValues.toLocaleString("en")} values`
        : null;
  if (tooMany === null) return;
  throw tooComplex(
    `a filter compares with at most ${tooMany}; ask for the others in another request.`,
    path,
  );
}
