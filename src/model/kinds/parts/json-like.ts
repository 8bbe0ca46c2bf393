import { z } from "zod";
import { parseJson } from "../../../lib/exact-number.ts";
import { composedJson, jsonComplaint } from "../../../lib/json.ts";
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

/** What kinds have in common whose values are JSON. Numbers inside keep all digits. */
export const jsonLike = {
  ...base,
  sqlType: "jsonb",
  read: parseJson,
  plain: parseJson,
  printer: () => (cell) => cell,
  printedAs: "json",
  isSortable: false,
  isLong: true,
  parameter: null,
} as const satisfies Partial<Kind>;
