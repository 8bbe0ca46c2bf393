import type { Kind, Scalar } from "../kind.ts";
import { filled } from "./parts/base.ts";
import { jsonFilter } from "./parts/json-filter.ts";
import { jsonLike, jsonSchema } from "./parts/json-like.ts";
import { union } from "./parts/union.ts";

export const jsonScalar: Scalar<"JSON", unknown, unknown> = {
  name: "JSON",
  description: "Any JSON value. Numbers keep all digits.",
  specifiedByURL: "http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf",
  literals: "any",
  expected: "a JSON value is expected",
  parse: (value) => ({ value }),
  serialize: null,
  emptiedBy: "an empty one",
};

const jsonListSchema = jsonSchema
  .refine((value) => Array.isArray(value), "must be a JSON list")
  .meta({ type: "array", items: {} });

/** Any JSON. A column of it that is never null holds a list. */
export const json = {
  ...jsonLike,
  name: "json",
  scalar: jsonScalar,
  schema: ({ nullable }) => (nullable ? {} : { type: "array", items: {} }),
  input: ({ nullable }) => ({
    schema: nullable ? jsonSchema : jsonListSchema,
    type: { scalar: jsonScalar },
  }),
  empty: [],
  merged: (into, from, field) =>
    (field.nullable ? null : union(into, from, field)) ?? filled(into, from),
  filter: jsonFilter(jsonScalar),
} as const satisfies Kind;
