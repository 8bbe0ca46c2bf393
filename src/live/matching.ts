import { withoutUnseen } from "../changes/seen-before.ts";
import type { Entity } from "../model/entity.ts";
import type { Values } from "../model/record.ts";
import { judgeEvents, judgeStates, type Answers, type Sight } from "./judge.ts";
import { judgedBy } from "./judged.ts";
import {
  prepare,
  type Listening,
  type LiveEvent,
  type Prepared,
  type Question,
} from "./listening.ts";
import { readLog, type LogPage, type LogRow, type LogSource } from "./log.ts";
import { type SeenStates, statesAround } from "./states.ts";

/** What those who ask a question are told of an event. */
type Told = Omit<LiveEvent, "position">;

/** The events of a page that a listening matches, and how many did not match its filter; or why PostgreSQL refused it. */
export type Matched = { readonly events: readonly LiveEvent[]; readonly unmatched: number } | Error;

/** Of a page that has nothing for a listening. */
export const nothing: Exclude<Matched, Error> = { events: [], unmatched: 0 };

type Reading = {
  readonly after: string;
  readonly limit: number;
  /** For a reader that goes on page by page. */
  readonly seen?: SeenStates;
};

/**
 * Events behind a position that match, out of at most `limit` events of the log. `position` is where to go on, which
 * may lie behind the last one. The log and each record's states are read in one snapshot each.
 *
 * @throws GatewayError FORBIDDEN if the actor may not read it, CURSOR_EXPIRED if the next events are no longer kept.
 */
export async function readMatching(
  source: LogSource,
  listening: Listening,
  { after, limit, seen }: Reading,
): Promise<{
  readonly events: readonly LiveEvent[];
  /** How many events were judged by its filter and did not match. */
  readonly unmatched: number;
  readonly position: string;
  readonly isAtEnd: boolean;
}> {
  const prepared = prepare(source.catalog, listening);
  const page = await readLog(source, BigInt(after), limit);
  seen?.startAt(after);
  const matched = (await match(source, page, [prepared], seen)).get(prepared.key) ?? nothing;
  if (matched instanceof Error) throw matched;
  if (seen !== undefined)
    seen.position = isFollowed(prepared, page.rows) ? String(page.position) : "";
  return { ...matched, position: String(page.position), isAtEnd: page.isAtEnd };
}

/** Matches a page of the log with many listenings, in few statements; gives the events of each by its key. */
export async function match(
  source: LogSource,
  { rows }: Pick<LogPage, "rows">,
  listenings: readonly Prepared[],
  seen?: SeenStates,
): Promise<Map<string, Matched>> {
  const distinct = new Map(listenings.map((prepared) => [prepared.key, prepared]));
  const questions = new Map<string, Question>();
  for (const prepared of distinct.values()) {
    const { question } = prepared;
    if (question !== null && rows.some((row) => concerns(prepared, row)))
      questions.set(question.key, question);
  }
  const answers = await answer(source, rows, [...questions.values()], seen);
  return new Map([...distinct].map(([key, prepared]) => [key, matchedBy(prepared, rows, answers)]));
}

/** Whether the states of records go on over a page: one of which nothing is asked is not judged. */
const isFollowed = (prepared: Prepared, rows: readonly LogRow[]): boolean =>
  rows.some((row) => concerns(prepared, row)) ||
  !rows.some(({ event }) => event["recordType"] === prepared.question?.entity?.type);

/** Whether an event is of the kinds, operations and record of a listening. */
function concerns({ kinds, operations, record }: Prepared, { event }: LogRow): boolean {
  const { recordType, operation, recordId } = event;
  return (
    kinds.has(String(recordType)) &&
    (operations === null || operations.some((one) => one === operation)) &&
    (record === null || record.id === null || record.id === recordId)
  );
}

