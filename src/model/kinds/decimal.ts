import { z } from "zod";
import { canonicalDecimal, decimalPattern, readDecimal } from "../../lib/decimal.ts";
import { sql } from "../../lib/sql.ts";
import type { Kind, Scalar } from "../kind.ts";
import { base } from "./parts/base.ts";
import { filterBy } from "./parts/operators.ts";
import { custom } from "./parts/issue.ts";
import { decimalOfText } from "./parts/number-text.ts";
import { ordered, parameter } from "./parts/parameters.ts";
import { orderedOperators } from "./parts/whole.ts";

export const decimalSchema = z
  .union(
    [z.string().meta({ pattern: decimalPattern }), z.number()],
    'must be a decimal: text such as "10.5", or a number',
  )
  .transform((sent, context) => {
    const reading = readDecimal(sent);
    if ("value" in reading) return reading.value;
    context.issues.push(custom(reading.complaint, sent));
    return null;
  });

export const decimalScalar: Scalar<"Decimal", string, string> = {
  name: "Decimal",
  description:
    'An exact decimal number, printed as a canonical string ("1000", "10.5"). As input a string or a number, at most 15 integer and 4 fraction digits.',
  specifiedByURL: null,
  literals: ["string", "int", "float"],
  expected: "a string or a number is expected",
  parse: (sent) => {
    const reading = readDecimal(sent);
    return "value" in reading
      ? reading
      : { complaint: { ...reading.complaint, complaint: "decimalFault" } };
  },
  serialize: canonicalDecimal,
  readsDigits: true,
};

/** A number with up to four fraction digits; it is text everywhere but in REST's JSON, where its digits are printed. */
export const decimal = {
  ...base,
  name: "decimal",
  sqlType: "numeric",
  scalar: decimalScalar,
  plain: canonicalDecimal,
  printer: ({ decimals }) =>
    decimals === "number" ? canonicalDecimal : (cell) => `"${canonicalDecimal(cell)}"`,
  printedSql: (value, { decimals }) =>
    decimals === "number" ? sql`trim_scale(${value})` : sql`trim_scale(${value})::text`,
  printedAs: ({ decimals }) => (decimals === "number" ? "json" : "plain"),
  schema: (_field, { decimals }) => ({ type: decimals === "number" ? "number" : "string" }),
  fromText: (text, { decimals }, { isPercent }) => decimalOfText(text, decimals, isPercent),
  figures: { adds: true, compares: true, groups: false, periods: null },
  input: () => ({ schema: decimalSchema, type: { scalar: decimalScalar } }),
  filter: filterBy({
    type: { name: "DecimalFilter", about: "a decimal" },
    scalar: decimalScalar,
    operators: orderedOperators,
  }),
  parameter: parameter(
    ordered,
    "Decimal",
    { type: ["number", "string"], pattern: decimalPattern },
    readDecimal,
  ),
} as const satisfies Kind;
