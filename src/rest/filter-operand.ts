import { parseDecimal } from "../lib/decimal.ts";
import { idComplaint, readId } from "../lib/id.ts";
import { isStorable, unstorable } from "../lib/text.ts";
import { parseDay, parseInstant } from "../lib/time.ts";
import { catalog } from "../modules/catalog.ts";
import type { Entity, Field, FieldKind } from "../query/entity.ts";

/** Comparisons as they stand in a query's `field[…]`, and what the read engine calls them. */
const operators = {
  eq: "eq",
  ne: "ne",
  in: "in",
  not_in: "notIn",
  gt: "gt",
  gte: "gte",
  lt: "lt",
  lte: "lte",
  contains: "contains",
  starts_with: "startsWith",
  ends_with: "endsWith",
  is_null: "isNull",
} as const;

export type Comparison = keyof typeof operators;

const same: readonly Comparison[] = ["eq", "ne", "in", "not_in", "is_null"];
const ordered: readonly Comparison[] = [...same, "gt", "gte", "lt", "lte"];
const texts: readonly Comparison[] = [...ordered, "contains", "starts_with", "ends_with"];

const comparisons: Readonly<Record<FieldKind, readonly Comparison[]>> = {
  id: same,
  reference: same,
  anyReference: [],
  text: texts,
  email: texts,
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
  textList: [],
  bytes: [],
};

/** How a field can be compared; not at all if it holds a list or a document. */
export function comparisonsOf({ kind, shownOnly }: Field): readonly Comparison[] {
  return shownOnly ? [] : comparisons[kind];
}

/** So many values a list of them may have. */
export const maxValues = 200;

type Operand =
  | { readonly operator: string; readonly value: unknown }
  | { readonly complaint: string };

/** What a value in a query is for the read engine, or what is wrong with it. */
export function readOperand(
  entity: Entity,
  field: string,
  operator: string,
  value: string,
): Operand {
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  const allowed = comparisonsOf(definition);
  const comparison = allowed.find((one) => one === operator);
  if (comparison === undefined) {
    return { complaint: `has no such comparison; there are ${allowed.join(", ")}` };
  }
  const name = operators[comparison];
  if (comparison === "is_null") {
    return value === "true" || value === "false"
      ? { operator: name, value: value === "true" }
      : { complaint: "must be true or false" };
  }
  if (comparison !== "in" && comparison !== "not_in") {
    const read = readValue(entity, definition, value);
    return "complaint" in read ? read : { operator: name, value: read.value };
  }
  const values = value.split(",");
  if (values.length > maxValues) return { complaint: `has at most ${maxValues} values` };
  const list: unknown[] = [];
  for (const one of values) {
    const read = readValue(entity, definition, one);
    if ("complaint" in read) return read;
    list.push(read.value);
  }
  return { operator: name, value: list };
}

type Read = { readonly value: unknown } | { readonly complaint: string };

function readValue(entity: Entity, definition: Field, text: string): Read {
  if (!isStorable(text)) return { complaint: unstorable };
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
        : { complaint: `must be one of ${names.join(", ")}` };
    }
    case "boolean":
      return text === "true" || text === "false"
        ? { value: text === "true" }
        : { complaint: "must be true or false" };
    case "int":
    case "bigInt": {
      const isInt = /^-?\d{1,10}$/.test(text) && Math.abs(Number(text)) < 2 ** 31;
      return isInt ? { value: Number(text) } : { complaint: "must be a whole number" };
    }
    case "decimal":
      try {
        return { value: parseDecimal(text) };
      } catch (error) {
        const reason = error instanceof Error ? error.message : "it cannot be read";
        return { complaint: `must be a decimal: ${reason}` };
      }
    case "dateTime": {
      // A day stands for its first instant in UTC.
      const day = /^\d{4}-\d\d-\d\d$/.test(text) ? parseDay(text) : null;
      const instant = parseInstant(day === null ? text : `${day}T00:00:00Z`);
      return instant === null
        ? {
            complaint: "must be an instant with its offset, such as 2026-03-18T15:40:12Z, or a day",
          }
        : { value: instant };
    }
    case "date": {
      const day = parseDay(text);
      return day === null ? { complaint: "must be a day, such as 2026-11-30" } : { value: day };
    }
    default:
      return { value: text };
  }
}
