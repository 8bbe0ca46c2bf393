import type { Comparison, FieldConditions, JsonSchema, Parameter } from "../../kind.ts";

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

/** The `+` of an offset reads as a space where it was not percent-encoded. */
export function withPlus(text: string): string {
  return text.replace(/([T ][\d:.]+ ?) (?=\d\d(?::?\d\d)?$)/i, "$1+");
}
