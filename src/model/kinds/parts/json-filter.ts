import { badInput } from "../../../lib/errors.ts";
import { ExactNumber } from "../../../lib/exact-number.ts";
import { isRecord, numberComplaint } from "../../../lib/json.ts";
import { sentenceOf } from "../../../lib/messages.ts";
import { all, param, raw, sql, unknown, type Sql } from "../../../lib/sql.ts";
import { readText } from "../../../lib/text.ts";
import type { FieldConditions, FieldFilter, Scalar, Subject } from "../../kind.ts";
import { asList } from "./operators.ts";
import { folded, hasPart, isPartOperator, partDescriptions, readPart } from "./part.ts";

/** As deep as custom fields may be. */
const maxJsonDepth = 20;
const orders: Readonly<Record<string, string>> = { gt: ">", gte: ">=", lt: "<", lte: "<=" };

/** How JSON is filtered: by conditions on what stands at paths inside it. */
export const jsonFilter = (scalar: Scalar): FieldFilter => ({
  type: () => ({ name: "JsonFilter", about: "what stands at a path inside a JSON field" }),
  scalar,
  isList: true,
  slow: null,
  operators: {
    path: {
      description: 'The keys that lead to the value, e.g. `["risk", "score"]`.',
      operand: "texts",
      required: true,
    },
    eq: { description: "Equal to this JSON value.", operand: "value" },
    ne: { description: "There, and not equal to this JSON value.", operand: "value" },
    in: {
      description: "Equal to one of these JSON values. An empty list matches nothing.",
      operand: "values",
    },
    notIn: { description: "There, and equal to none of these JSON values.", operand: "values" },
    gt: {
      description: "Greater than this number or text, and of the same kind.",
      operand: "value",
    },
    gte: {
      description: "Greater than or equal to this number or text, and of the same kind.",
      operand: "value",
    },
    lt: { description: "Less than this number or text, and of the same kind.", operand: "value" },
    lte: {
      description: "Less than or equal to this number or text, and of the same kind.",
      operand: "value",
    },
    contains: { description: partDescriptions.contains, operand: "text" },
    startsWith: { description: partDescriptions.startsWith, operand: "text" },
    endsWith: { description: partDescriptions.endsWith, operand: "text" },
    isNull: { description: "Whether nothing, or JSON null, stands there.", operand: "flag" },
  },
  condition: jsonCondition,
});

/** A condition on what stands at a path inside a JSON column. */
function jsonCondition(
  { value: column, path, count, countText }: Subject,
  conditions: FieldConditions,
): Sql {
  const { path: steps, ...operators } = conditions;
  const isText = (step: unknown): step is string => typeof step === "string";
  if (!Array.isArray(steps) || !steps.every(isText)) {
    throw badInput([...path, "path"], "name the keys that lead to the value.");
  }
  const keys = steps.map((step) => readText(step, [...path, "path"]));
  const location = param(keys, "text[]");
  const value = sql`(${column} #> ${location})`;
  const text = sql`(${column} #>> ${location})`;

  const found = Object.entries(operators)
    .filter(([, operand]) => operand !== undefined)
    .map(([operator, operand]) => {
      const at = [...path, operator];
      // JSON has a null of its own to be equal to; for every other operator null is no value, and matches nothing.
      if (operand === null && operator !== "eq" && operator !== "ne") return unknown;
      if (operator === "isNull") {
        return operand === true ? sql`${text} IS NULL` : sql`${text} IS NOT NULL`;
      }
      if (operator === "eq") return sql`${value} = ${jsonParam(operand, at)}`;
      if (operator === "ne") return sql`${value} <> ${jsonParam(operand, at)}`;
      if (operator === "in" || operator === "notIn") {
        const values = asList(operand);
        count(values.length, at);
        const list = param(
          values.map((one, index) => jsonText(one, [...at, String(index)])),
          "jsonb[]",
        );
        return operator === "in" ? sql`${value} = ANY (${list})` : sql`${value} <> ALL (${list})`;
      }
      const order = orders[operator];
      if (order !== undefined) {
        // jsonb compares unlike types by a fixed rank; only like with like means anything to a person.
        const kind =
          typeof operand === "number" || operand instanceof ExactNumber
            ? "number"
            : typeof operand === "string"
              ? "string"
              : null;
        if (kind === null) throw badInput(at, "compare with a number or a string.");
        return all([
          sql`${value} ${raw(order)} ${jsonParam(operand, at)}`,
          sql`jsonb_typeof(${value}) = ${param(kind, "text")}`,
        ]);
      }
      if (!isPartOperator(operator)) throw badInput(at, { complaint: "noSuchOperator" });
      const part = readPart(operand, at);
      countText(part);
      return all([hasPart(folded(text), operator, part), sql`jsonb_typeof(${value}) = 'string'`]);
    });
  return all(found);
}

const jsonText = (operand: unknown, path: readonly string[]): string =>
  JSON.stringify(readJson(operand, path) ?? null);

const jsonParam = (operand: unknown, path: readonly string[]): Sql =>
  param(jsonText(operand, path), "jsonb");

/** Every key and text inside as it is stored; what PostgreSQL would refuse is refused one by one. */
function readJson(value: unknown, path: readonly string[], depth = 0): unknown {
  if (typeof value === "string") return readText(value, path);
  const complaint = value instanceof ExactNumber ? numberComplaint(value) : null;
  if (complaint !== null) {
    throw badInput(path, { complaint: "whole", text: sentenceOf(path, complaint) });
  }
  if (!Array.isArray(value) && !isRecord(value)) return value;
  if (depth > maxJsonDepth) {
    throw badInput(path, `a JSON value is at most ${maxJsonDepth} levels deep.`);
  }
  if (Array.isArray(value)) return value.map((inner) => readJson(inner, path, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      readText(key, path),
      readJson(inner, path, depth + 1),
    ]),
  );
}
