import { join, raw, render, sql, type Statement } from "../../lib/sql.ts";
import { holdsLong } from "../limits/planned-field.ts";
import { boundedText } from "./bounded.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { objectOf, textOf } from "./json.ts";
import { joinsOf } from "./row-sql.ts";

/** A statement, and whether its plan depends on what is looked for. */
export type CompiledStatement = Statement & { readonly isPlannedEach: boolean };

/**
 * The one statement that answers a query: one row with the answer's data as text, and what it cost, which is null where
 * only the text tells.
 */
export function queryStatement(c: Compilation, fields: readonly Selected[]): CompiledStatement {
  const json = objectOf(fields.map((field) => [field.key, c.fieldJson(null, field)] as const));
  const { cost, costs } = c.root;
  const charged = c.costsByText ? raw("NULL") : join([raw(String(cost)), ...costs], " + ");
  const text = c.planned.some(holdsLong) ? boundedText(textOf(json)) : textOf(json);
  const from = c.root.joins.length === 0 ? raw("") : sql` FROM (VALUES (0)) z${joinsOf(c.root)}`;
  return {
    ...render(sql`SELECT ${text}, ${charged}${from}`),
    isPlannedEach: c.isPlannedEach,
  };
}
