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

/**
 * The states of an entity's records around some events of theirs, which are given in the order of the log and without
 * a gap for each record. They are worked out backwards: the row as it is now with the changes of later events undone.
 */
export async function statesAround(
  source: LogSource,
  entity: Entity,
  rows: readonly LogRow[],
): Promise<States[]> {
  const fields = fieldsOf(entity);
  const known = await read(source, entity, rows);
  const states: States[] = [];
  const reached = new Map<string, Values>();
  const byRecord = Map.groupBy(rows, ({ event }) => String(event["recordId"]));
  for (const [id, own] of byRecord) {
    const record = known.get(id);
    // Without its row nothing is known of it, and nobody may see it.
    if (record === undefined) continue;
    reached.set(id, record.last);
    for (const [index, { position, event }] of [...own.entries()].toReversed()) {
      const stamp = own[index - 1];
      const after = { ...reached.get(id), ...stampOf(entity, event) };
      const earlier = stamp === undefined ? record.stampBefore : stampOf(entity, stamp.event);
      const before = { ...after, ...undone(fields, event["changes"]), ...earlier };
      reached.set(id, before);
      states.push({
        position,
        before: event["operation"] === "created" ? null : whole(entity, id, before),
        after: whole(entity, id, after),
      });
    }
  }
  return states;
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
