import { isRecord } from "../lib/json.ts";
import { join, name, param, raw, render, sql } from "../lib/sql.ts";
import { snakeCase } from "../lib/text.ts";
import { fieldOf } from "../model/entity.ts";
import type { Values } from "../model/record.ts";
import { parseJson } from "../lib/exact-number.ts";
import { computedValue, readPlain } from "../write/stored.ts";
import type { Judged } from "./judged.ts";
import type { LogRow, LogSource } from "./log.ts";

/** The fields of a record that a filter reads, before an event and after it; null while the record does not exist. */
export type States = {
  readonly position: bigint;
  readonly before: Values | null;
  readonly after: Values;
};

/** A record as it stands, with what later events changed undone, and the stamps of the event before its first one. */
type Known = { readonly last: Values; readonly stampBefore: Values };

/** Fields of a record by their names in the log. */
type Named = ReadonlyMap<string, string>;

/** The most values of records that are kept between two pages: of some 4,600 records where 40 fields of each are read. */
const mostKept = 200_000;
/** What a record costs beside its values, in values. */
const valuesBeside = 3;

/**
 * What the records were after the last events that a reader of the log has seen of them, for one that goes on page by
 * page: their states are worked out once, and not with all later events of the log for each page anew.
 */
export class SeenStates {
  /** The place in the log up to which they hold. */
  position = "0";
  /** The entity and fields whose states are kept. */
  #of = "";
  #records = 0;
  readonly #states = new Map<string, Values>();
  readonly #mostValues: number;

  constructor(mostValues = mostKept) {
    this.#mostValues = mostValues;
  }

  /** Forgets all unless it goes on where it was, at the end of a page that was read to its end. */
  startAt(position: string): void {
    if (this.position !== position) this.#states.clear();
    this.position = "";
  }

  /** Forgets all unless the same is read of the same records as before. */
  readOf({ entity, columns }: Judged): void {
    const read = [entity.type, ...columns.map(({ field }) => field)].join(" ");
    if (this.#of !== read) this.#states.clear();
    this.#of = read;
    this.#records = Math.floor(this.#mostValues / (columns.length + valuesBeside));
  }

  get(id: string): Values | undefined {
    return this.#states.get(id);
  }

  /** Keeps the state of a record; of too many those that have not been seen for the longest time are forgotten. */
  put(id: string, state: Values): void {
    this.#states.delete(id);
    this.#states.set(id, state);
    if (this.#states.size <= this.#records) return;
    const [oldest = ""] = this.#states.keys();
    this.#states.delete(oldest);
  }
}

/**
 * The fields that a filter reads, of an entity's records, around some of their events. The events come in the order of
 * the log, and no event of a record is left out. A record that was seen before goes on from there. Of others it is worked
 * out backwards: the row as it is now with the changes of later events undone.
 */
export async function statesAround(
  source: LogSource,
  judged: Judged,
  rows: readonly LogRow[],
  seen = new SeenStates(),
): Promise<States[]> {
  seen.readOf(judged);
  const byRecord = Map.groupBy(rows, ({ event }) => String(event["recordId"]));
  // Taken now: what is put in later may drive them out.
  const before = new Map([...byRecord.keys()].map((id) => [id, seen.get(id)]));
  const unknown = rows.filter(({ event }) => before.get(String(event["recordId"])) === undefined);
  const known =
    unknown.length === 0 ? new Map<string, Known>() : await readRecords(source, judged, unknown);
  const chains = new Chains(judged);
  return [...byRecord].flatMap(([id, own]) => {
    const chain = chains.of(own, before.get(id), known.get(id));
    // Without its row nothing is known of it, and nobody may see it.
    if (chain === null) return [];
    seen.put(id, chain.at(-1) ?? {});
    return own.map(({ position, event }, index) => ({
      position,
      before: event["operation"] === "created" ? null : (chain[index] ?? null),
      after: chain[index + 1] ?? {},
    }));
  });
}

/** Works out what records were before some events of theirs and after each of them. */
class Chains {
  readonly #judged: Judged;
  readonly #fields: Named;

  constructor(judged: Judged) {
    this.#judged = judged;
    this.#fields = namesOf(judged);
  }

  /** Null if nothing is known of the record. */
  of(
    events: readonly LogRow[],
    before: Values | undefined,
    now: Known | undefined,
  ): Values[] | null {
    if (before !== undefined) return this.#forwards(events, before);
    return now === undefined ? null : this.#backwards(events, now);
  }

  /** Out of what it was after the last one. */
  #backwards(events: readonly LogRow[], { last, stampBefore }: Known): Values[] {
    // What the gateway makes of other values stands in the row as it is now, not as it was then.
    let state = this.#made({ ...last, ...stampOf(this.#judged, events.at(-1)?.event ?? {}) });
    const chain = [state];
    for (const [index, { event }] of [...events.entries()].toReversed()) {
      const ahead = events[index - 1];
      const stamp = ahead === undefined ? stampBefore : stampOf(this.#judged, ahead.event);
      state = this.#with(state, { ...undone(this.#fields, event["changes"]), ...stamp });
      chain.unshift(state);
    }
    return chain;
  }

  /** Out of what it was before the first one. */
  #forwards(events: readonly LogRow[], before: Values): Values[] {
    let state = before;
    const after = events.map(({ event }) => {
      const stamp = stampOf(this.#judged, event);
      state = this.#with(state, { ...done(this.#fields, event["changes"]), ...stamp });
      return state;
    });
    return [before, ...after];
  }

  /** The state with other values, and what the gateway makes of them. */
  #with(state: Values, values: Values): Values {
    return Object.keys(values).length === 0 ? state : this.#made({ ...state, ...values });
  }

  /** The state with what the gateway makes of its values. */
  #made(state: Values): Values {
    const computed = this.#judged.columns.flatMap(({ field, definition }) =>
      definition.computed === null ? [] : [[field, computedValue(definition.computed, state)]],
    );
    return { ...state, ...Object.fromEntries(computed) };
  }
}

