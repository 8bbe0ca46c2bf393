import { name, param, render, sql, type Sql } from "../lib/sql.ts";
import type { Entity } from "../model/entity.ts";
import { writtenColumns, type Column } from "../write/stored.ts";
import type { Question } from "./listening.ts";
import type { LogSource } from "./log.ts";

/** What questions read of an entity's records. The rest of a record is neither worked out nor sent to PostgreSQL. */
export type Judged = {
  readonly entity: Entity;
  readonly columns: readonly Column[];
  /** The columns that PostgreSQL generates out of those, as the end of a list of a SELECT. */
  readonly generated: string;
};

/** A column of the row `t`, and the row itself. */
const readOfRow = /(?<![\w."'])t\.("?)(?<column>\w+)\1|(?<![\w."'])t(?![\w."'])/g;

/** What some questions read. */
export async function judgedBy(
  source: LogSource,
  entity: Entity,
  questions: readonly Question[],
): Promise<Judged> {
  const known = writtenColumns(entity);
  const generatedColumns = await generatedOf(source, entity);
  const read = new Set<string>();
  for (const condition of questions.flatMap(({ matches, seen }) => [matches, seen])) {
    for (const { groups } of textOf(condition).matchAll(readOfRow)) {
      const column = groups?.["column"];
      // The whole row.
      if (column === undefined) for (const one of known) read.add(one.definition.column);
      else read.add(column);
    }
  }
  let generated = "";
  for (const [column, expression] of generatedColumns) {
    if (!read.has(column)) continue;
    generated += `, (${expression}) AS ${name(column)}`;
    // A word too many does no harm.
    for (const word of expression.match(/\w+/g) ?? []) read.add(word);
  }
  const fields = new Set<string>();
  for (const { field, definition } of known) {
    if (!read.has(definition.column)) continue;
    fields.add(field);
    for (const one of definition.computed?.of ?? []) fields.add(one);
  }
  return { entity, generated, columns: known.filter(({ field }) => fields.has(field)) };
}

const textOf = (condition: Sql): string => render(condition).text;

const generated = new WeakMap<Entity, ReadonlyMap<string, string>>();

/** The columns that PostgreSQL generates, with the expressions that it has for them. */
async function generatedOf(
  { db }: LogSource,
  entity: Entity,
): Promise<ReadonlyMap<string, string>> {
  const known = generated.get(entity);
  if (known !== undefined) return known;
  const { text, values } = render(sql`SELECT a.attname, pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = ${param(name(entity.table), "regclass")} AND a.attgenerated <> '' ORDER BY a.attnum`);
  const rows = await db.rows(text, values);
  const columns = new Map(
    rows.map(([column, expression]) => [column ?? "", expression ?? ""] as const),
  );
  generated.set(entity, columns);
  return columns;
}
