import { isStatementError } from "../db/statement.ts";
import { join, name, param, raw, render, sql, type Sql } from "../lib/sql.ts";
import type { Values } from "../model/record.ts";
import type { Judged } from "./judged.ts";
import type { Question } from "./listening.ts";
import type { LogSource } from "./log.ts";

/** The most filters in one statement: PostgreSQL plans them all each time. */
const questionsAtOnce = 50;

/** What a state of a record is to those who ask a question. */
export type Sight = {
  /** It is a live record of theirs, and matches. */
  readonly matches: boolean;
  /** They may see it, deleted or not. */
  readonly seen: boolean;
};

/** The answers to a question, in the order of what it was asked of; or why PostgreSQL cannot answer it. */
export type Answers<Answer> = readonly Answer[] | Error;

/** Asks questions of states of records, all in few statements; of those in which they read the same only once. */
export async function judgeStates(
  source: LogSource,
  judged: Judged,
  states: readonly Values[],
  questions: readonly Question[],
): Promise<Map<string, Answers<Sight>>> {
  const places = new Map<string, number>();
  const placeOf = states.map((state) => {
    const row = JSON.stringify(
      Object.fromEntries(
        judged.columns.map(({ field, definition }) => [definition.column, state[field] ?? null]),
      ),
    );
    const place = places.get(row) ?? places.size;
    places.set(row, place);
    return place;
  });
  const from = sql`(${statesSql(judged, [...places.keys()])}) t`;
  const found = await ask(source, questions, {
    conditions: ({ matches, seen }) => [matches, seen],
    statement: (asked) => sql`SELECT ${asked} FROM ${from} ORDER BY t.place`,
  });
  const answers = mapAnswers(found, ([matches, seen]) => ({
    matches: matches === "t",
    seen: seen === "t",
  }));
  return new Map(
    [...answers].map(([key, sights]) => [
      key,
      sights instanceof Error ? sights : placeOf.flatMap((place) => sights[place] ?? []),
    ]),
  );
}

/** Asks questions of the events between two positions, without the first and with the last. */
export async function judgeEvents(
  source: LogSource,
  { after, to }: { readonly after: bigint; readonly to: bigint },
  questions: readonly Question[],
): Promise<Map<string, Answers<boolean>>> {
  const range = sql`t.tenant_id = ${param(source.tenantId, "uuid")} AND t.position > ${param(String(after), "bigint")} AND t.position <= ${param(String(to), "bigint")}`;
  const found = await ask(source, questions, {
    conditions: ({ matches }) => [matches],
    statement: (asked) =>
      sql`SELECT ${asked} FROM change_events t WHERE ${range} ORDER BY t.position`,
  });
  return mapAnswers(found, ([matches]) => matches === "t");
}

function mapAnswers<Answer>(
  found: ReadonlyMap<string, Answers<readonly (string | null)[]>>,
  read: (cells: readonly (string | null)[]) => Answer,
): Map<string, Answers<Answer>> {
  return new Map(
    [...found].map(([key, answers]) => [
      key,
      answers instanceof Error ? answers : answers.map((cells) => read(cells)),
    ]),
  );
}

/** One statement for many questions; one that PostgreSQL refuses is found and answered with its error. */
async function ask(
  source: LogSource,
  questions: readonly Question[],
  how: {
    readonly conditions: (question: Question) => readonly Sql[];
    readonly statement: (asked: Sql) => Sql;
  },
): Promise<Map<string, Answers<readonly (string | null)[]>>> {
  if (questions.length > questionsAtOnce) {
    const first = await ask(source, questions.slice(0, questionsAtOnce), how);
    return new Map([...first, ...(await ask(source, questions.slice(questionsAtOnce), how))]);
  }
  const conditions = questions.map((question) => how.conditions(question));
  const width = conditions[0]?.length ?? 0;
  try {
    const asked = join(conditions.flat(), ", ");
    const { text, values } = render(how.statement(asked));
    const rows = await source.db.rows(text, values, { plannedEach: true });
    return new Map(
      questions.map(({ key }, index) => [
        key,
        rows.map((cells) => cells.slice(index * width, (index + 1) * width)),
      ]),
    );
  } catch (error) {
    if (!isStatementError(error)) throw error;
    const [only] = questions;
    if (only !== undefined && questions.length === 1) return new Map([[only.key, error]]);
    const half = Math.ceil(questions.length / 2);
    const first = await ask(source, questions.slice(0, half), how);
    return new Map([...first, ...(await ask(source, questions.slice(half), how))]);
  }
}

/** States of records as rows of the entity's table, in their order by `place`; only the columns that are read have values. */
function statesSql({ entity, columns, generated }: Judged, rows: readonly string[]): Sql {
  const written = columns.map(({ column }) => `, r.${column}`).join("");
  return sql`SELECT s.*${raw(generated)} FROM (SELECT r.ordinality AS place${raw(written)}
    FROM json_populate_recordset(NULL::${raw(name(entity.table))}, ${param(`[${rows.join(",")}]`, "json")}) WITH ORDINALITY AS r) s`;
}
