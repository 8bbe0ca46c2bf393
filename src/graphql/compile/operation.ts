import { join, raw, render, sql } from "../../lib/sql.ts";
import { holdsLong } from "../limits/planned-field.ts";
import { boundedText } from "./bounded.ts";
import type { CompiledStatement } from "./call.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { objectOf, textOf } from "./json.ts";
import { joinsOf } from "./row-sql.ts";

/**
 * The statement that answers a query. Its row holds the answer's data as text, and the cost, which is null if it can
 * only be computed from the text.
 */
export function queryStatement(c: Compilation, fields: readonly Selected[]): CompiledStatement {
  const json = objectOf(fields.map((field) => [field.key, c.fieldJson(null, field)] as const));
  const { cost, costs } = c.root;
  const charged = c.costsByText ? raw("NULL") : join([raw(String(cost)), ...costs], " + ");
  const text = c.planned.some(holdsLong) ? boundedText(textOf(json)) : textOf(json);
  const from = c.root.joins.length === 0 ? raw("") : sql` FROM (VALUES (0)) z${joinsOf(c.root)}`;
  const where = c.checks.length === 0 ? raw("") : sql` WHERE ${join(c.checks, " AND ")}`;
  return {
    ...render(sql`SELECT ${text}, ${charged}${from}${where}`),
    isPlannedEach: c.isPlannedEach,
    given: c.given,
  };
}
