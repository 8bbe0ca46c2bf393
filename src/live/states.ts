import { isRecord } from "../lib/json.ts";
import { name, param, raw, render, sql } from "../lib/sql.ts";
import { snakeCase } from "../lib/text.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import type { Stored } from "../model/record.ts";
import { parseJson } from "../lib/exact-number.ts";
import {
  computedValues,
  readPlain,
  readStored,
  storedColumns,
  writtenColumns,
} from "../write/stored.ts";
import type { LogRow, LogSource } from "./log.ts";

type Values = Readonly<Record<string, unknown>>;

/** A record before an event and after it; null while it does not exist. */
export type States = {
  readonly position: bigint;
  readonly before: Stored | null;
  readonly after: Stored;
};

/** A record as it stands, with what later events changed undone, and the stamps of the event before its first one. */
type Known = { readonly last: Values; readonly stampBefore: Values };

/** The most records whose states are kept between two pages. */
const mostKept = 5_000;

/**
 * What the records were after the last events that a reader of the log has seen of them, for one that goes on page by
 * page: their states are worked out once, and not with all later events of the log for each page anew.
 */
export class SeenStates {
  /** The place in the log up to which they hold. */
  position = "0";
  readonly #states = new Map<string, Values>();
  readonly #most: number;

  constructor(most = mostKept) {
    this.#most = most;
  }

  /** Forgets all unless it goes on where it was, at the end of a page that was read to its end. */
  startAt(position: string): void {
    if (this.position !== position) this.#states.clear();
    this.position = "";
  }

  get({ type }: Entity, id: string): Values | undefined {
    return this.#states.get(`${type} ${id}`);
  }

