import { parse } from "postgres-array";
import { z } from "zod";
import { wordsOf } from "../../lib/messages.ts";
import type { Reading } from "../../lib/reading.ts";
import { param, sql } from "../../lib/sql.ts";
import type { FieldConditions, FieldFacts, Kind } from "../kind.ts";
import { base, filled } from "./parts/base.ts";
import { jsonOfText } from "./parts/json-like.ts";
import { asText } from "./parts/operands.ts";
import { asList, filterBy, type Operator } from "./parts/operators.ts";
import { textParameter } from "./parts/parameters.ts";
import { textSchema } from "./parts/text-schema.ts";
import { maxItems, union } from "./parts/union.ts";

/** PostgreSQL's text of a list: `{a,"b \\"c\\""}`. */
const readList = (cell: string): readonly string[] => parse(cell);

/** Texts, each once; blank ones are none. */
function listSchema(field: FieldFacts) {
  const most = maxItems(field);
  return (
    z
      .array(textSchema(field.form, field.limits?.characters), "must be a list of texts")
      .max(most, wordsOf({ complaint: "tooManyItems", max: most }))
      // GraphQL makes a list of one of a blank text, which must not empty what is stored.
      .refine(
        (items) => items.length === 0 || items.some((item) => item !== null),
        wordsOf({ complaint: "onlyBlanks" }),
      )
      .transform((items) => [...new Set(items.filter((item) => item !== null))])
  );
}

/** The items of a cell: a JSON list, else what semicolons divide, else what commas do. */
export function listOfText(text: string): Reading<unknown> {
  if (text.startsWith("[")) return jsonOfText(text);
  const items = text.split(text.includes(";") ? ";" : ",").map((item) => item.trim());
  return { value: items.filter((item) => item !== "") };
}

const holds =
  (operator: "@>" | "&&"): Operator["condition"] =>
  ({ value }, operand, path) => {
    const items = asList(operand).map((item, index) => asText(item, [...path, String(index)]));
    const list = param(items, "text[]");
    return operator === "@>" ? sql`${value} @> ${list}` : sql`${value} && ${list}`;
  };

/** A list of texts. */
export const textList = {
  ...base,
  name: "textList",
  sqlType: "text[]",
  scalar: "String",
  isList: true,
  read: readList,
  plain: readList,
  printer: () => (cell) => (cell === "{}" ? "[]" : JSON.stringify(readList(cell))),
  schema: () => ({ type: "array", items: { type: "string" } }),
  fromText: listOfText,
  input: (field) => ({ schema: listSchema(field), type: { listOf: { scalar: "String" } } }),
  empty: [],
  merged: (into, from, field) => union(into, from, field) ?? filled(into, from),
  isSortable: false,
  isLong: true,
  filter: filterBy({
    type: { name: "TextListFilter", about: "a list of texts" },
    scalar: "String",
    operators: {
      has: { description: "Has this item.", operand: "text", condition: holds("@>") },
      hasSome: {
        description: "Has at least one of these.",
        operand: "texts",
        condition: holds("&&"),
      },
      hasEvery: { description: "Has all of these.", operand: "texts", condition: holds("@>") },
      isEmpty: {
        description: "Whether the list is empty.",
        operand: "flag",
        condition: ({ value }, operand) =>
          operand === true ? sql`cardinality(${value}) = 0` : sql`cardinality(${value}) > 0`,
      },
    },
  }),
  parameter: {
    ...textParameter,
    comparisons: ["eq", "ne", "in", "not_in", "all", "is_empty"],
    condition: (field, comparison, value): FieldConditions => {
      switch (comparison) {
        case "eq":
          return { [field]: { has: value } };
        case "ne":
          return { not: { [field]: { has: value } } };
        case "in":
          return { [field]: { hasSome: value } };
        case "not_in":
          return { not: { [field]: { hasSome: value } } };
        case "all":
          return { [field]: { hasEvery: value } };
        default:
          return { [field]: { isEmpty: value } };
      }
    },
  },
} as const satisfies Kind;
