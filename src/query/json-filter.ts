import { badInput } from "../lib/errors.ts";
import { ExactNumber } from "../lib/exact-number.ts";
import { assertStorable } from "../lib/text.ts";
import { filterPattern, type Filter } from "./filter-value.ts";
import { all, param, raw, sql, type Sql } from "./sql.ts";

/** As deep as custom fields may be. */
const maxJsonDepth = 20;
const orders: Readonly<Record<string, string>> = { gt: ">", gte: ">=", lt: "<", lte: "<=" };
/** A condition on what stands at a path inside a JSON column. */
export function jsonCondition(column: Sql, filter: Filter, path: readonly string[]): Sql {
  const { path: steps, ...operators } = filter;
  const isText = (step: unknown): step is string => typeof step === "string";
  if (!Array.isArray(steps) || !steps.every(isText)) {
    throw badInput(`${path.join(".")}.path: name the keys that lead to the value.`, [
      ...path,
      "path",
    ]);
  }
  for (const step of steps) assertStorable(step, [...path, "path"]);
  const location = param(steps, "text[]");
  const value = sql`(${column} #> ${location})`;
  const text = sql`(${column} #>> ${location})`;

  const conditions = Object.entries(operators)
    .filter(([, operand]) => operand !== undefined)
    .map(([operator, operand]) => {
      const at = [...path, operator];
      // JSON has a null of its own to be equal to; for every other operator null is no value, and matches nothing.
      if (operand === null && operator !== "eq" && operator !== "ne") return raw("NULL::boolean");
      if (operator === "isNull") {
        return operand === true ? sql`${text} IS NULL` : sql`${text} IS NOT NULL`;
      }
      if (operator === "eq") return sql`${value} = ${jsonParam(operand, at)}`;
      if (operator === "ne") return sql`${value} <> ${jsonParam(operand, at)}`;
      const order = orders[operator];
      if (order !== undefined) {
        // jsonb compares unlike types by a fixed rank; only like with like means anything to a person.
        const kind =
          typeof operand === "number" || operand instanceof ExactNumber
            ? "number"
            : typeof operand === "string"
              ? "string"
              : null;
        if (kind === null)
          throw badInput(`${at.join(".")}: compare with a number or a string.`, at);
        return all([
          sql`${value} ${raw(order)} ${jsonParam(operand, at)}`,
          sql`jsonb_typeof(${value}) = ${param(kind, "text")}`,
        ]);
      }
      if (typeof operand !== "string") throw badInput(`${at.join(".")}: a string is expected.`, at);
      assertStorable(operand, at);
      const pattern = filterPattern(operator, operand);
      if (pattern === null) throw badInput(`${at.join(".")}: no such operator.`, at);
      return all([
        sql`${text} ILIKE ${param(pattern, "text")}`,
        sql`jsonb_typeof(${value}) = 'string'`,
      ]);
    });
  return all(conditions);
}

function jsonParam(operand: unknown, path: readonly string[]): Sql {
  assertAllStorable(operand, path);
  return param(JSON.stringify(operand ?? null), "jsonb");
}

/** Every key and text inside, as PostgreSQL would refuse them one by one. */
function assertAllStorable(value: unknown, path: readonly string[], depth = 0): void {
  if (typeof value === "string") return assertStorable(value, path);
  if (typeof value !== "object" || value === null) return;
  if (depth > maxJsonDepth) {
    throw badInput(`${path.join(".")}: a JSON value is at most ${maxJsonDepth} levels deep.`, path);
  }
  for (const [key, inner] of Object.entries(value)) {
    assertStorable(key, path);
    assertAllStorable(inner, path, depth + 1);
  }
}
