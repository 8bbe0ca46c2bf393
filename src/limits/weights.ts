import { maxAnswerBytes } from "../db/work.ts";

/**
 * Costs of work beyond the reading of records. The unit is one record that could be returned. The weights are measured
 * as times on 200,000 rows of a tenant (docs/decisions.md).
 */
export const weights = {
  /** Counting all matches of a list: of one parent, of the tenant. */
  count: { edge: 1, root: 100 },
  /** Reading all rows for a filter on texts or JSON or an order without an index. It costs as much as counting them. */
  large: { edge: 1, root: 100 },
  /** Each character that a filter searches for in texts. */
  character: { edge: 1 / 100, root: 1 / 2 },
  /** An aggregate over one parent's records, over the tenant's; and the same in groups. */
  aggregate: { edge: 2, root: 2_000 },
  groups: { edge: 10, root: 5_000 },
  /** Likely duplicates of one record, and a page of pairs of them. */
  duplicates: 200,
  pairs: 5_000,
  /** Searching one parent's records, all of one kind, all kinds; a search that is counted is made twice. */
  search: { edge: 2, root: 1_000, kinds: 2_500 },
  /** Reading a phone number that a filter compares with. */
  phoneValue: 5,
  /** Each row of an export. */
  exported: 1 / 100,
  /** A file that is sent to be imported, whatever its length. */
  import: 100,
  /**
   * Judging an event for a subscription that does not match it, and each edge that its filter follows. With the record's
   * states it takes as long as reading a record; the states serve all filters of the tenant.
   */
  judged: { event: 1 / 10, edge: 1 / 10 },
  mutation: 10,
  merge: 500,
} as const;

/** The number of an answer's bytes that take as long to read, print and send as a record. */
const bytesPerPoint = 10_000;
/** The cost of the bytes of the longest answer. No operation is charged more for bytes in advance. */
const mostForBytes = maxAnswerBytes / bytesPerPoint;
/** The points charged in advance for each value that can be long (prose, JSON, lists of texts): for 100 KB of it. */
const pointsPerLong = 10;

/** The cost of an answer's bytes. */
export const answerPoints = (bytes: number): number =>
  Math.min(mostForBytes, Math.floor(bytes / bytesPerPoint));

/** The points charged in advance for the bytes of values that can be long. */
export const longPoints = (values: number): number =>
  Math.min(mostForBytes, values * pointsPerLong);

/** The cost of a list's filter and order. */
export function readingCost(
  { isLookedFor, characters }: { readonly isLookedFor: boolean; readonly characters: number },
  sortsAll: boolean,
  place: "edge" | "root",
): number {
  const large = isLookedFor || sortsAll ? weights.large[place] : 0;
  return large + Math.floor(characters * weights.character[place]);
}

/** The number of records that an input writes: itself, and those in its lists, such as a quote's line items. */
export function recordsIn(input: unknown): number {
  if (Array.isArray(input)) return input.reduce<number>((sum, item) => sum + recordsIn(item), 0);
  if (typeof input !== "object" || input === null) return 0;
  const lists = Object.values(input).filter((value) => Array.isArray(value));
  return 1 + lists.flat().filter((item) => typeof item === "object" && item !== null).length;
}
