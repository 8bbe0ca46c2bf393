import { asComplaint } from "../lib/messages.ts";
import type { Reading } from "../lib/reading.ts";
import { isStorable, partComplaint } from "../lib/text.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import type { Comparison } from "../model/kind.ts";
import { namedBy } from "../model/public-value.ts";
import { catalog } from "../modules/catalog.ts";

const parts: ReadonlySet<Comparison> = new Set(["contains", "starts_with", "ends_with"]);

/** How a field can be compared; not at all if it holds a document. */
export function comparisonsOf({ kind, shownOnly }: Field): readonly Comparison[] {
  return shownOnly ? [] : (kind.parameter?.comparisons ?? []);
}

/** The most values of a list. */
export const maxValues = 200;

/** What a comparison compares with, or what is wrong with it. */
type Operand = Reading<unknown>;

/** Reads the text in a query that a field is compared with. */
export function readOperand(
  entity: Entity,
  definition: Field,
  comparison: Comparison,
  text: string,
): Operand {
  if (comparison === "is_null" || comparison === "is_empty") return readBoolean(text);
  const complaint = parts.has(comparison) ? partComplaint(text) : null;
  if (complaint !== null) return { complaint };
  if (comparison !== "in" && comparison !== "not_in" && comparison !== "all") {
    return readValue(entity, definition, text);
  }
  const values = split(text, ",");
  if (values.length > maxValues)
    return { complaint: asComplaint(`has at most ${maxValues} values`) };
  const list: unknown[] = [];
  for (const one of values) {
    const read = readValue(entity, definition, one);
    if ("complaint" in read) return read;
    list.push(read.value);
  }
  return { value: list };
}

/** What stands between separators; one that is part of a piece is written `\,`, a backslash before it `\\`. */
export function split(text: string, separator: "," | "."): string[] {
  const values = [""];
  for (const [piece] of text.matchAll(separator === "," ? /\\[\\,]|[^]/g : /\\[\\.]|[^]/g)) {
    if (piece === separator) values.push("");
    else values[values.length - 1] += piece.length === 2 ? piece.slice(1) : piece;
  }
  return values;
}

function readBoolean(text: string): Operand {
  return text === "true" || text === "false"
    ? { value: text === "true" }
    : { complaint: { complaint: "notBoolean" } };
}

function readValue(entity: Entity, definition: Field, text: string): Operand {
  // Nothing that is stored is empty: a caller who asks for it left something out, or means records without a value.
  if (text === "") {
    return { complaint: asComplaint("is empty; give a value, or leave the parameter out") };
  }
  if (!isStorable(text)) return { complaint: { complaint: "unstorable" } };
  const { parameter } = definition.kind;
  if (parameter === null)
    throw new Error(`${entity.name}: ${definition.kind.name} is not compared`);
  return parameter.read(text, definition, namedBy(catalog, entity, definition));
}
