import { isEmpty } from "./is-empty.ts";
import type { Reading } from "../../../lib/reading.ts";
import type { Figures, Kind } from "../../kind.ts";

/** A value as it is. */
const asIs = <Value>(value: Value): Value => value;

export const noFigures: Figures = { adds: false, compares: false, groups: false, periods: null };

/** Of two records that become one, the survivor's value, or the other's where it has none. */
export const filled = (into: unknown, from: unknown): unknown =>
  isEmpty(into) ? (from ?? into) : into;

/** What most kinds have in common; each says what is different. */
export const base = {
  ids: null,
  read: asIs,
  plain: (cell: string): string => cell,
  printer: () => (cell) => JSON.stringify(cell),
  printedSql: asIs,
  printedAs: () => "text",
  schema: () => ({ type: "string" }),
  isList: false,
  fromText: (text: string): Reading<unknown> => ({ value: text }),
  empty: null,
  merged: filled,
  standIn: `"id"::text`,
  comparedAs: asIs,
  key: null,
  isSortable: true,
  figures: noFigures,
  isLong: false,
} as const satisfies Partial<Kind>;
