import { isRecord, jsonComplaint } from "../../lib/json.ts";
import type { Kind, Scalar } from "../kind.ts";
import { jsonScalar } from "./json.ts";
import { filled } from "./parts/base.ts";
import { jsonFilter } from "./parts/json-filter.ts";
import { jsonLike, jsonSchema } from "./parts/json-like.ts";
import { insideParameter } from "./parts/parameters.ts";

const jsonObjectScalar: Scalar<"JSONObject", unknown, unknown> = {
  ...jsonScalar,
  name: "JSONObject",
  description: "A JSON object.",
};

const jsonObjectSchema = jsonSchema
  .refine(isRecord, "must be a JSON object")
  .meta({ type: "object", additionalProperties: true });

/** A JSON object. */
export const jsonObject = {
  ...jsonLike,
  name: "jsonObject",
  scalar: jsonObjectScalar,
  schema: () => ({ type: "object", additionalProperties: true }),
  input: () => ({ schema: jsonObjectSchema, type: { scalar: jsonScalar } }),
  empty: {},
  // Keys that are null in the patch go; those that are stored as null stay.
  patched: (before, patch) => {
    const [stored, sent] = [Object.entries(Object(before)), Object.entries(Object(patch))];
    const named = new Set(sent.map(([key]) => key));
    return Object.fromEntries([
      ...stored.filter(([key]) => !named.has(key)),
      ...sent.filter(([, value]) => value !== null),
    ]);
  },
  merged: (into, from) => {
    if (!isRecord(into) || !isRecord(from)) return filled(into, from);
    const both = { ...from, ...into };
    return jsonComplaint(both) === null ? both : into;
  },
  filter: jsonFilter(jsonScalar),
  parameter: insideParameter,
} as const satisfies Kind;
