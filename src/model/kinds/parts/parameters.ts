import { ExactNumber, parseJson } from "../../../lib/exact-number.ts";
import { numberComplaint } from "../../../lib/json.ts";
import type { Comparison, FieldConditions, JsonSchema, Parameter } from "../../kind.ts";
import { asList } from "./operators.ts";

/** Comparisons of REST queries, in the order in which the OpenAPI document has them. */
export const same: readonly Comparison[] = ["eq", "ne", "in", "not_in", "is_null"];
export const ordered: readonly Comparison[] = [...same, "gt", "gte", "lt", "lte"];
const texts: readonly Comparison[] = [...ordered, "contains", "starts_with", "ends_with"];

/** What the read engine calls the comparisons that it has other names for. */
const operators: Partial<Record<Comparison, string>> = {
  not_in: "notIn",
  starts_with: "startsWith",
  ends_with: "endsWith",
  is_null: "isNull",
};

/** A single value is compared by the operator of the same name. */
const compared = (field: string, comparison: Comparison, value: unknown): FieldConditions => ({
  [field]: { [operators[comparison] ?? comparison]: value },
});

/** Filters of REST lists on single values. */
export const parameter = (
  comparisons: readonly Comparison[],
  name: string,
  schema: JsonSchema,
  read: Parameter["read"],
): Parameter => ({
  comparisons,
  read,
  values: () => ({ name, schema }),
  isInside: false,
  condition: compared,
});

/** Filters on texts of any form. */
export const textParameter = parameter(
  texts,
  "Text",
  { type: "string", minLength: 1 },
  (value) => ({
    value,
  }),
);

/** A text as the JSON that it may stand for beside itself: a number, true or false; undefined for none. */
function scalarOf(text: string): unknown {
  return /^(-?(0|[1-9]\d*)(\.\d+)?(e[-+]?\d+)?|true|false)$/i.test(text)
    ? parseJson(text.toLowerCase())
    : undefined;
}

/** JSON values that a text of a query can mean. */
function meaningsOf(text: unknown): unknown[] {
  const scalar = scalarOf(String(text));
  return scalar === undefined ? [text] : [text, scalar];
}

/** A number is greater or less than numbers, any other text than texts. */
function comparable(text: unknown): unknown {
  const scalar = scalarOf(String(text));
  return typeof scalar === "boolean" ? text : (scalar ?? text);
}

function comparedInside(comparison: Comparison, value: unknown): FieldConditions {
  switch (comparison) {
    case "eq":
    case "in":
      return { in: asList(value).flatMap(meaningsOf) };
    case "ne":
    case "not_in":
      // JSON's null is no value.
      return { notIn: asList(value).flatMap(meaningsOf), isNull: false };
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return { [comparison]: comparable(value) };
    default:
      return { [operators[comparison] ?? comparison]: value };
  }
}

/** Filters of REST lists on what stands at a path inside JSON. */
export const insideParameter: Parameter = {
  comparisons: texts,
  read: (text) => {
    const scalar = scalarOf(text);
    const complaint = scalar instanceof ExactNumber ? numberComplaint(scalar) : null;
    return complaint === null ? { value: text } : { complaint };
  },
  values: () => ({
    name: "Inside",
    schema: { type: ["string", "number", "boolean"], minLength: 1 },
  }),
  isInside: true,
  condition: (field, comparison, value, path) => ({
    [field]: [{ path, ...comparedInside(comparison, value) }],
  }),
};

/** The `+` of an offset reads as a space where it was not percent-encoded. */
export function withPlus(text: string): string {
  return text.replace(/([T ][\d:.]+ ?) (?=\d\d(?::?\d\d)?$)/i, "$1+");
}