/** The version and the stamps of a record that an event says, for all events do: those that are read. */
function stampOf({ columns }: Judged, event: Values): Values {
  const at = event["occurredAt"];
  const stamps: Values = {
    version: event["version"],
    updatedAt: at instanceof Date ? at.toISOString() : at,
    updatedBy: event["actor"],
  };
  return Object.fromEntries(
    columns.flatMap(({ field }) => (field in stamps ? [[field, stamps[field]]] : [])),
  );
}

/** The old values of the fields in an event's changes. */
const undone = (fields: ReadonlyMap<string, string>, changes: unknown): Values =>
  named(fields, changes, (pair: unknown) => (Array.isArray(pair) ? pair[0] : null));

/** The new ones. */
const done = (fields: ReadonlyMap<string, string>, changes: unknown): Values =>
  named(fields, changes, (pair: unknown) => (Array.isArray(pair) ? pair[1] : null));

/** What stands under the fields' names in the log; the log also tells of others, and of links. */
function named(fields: Named, told: unknown, valueOf: (told: unknown) => unknown): Values {
  if (!isRecord(told)) return {};
  return Object.fromEntries(
    Object.entries(told).flatMap(([key, value]) => {
      const field = fields.get(key);
      return field === undefined ? [] : [[field, valueOf(value) ?? null]];
    }),
  );
}

const namesOf = ({ columns }: Judged): Named =>
  new Map(columns.map(({ field }) => [snakeCase(field), field]));

/** Reads the records of some events as they were after the last of these, in one snapshot. */
async function readRecords(
  { tenantId, db, catalog }: LogSource,
  judged: Judged,
  rows: readonly LogRow[],
): Promise<Map<string, Known>> {
  const { entity, columns } = judged;
  const firsts = new Map<string, bigint>();
  const lasts = new Map<string, bigint>();
  for (const { position, event } of rows) {
    const id = String(event["recordId"]);
    if (!firsts.has(id)) firsts.set(id, position);
    lasts.set(id, position);
  }
  const fields = namesOf(judged);
  const tenant = param(tenantId, "uuid");
  const own = sql`tenant_id = ${tenant} AND entity_type = ${param(entity.type, "text")} AND entity_id = r.id`;
  const now = columns.map(({ column }) => raw(`, t.${column}`));
  const isStamped = Object.keys(stampOf(judged, {})).length > 0;
  // Of the values that a field had, the oldest of the later ones stands: JSON objects keep the last that is put in.
  const { text, values } =
    render(sql`SELECT r.id, undo.old, ${isStamped ? raw("p.version, p.occurred_at, p.actor") : raw("NULL, NULL, NULL")}${join(now, "")}
    FROM unnest(${param([...firsts.keys()], "uuid[]")}, ${param([...firsts.values()].map(String), "bigint[]")}, ${param([...lasts.values()].map(String), "bigint[]")}) AS r(id, first, last)
    JOIN ${raw(name(entity.table))} t ON t.${raw(name(entity.tenantColumn))} = ${tenant} AND t."id" = r.id
    LEFT JOIN LATERAL (SELECT jsonb_object_agg(c.key, l.changes -> c.key -> 0 ORDER BY l.position DESC)::text AS old
      FROM (SELECT position, changes FROM change_events WHERE ${own} AND position > r.last) l JOIN unnest(${param([...fields.keys()], "text[]")}) AS c(key) ON l.changes ? c.key) undo ON TRUE${isStamped ? sql` LEFT JOIN LATERAL (SELECT version, occurred_at, actor FROM change_events WHERE ${own} AND position < r.first ORDER BY position DESC LIMIT 1) p ON TRUE` : raw("")}`);
  const occurredAt = fieldOf(catalog.entity("changeEvent"), "occurredAt");
  const found = await db.rows(text, values);
  return new Map(
    found.map((cells) => {
      const last = {
        ...Object.fromEntries(
          columns.map(({ field, definition }, index) => [
            field,
            readPlain(definition, cells[index + 5] ?? null),
          ]),
        ),
        ...named(fields, parseJson(cells[1] ?? "{}"), (value) => value),
      };
      // Unknown where the log does not go back so far.
      const stampBefore = stampOf(judged, {
        version: cells[2] == null ? null : Number(cells[2]),
        occurredAt: readPlain(occurredAt, cells[3] ?? null),
        actor: cells[4] ?? null,
      });
      return [cells[0] ?? "", { last, stampBefore }];
    }),
  );
}
