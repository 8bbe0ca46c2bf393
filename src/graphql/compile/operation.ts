import { render, sql, type Statement } from "../../lib/sql.ts";
import type { Compilation, Selected } from "./compilation.ts";
import { objectOf, textOf } from "./json.ts";

/** A statement, and whether its plan depends on what is looked for. */
export type CompiledStatement = Statement & { readonly isPlannedEach: boolean };

/** The one statement that answers a query: a single text, the answer's data. */
export function queryStatement(c: Compilation, fields: readonly Selected[]): CompiledStatement {
  const json = objectOf(fields.map((field) => [field.key, c.fieldJson(null, field)] as const));
  return { ...render(sql`SELECT ${textOf(json)}`), isPlannedEach: c.looksForText };
}