  /** Keeps the state of a record; of too many those that have not been seen for the longest time are forgotten. */
  put({ type }: Entity, id: string, state: Values): void {
    const key = `${type} ${id}`;
    this.#states.delete(key);
    this.#states.set(key, state);
    if (this.#states.size <= this.#most) return;
    const [oldest = ""] = this.#states.keys();
    this.#states.delete(oldest);
  }
}

/**
 * The states of an entity's records around some events of theirs, which are given in the order of the log and without
 * a gap for each record. A record that was seen before goes on from there. Of others they are worked out backwards: the
 * row as it is now with the changes of later events undone.
 */
export async function statesAround(
  source: LogSource,
  entity: Entity,
  rows: readonly LogRow[],
  seen = new SeenStates(),
): Promise<States[]> {
  const byRecord = Map.groupBy(rows, ({ event }) => String(event["recordId"]));
  const unknown = rows.filter(({ event }) => !seen.get(entity, String(event["recordId"])));
  const known =
    unknown.length === 0 ? new Map<string, Known>() : await read(source, entity, unknown);
  return [...byRecord].flatMap(([id, own]) => {
    const chain = chainOf(entity, own, seen.get(entity, id), known.get(id));
    // Without its row nothing is known of it, and nobody may see it.
    if (chain === null) return [];
    seen.put(entity, id, chain.at(-1) ?? {});
    const states = chain.map((values) => whole(entity, id, values));
    return own.map(({ position, event }, index) => ({
      position,
      before: event["operation"] === "created" ? null : (states[index] ?? null),
      after: states[index + 1] ?? whole(entity, id, {}),
    }));
  });
}

/** A record before some events of it and after each of them; null if nothing is known of it. */
function chainOf(
  entity: Entity,
  events: readonly LogRow[],
  before: Values | undefined,
  now: Known | undefined,
): Values[] | null {
  if (before !== undefined) return [before, ...forwards(entity, events, before)];
  return now === undefined ? null : backwards(entity, events, now);
}

/** Out of what it was after the last one. */
function backwards(
  entity: Entity,
  events: readonly LogRow[],
  { last, stampBefore }: Known,
): Values[] {
  const fields = fieldsOf(entity);
  const chain: Values[] = [{ ...last, ...stampOf(entity, events.at(-1)?.event ?? {}) }];
  for (const [index, { event }] of [...events.entries()].toReversed()) {
    const ahead = events[index - 1];
    const stamp = ahead === undefined ? stampBefore : stampOf(entity, ahead.event);
    chain.unshift({ ...chain[0], ...undone(fields, event["changes"]), ...stamp });
  }
  return chain;
}

/** The record after each event, out of what it was before the first one. */
function forwards(entity: Entity, events: readonly LogRow[], before: Values): Values[] {
  const fields = fieldsOf(entity);
  let state = before;
  return events.map(({ event }) => {
    state = { ...state, ...done(fields, event["changes"]), ...stampOf(entity, event) };
    return state;
  });
}

const whole = (entity: Entity, id: string, values: Values): Stored => ({
  ...values,
  ...computedValues(entity, values),
  id,
});

/** The version and the stamps of a record that an event says, for all events do. */
function stampOf({ fields }: Entity, event: Values): Values {
  const at = event["occurredAt"];
  return {
    ...(fields["version"] === undefined ? {} : { version: event["version"] }),
    ...(fields["updatedAt"] === undefined
      ? {}
      : { updatedAt: at instanceof Date ? at.toISOString() : at, updatedBy: event["actor"] }),
  };
}

/** The old values of the fields in an event's changes. */
const undone = (fields: ReadonlyMap<string, string>, changes: unknown): Values =>
  named(fields, changes, (pair: unknown) => (Array.isArray(pair) ? pair[0] : null));

/** The new ones. */
const done = (fields: ReadonlyMap<string, string>, changes: unknown): Values =>
  named(fields, changes, (pair: unknown) => (Array.isArray(pair) ? pair[1] : null));

/** What stands under the fields' names in the log; the log also tells of links, which are no fields. */
function named(
  fields: ReadonlyMap<string, string>,
  told: unknown,
  valueOf: (told: unknown) => unknown,
): Values {
  if (!isRecord(told)) return {};
  return Object.fromEntries(
    Object.entries(told).flatMap(([key, value]) => {
      const field = fields.get(key);
      return field === undefined ? [] : [[field, valueOf(value) ?? null]];
    }),
  );
}

const known = new WeakMap<Entity, ReadonlyMap<string, string>>();

/** The written fields by their names in the log. */
function fieldsOf(entity: Entity): ReadonlyMap<string, string> {
  let fields = known.get(entity);
  if (fields === undefined) {
    fields = new Map(writtenColumns(entity).map(({ field }) => [snakeCase(field), field]));
    known.set(entity, fields);
  }
  return fields;
}

/** Reads the records of some events as they were after the last of these, in one snapshot. */
async function read(
  { tenantId, db, catalog }: LogSource,
  entity: Entity,
  rows: readonly LogRow[],
): Promise<Map<string, Known>> {
  const firsts = new Map<string, bigint>();
  const lasts = new Map<string, bigint>();
  for (const { position, event } of rows) {
    const id = String(event["recordId"]);
    if (!firsts.has(id)) firsts.set(id, position);
    lasts.set(id, position);
  }
  const tenant = param(tenantId, "uuid");
  const own = sql`tenant_id = ${tenant} AND entity_type = ${param(entity.type, "text")} AND entity_id = r.id`;
  // Of the values that a field had, the oldest of the later ones stands: JSON objects keep the last that is put in.
  const { text, values } =
    render(sql`SELECT r.id, undo.old, p.version, p.occurred_at, p.actor, ${storedColumns(entity)}
    FROM unnest(${param([...firsts.keys()], "uuid[]")}, ${param([...firsts.values()].map(String), "bigint[]")}, ${param([...lasts.values()].map(String), "bigint[]")}) AS r(id, first, last)
    JOIN ${raw(name(entity.table))} t ON t.${raw(name(entity.tenantColumn))} = ${tenant} AND t."id" = r.id
    LEFT JOIN LATERAL (SELECT jsonb_object_agg(c.key, c.value -> 0 ORDER BY l.position DESC)::text AS old
      FROM (SELECT position, changes FROM change_events WHERE ${own} AND position > r.last) l, jsonb_each(l.changes) c) undo ON TRUE
    LEFT JOIN LATERAL (SELECT version, occurred_at, actor FROM change_events WHERE ${own} AND position < r.first ORDER BY position DESC LIMIT 1) p ON TRUE`);
  const fields = fieldsOf(entity);
  const occurredAt = fieldOf(catalog.entity("changeEvent"), "occurredAt");
  const found = await db.rows(text, values);
  return new Map(
    found.map((cells) => {
      const old = parseJson(cells[1] ?? "{}");
      const last = {
        ...readStored(entity, cells.slice(5)),
        ...named(fields, old, (value) => value),
      };
      // Unknown where the log does not go back so far.
      const stampBefore = stampOf(entity, {
        version: cells[2] == null ? null : Number(cells[2]),
        occurredAt: readPlain(occurredAt, cells[3] ?? null),
        actor: cells[4] ?? null,
      });
      return [cells[0] ?? "", { last, stampBefore }];
    }),
  );
}
