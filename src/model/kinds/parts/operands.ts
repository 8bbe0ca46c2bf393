import { badInput } from "../../../lib/errors.ts";
import { parseId } from "../../../lib/id.ts";
import { readText } from "../../../lib/text.ts";
import { assertReadable } from "../../../lib/unreadable.ts";
import type { Subject } from "../../kind.ts";

/** Reads what an operator compares with. */
export type OperandReader = (value: unknown, subject: Subject, path: readonly string[]) => unknown;

/** The text, as it is stored and compared. */
export function asText(value: unknown, path: readonly string[]): string {
  if (typeof value !== "string") throw badInput(path, { complaint: "notString" });
  return readText(value, path);
}

/** A value, texts of it in the form in which the kind compares them. */
export const comparedOperand =
  (comparedAs: (text: string) => string): OperandReader =>
  (value, _subject, path) => {
    assertReadable(value, path);
    if (typeof value === "string") return comparedAs(readText(value, path));
    // pg would print a Date in the process's own time zone, to the minute: instants come as text (the DateTime scalar).
    if (value instanceof Date)
      throw new Error(`${path.join(".")}: an instant must be ISO 8601 text`);
    return value;
  };

/** A value as it was sent. */
export const plainOperand = comparedOperand((text) => text);

/** The UUID in an id. */
export const idOperand: OperandReader = (value, { named }, path) => {
  if (value === null) return null;
  assertReadable(value, path);
  return parseId(named.prefix, asText(value, path), path);
};