function matchedBy(
  prepared: Prepared,
  rows: readonly LogRow[],
  answers: ReadonlyMap<string, ReadonlyMap<bigint, Told> | Error>,
): Matched {
  const { question } = prepared;
  const told = question === null ? null : (answers.get(question.key) ?? new Map<bigint, Told>());
  if (told instanceof Error) return told;
  const asked = rows.filter((row) => concerns(prepared, row));
  const events = asked.flatMap(({ position, event }) => {
    const one = told === null ? { event, transition: null } : told.get(position);
    return one === undefined ? [] : [{ position: String(position), ...one }];
  });
  return { events, unmatched: asked.length - events.length };
}

/** The answers to questions about the events of a page. */
async function answer(
  source: LogSource,
  rows: readonly LogRow[],
  questions: readonly Question[],
  seen: SeenStates | undefined,
): Promise<Map<string, Map<bigint, Told> | Error>> {
  const answers = new Map<string, Map<bigint, Told> | Error>();
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return answers;
  for (const [entity, asked] of Map.groupBy(questions, (question) => question.entity)) {
    if (entity !== null) {
      const found = await transitions(source, entity, rows, asked, seen);
      for (const [key, told] of found) answers.set(key, told);
      continue;
    }
    const found = await judgeEvents(
      source,
      { after: first.position - 1n, to: last.position },
      asked,
    );
    for (const { key, appId } of asked) {
      const matches = found.get(key) ?? [];
      const tell = ({ position, event }: LogRow, index: number): [bigint, Told][] =>
        matches instanceof Error || matches[index] !== true
          ? []
          : [[position, { event: withoutUnseen(event, appId), transition: null }]];
      answers.set(key, matches instanceof Error ? matches : new Map(rows.flatMap(tell)));
    }
  }
  return answers;
}

/** What the events of a page did to the lists of an entity's records that are asked for. */
async function transitions(
  source: LogSource,
  entity: Entity,
  rows: readonly LogRow[],
  questions: readonly Question[],
  seen: SeenStates | undefined,
): Promise<Map<string, Map<bigint, Told> | Error>> {
  const own = rows.filter(({ event }) => event["recordType"] === entity.type);
  const judged = await judgedBy(source, entity, questions);
  const states = await statesAround(source, judged, own, seen);
  const events = new Map(own.map(({ position, event }) => [position, event]));
  // Each state once: what a record is after an event, it is before its next one.
  const places = new Map<Values, number>();
  for (const state of states.flatMap(({ before, after }) => [before, after])) {
    if (state !== null && !places.has(state)) places.set(state, places.size);
  }
  const asked = [...places.keys()];
  const found = await judgeStates(source, judged, asked, questions);
  const tellBy = ({ appId }: Question, sights: Answers<Sight>): Map<bigint, Told> | Error => {
    if (sights instanceof Error) return sights;
    const sightOf = (state: Values | null): Sight | null =>
      state === null ? null : (sights[places.get(state) ?? -1] ?? null);
    return new Map(
      states.flatMap(({ position, before, after }) => {
        const was = sightOf(before);
        const is = sightOf(after);
        const event = events.get(position);
        const transition = transitionOf(was, is);
        if (transition === null || event === undefined) return [];
        return [[position, { event: asSeen(event, is, appId), transition }]];
      }),
    );
  };
  return new Map(
    questions.map((question) => [question.key, tellBy(question, found.get(question.key) ?? [])]),
  );
}

function transitionOf(was: Sight | null, is: Sight | null): Told["transition"] {
  if (is?.matches === true) return was?.matches === true ? "changed" : "entered";
  return was?.matches === true ? "left" : null;
}

/** The event without what the viewer could not see: of a record that was another's before, or is another's now. */
function asSeen(event: LogRow["event"], is: Sight | null, appId: string | null): LogRow["event"] {
  if (is?.seen !== true) return { ...event, appId: null, actor: null, changes: {} };
  return withoutUnseen(event, appId);
}
