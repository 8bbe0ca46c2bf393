import { z } from "zod";
import { parseJson } from "../../../lib/exact-number.ts";
import { composedJson, excessOf, jsonComplaint } from "../../../lib/json.ts";
import { asComplaint } from "../../../lib/messages.ts";
import type { Reading } from "../../../lib/reading.ts";
import type { Kind } from "../../kind.ts";
import { base } from "./base.ts";
import { custom } from "./issue.ts";

/** Any JSON within the limits. */
export const jsonSchema = z
  .unknown()
  .superRefine((value, context) => {
    const complaint = jsonComplaint(value);
    if (complaint !== null) context.addIssue(custom(complaint, value));
  })
  .transform(composedJson);

/** Levels and objects that are looked at before a text is parsed; what is stored may have less. */
const most = { levels: 30, objects: 10_000 };

/** The JSON in a cell. */
export function jsonOfText(text: string): Reading<unknown> {
  try {
    if (excessOf(text, most) === null) return { value: parseJson(text) };
    return { complaint: { complaint: "jsonTooDeep", max: 20 } };
  } catch {
    return { complaint: asComplaint('must be JSON, such as {"size": "XL"} or ["a", "b"]') };
  }
}

/** What kinds have in common whose values are JSON. Numbers inside keep all digits. */
export const jsonLike = {
  ...base,
  sqlType: "jsonb",
  fromText: jsonOfText,
  read: parseJson,
  plain: parseJson,
  printer: () => (cell) => cell,
  printedAs: () => "json",
  isSortable: false,
  isLong: true,
  parameter: null,
} as const satisfies Partial<Kind>;
