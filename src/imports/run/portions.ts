import type { Entity } from "../../model/entity.ts";
import { GivenValues } from "./given-values.ts";
import type { PreparedRow } from "./prepare.ts";

/** Rows that one transaction writes. */
export type Portion = {
  readonly rows: readonly PreparedRow[];
  /** How many rows of the chunk are done with it. */
  readonly end: number;
};

/**
 * The next rows of a chunk: as many as may be, and none that names an earlier one of them, which is found once that one is
 * written.
 */
export function nextPortion(
  rows: readonly PreparedRow[],
  start: number,
  { most, entity }: { readonly most: number; readonly entity: Entity },
): Portion {
  const given = new GivenValues(entity);
  const taken: PreparedRow[] = [];
  for (const row of rows.slice(start, start + most)) {
    if (row.references.some((reference) => given.named(reference).length > 0)) break;
    taken.push(row);
    given.add(row);
  }
  return { rows: taken, end: start + taken.length };
}
