import { isDeepStrictEqual } from "node:util";
import { restName, type ParsedInput, type Values } from "./input.ts";
import type { Problem } from "./problem.ts";
import type { Stored } from "./stored.ts";

/** A record on its way into the database: rules fill in values and add problems; one with problems is not written. */
export type Draft = {
  /** Its place among the inputs of the call. */
  readonly index: number;
  readonly id: string;
  /** The record as it is; null for a new one. */
  readonly before: Stored | null;
  /** What the caller sent, by field. */
  readonly sent: Values;
  /** What the caller sent that is no field of the model, by REST name. */
  readonly extras: Values;
  /** The whole record as it shall be. */
  readonly values: Record<string, unknown> & { readonly id: string };
  readonly problems: Problem[];
};

/** One row of a call: the record's id (made up for a new one) and what was said about it. */
export type RowInput = {
  readonly index: number;
  readonly id: string;
  readonly input: ParsedInput;
};

/** What became of one row. */
export type WriteResult = {
  readonly id: string | null;
  readonly problems: readonly Problem[];
  /** For an upsert: whether the record is new. */
  readonly created?: boolean;
  /** What else a verb gives, e.g. a key's secret. */
  readonly extra?: Readonly<Record<string, string>>;
};

/** Whether a field gets another value than it had. */
export function changes(draft: Draft, field: string): boolean {
  return !isDeepStrictEqual(draft.values[field] ?? null, draft.before?.[field] ?? null);
}

/** Whether something was said against a field already. */
export function isFaulty(draft: Draft, field: string): boolean {
  return draft.problems.some(({ path }) => path[0] === restName(field));
}

/** A value that is text, or null. */
export function textOf(values: Values, field: string): string | null {
  const value = values[field];
  return typeof value === "string" ? value : null;
}

/** The drafts that are good so far. */
export function sound(drafts: readonly Draft[]): Draft[] {
  return drafts.filter(({ problems }) => problems.length === 0);
}
