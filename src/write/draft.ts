import type { Draftable, FieldName, Stored, Values } from "../model/record.ts";
import type { ModelName } from "../model/datamodel.ts";
import { isDeepStrictEqual } from "node:util";
import { restName, type ParsedInput, type Way } from "./input.ts";
import type { Problem } from "./problem.ts";

/** A record on its way into the database: rules fill in values and add problems; one with problems is not written. */
export type Draft<Model extends ModelName = ModelName> = DraftOf<
  Stored<Model>,
  Values<Model>,
  Draftable<Model>
>;

/** An interface: the compiler then sees that a draft of a deal is a draft of any entity. */
interface DraftOf<Before, Sent, Whole> {
  /** Its place among the inputs of the call. */
  readonly index: number;
  readonly id: string;
  /** The record as it is; null for a new one. */
  readonly before: Before | null;
  /** What the caller sent, by field. */
  readonly sent: Sent;
  /** What the caller sent that is no field of the model, by REST name. */
  readonly extras: Values;
  /** The whole record as it shall be. */
  readonly values: Whole;
  readonly problems: Problem[];
  /** What becomes of the links that are sent; they replace the record's unless said. */
  readonly linking?: Way;
  /** The field whose value was drawn from those that are free. */
  readonly drawn?: string | undefined;
}

/** One row of a call: the record's id (made up for a new one) and what was said about it. */
export type RowInput = {
  readonly index: number;
  readonly id: string;
  readonly input: ParsedInput;
};

/** The result of one row. */
export type WriteResult = {
  readonly id: string | null;
  readonly problems: readonly Problem[];
  /** For an upsert: whether the record is new. */
  readonly created?: boolean;
  /** Whether the record was left as it is, since nothing of it differs; see `skipsUnchanged`. */
  readonly unchanged?: boolean;
  /** What else a verb gives, e.g. a key's secret. */
  readonly extra?: Readonly<Record<string, string>>;
};

/** Whether a field gets another value than it had. */
export function changes<Model extends ModelName>(
  draft: Draft<Model>,
  field: FieldName<Model>,
): boolean;
export function changes({ values, before }: Draft, field: string): boolean {
  return !isDeepStrictEqual(values[field] ?? null, before?.[field] ?? null);
}

/** Whether something was said against a field already. */
export function isFaulty<Model extends ModelName>(
  draft: Pick<Draft<Model>, "problems" | "values">,
  field: FieldName<Model>,
): boolean;
export function isFaulty(draft: Pick<Draft, "problems">, field: string): boolean {
  return draft.problems.some(({ path }) => path[0] === restName(field));
}

/** A value that is text, or null. */
export function textOf(values: Values, field: string): string | null {
  const value = values[field];
  return typeof value === "string" ? value : null;
}

/** The drafts that are good so far. */
export function sound<Of extends Draft>(drafts: readonly Of[]): Of[] {
  return drafts.filter(({ problems }) => problems.length === 0);
}
