import { readDecimal } from "../lib/decimal.ts";
import { idComplaint, readId } from "../lib/id.ts";
import { asComplaint } from "../lib/messages.ts";
import { isStorable, partComplaint } from "../lib/text.ts";
import type { Reading } from "../lib/reading.ts";
import { readDay } from "../model/kinds/day.ts";
import { readInstant } from "../model/kinds/instant.ts";
import { catalog } from "../modules/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Field, FieldKind } from "../model/field.ts";

/** Comparisons as they stand in a query's `field[…]`. */
export type Comparison =
  | "eq"
  | "ne"
  | "in"
  | "not_in"
  | "gt"
  | "gte"
  | "lt"
  | "lte"
  | "contains"
  | "starts_with"
  | "ends_with"
  | "is_null"
  | "all"
  | "is_empty";

const same: readonly Comparison[] = ["eq", "ne", "in", "not_in", "is_null"];
const ordered: readonly Comparison[] = [...same, "gt", "gte", "lt", "lte"];
const parts: ReadonlySet<Comparison> = new Set(["contains", "starts_with", "ends_with"]);
const texts: readonly Comparison[] = [...ordered, ...parts];
/** Of what a list holds. */
const listed: readonly Comparison[] = ["eq", "ne", "in", "not_in", "all", "is_empty"];

const comparisons: Readonly<Record<FieldKind, readonly Comparison[]>> = {
  id: same,
  reference: same,
  anyReference: [],
  text: texts,
  email: texts,
  phone: texts,
  domain: texts,
  url: texts,
  currency: texts,
  enum: same,
  int: ordered,
  bigInt: ordered,
  decimal: ordered,
  boolean: ["eq", "ne", "is_null"],
  dateTime: ordered,
  date: ordered,
  json: [],
  jsonObject: [],
  textList: listed,
  bytes: [],
};

/** How a field can be compared; not at all if it holds a document. */
export function comparisonsOf({ kind, shownOnly }: Field): readonly Comparison[] {
  return shownOnly ? [] : comparisons[kind];
}

/** The most values of a list. */
export const maxValues = 200;

/** What a comparison compares with, or what is wrong with it. */
export type Operand = Reading<unknown>;

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
  const values = splitValues(text);
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

/** The values between commas; a comma that is part of one is written `\,`, a backslash before it `\\`. */
function splitValues(text: string): string[] {
  const values = [""];
  for (const [piece] of text.matchAll(/\\[\\,]|[^]/g)) {
    if (piece === ",") values.push("");
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
  switch (definition.kind) {
    case "id":
    case "reference": {
      const { prefix } = definition.kind === "id" ? entity : catalog.entity(definition.to ?? "");
      return readId(prefix, text) === null
        ? { complaint: idComplaint(prefix, text) }
        : { value: text };
    }
    case "enum": {
      const names = Object.keys(definition.values?.values ?? {});
      return names.includes(text)
        ? { value: text }
        : { complaint: { complaint: "notOneOf", names } };
    }
    case "boolean":
      return readBoolean(text);
    case "int":
    case "bigInt": {
      const isInt = /^-?\d{1,10}$/.test(text) && Number(text) === (Number(text) | 0);
      return isInt ? { value: Number(text) } : { complaint: { complaint: "notWhole" } };
    }
    case "decimal":
      return readDecimal(text);
    case "dateTime":
      return instantOrDay(withPlus(text));
    case "date":
      return readDay(withPlus(text));
    default:
      return { value: text };
  }
}

/** A day stands for its first instant in UTC. */
function instantOrDay(text: string): Operand {
  const reading = readInstant(text);
  if ("value" in reading) return reading;
  if (!/^[\d-]+$/.test(text)) return { complaint: { complaint: "notInstant", orDay: true } };
  const day = readDay(text);
  return "value" in day
    ? { value: `${day.value}T00:00:00.000Z` }
    : { complaint: { complaint: "notDay", orDay: true } };
}

/** The `+` of an offset reads as a space where it was not percent-encoded. */
function withPlus(text: string): string {
  return text.replace(/([T ][\d:.]+ ?) (?=\d\d(?::?\d\d)?$)/i, "$1+");
}
