import { isDeepStrictEqual } from "node:util";
import { newId } from "../lib/new-id.ts";
import { snakeCase } from "../lib/text.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import { param, raw, sql, type Sql } from "../lib/sql.ts";

/** What happened to a record. */
export type ChangeOperation = "created" | "updated" | "deleted" | "restored";

type Values = Readonly<Record<string, unknown>>;
type Event = {
  readonly id: string;
  readonly app_id: string | null;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly operation: ChangeOperation;
  readonly version: number;
  /** The record's own `updated_at`: just after the last write, if this one waited for it. */
  readonly occurred_at: string;
  /** REST name → [old, new]. */
  readonly changes: Record<string, readonly [unknown, unknown]>;
};

/** The kind of lock that writers of a tenant's log take turns by; any number that no other part uses. */
const logLock = 4_715_003;

/** The most events in one statement: a deletion can take very many records along. */
const eventsPerStatement = 5_000;

/** What every event says anyway, or no event may say. */
const unsaid: ReadonlySet<string> = new Set([
  "id",
  "tenantId",
  "version",
  "updatedAt",
  "updatedBy",
  "secretHash",
]);

const known = new WeakMap<Entity, readonly [string, Field, string][]>();

/** The fields that a record's events tell, each with its definition and its REST name. */
export function loggedFields(entity: Entity): readonly [string, Field, string][] {
  let fields = known.get(entity);
  if (fields === undefined) {
    fields = Object.entries({ ...entity.fields, ...entity.internal })
      .filter(
        ([field, definition]) =>
          !unsaid.has(field) && !definition.generated && definition.computed === null,
      )
      .map(([field, definition]) => [field, definition, snakeCase(field)]);
    known.set(entity, fields);
  }
  return fields;
}

/** The change events of one transaction, one for each state that a record went through. */
export class EventLog {
  readonly #tenantId: string;
  readonly #actor: string;
  readonly #now: string;
  readonly #events: Event[] = [];
  /** The latest event of each record. */
  readonly #latest = new Map<string, Event>();

  constructor(options: { tenantId: string; actor: string; now: string }) {
    this.#tenantId = options.tenantId;
    this.#actor = options.actor;
    this.#now = options.now;
  }

  /** A record was written: what it was (null when it is new), and what it is. */
  add(entity: Entity, operation: ChangeOperation, before: Values | null, after: Values): void {
    const changes: Event["changes"] = {};
    for (const [field, , rest] of loggedFields(entity)) {
      const [old, current] = [before?.[field] ?? null, after[field] ?? null];
      if (old !== current && !isDeepStrictEqual(old, current)) changes[rest] = [old, current];
    }
    const event: Event = {
      id: newId(),
      app_id: typeof after["appId"] === "string" ? after["appId"] : null,
      entity_type: entity.type,
      entity_id: String(after["id"]),
      operation,
      version: Number(after["version"] ?? 1),
      occurred_at: typeof after["updatedAt"] === "string" ? after["updatedAt"] : this.#now,
      changes,
    };
    this.#events.push(event);
    this.#latest.set(`${entity.type} ${event.entity_id}`, event);
  }

  /** Adds to the record's latest event what is no column of it. */
  note(entity: Entity, id: string, field: string, before: unknown, after: unknown): void {
    const event = this.#latest.get(`${entity.type} ${id}`);
    if (event === undefined) throw new Error(`nothing was written of ${entity.name} ${id}`);
    event.changes[field] = [before, after];
  }

  /**
   * The statements that write the events; the transaction commits right behind them. Writers of a tenant take turns
   * from here on, so that positions are handed out in the order of the commits, without gaps. The lock only spares
   * them from failing: a second one with the same position would be refused by the index and run again.
   */
  statements(): Sql[] {
    if (this.#events.length === 0) return [];
    const tenant = param(this.#tenantId, "uuid");
    const statements = [
      sql`SELECT pg_advisory_xact_lock(${raw(String(logLock))}, hashtext(${param(this.#tenantId, "text")}))`,
    ];
    for (let start = 0; start < this.#events.length; start += eventsPerStatement) {
      const events = this.#events.slice(start, start + eventsPerStatement);
      const end = start + events.length === this.#events.length ? events.length : 0;
      statements.push(sql`INSERT INTO change_events (tenant_id, id, position, ends_transaction, app_id, entity_type, entity_id, operation, version, actor, occurred_at, changes)
        SELECT ${tenant}, e.id, l.position + e.place, e.place = ${param(end, "integer")}, e.app_id, e.entity_type, e.entity_id, e.operation, e.version, ${param(
          this.#actor,
          "text",
        )}, e.occurred_at, e.changes
        FROM (SELECT coalesce(max(position), 0) AS position FROM change_events WHERE tenant_id = ${tenant}) l,
        ROWS FROM (json_to_recordset(${param(
          JSON.stringify(events),
          "json",
        )}) AS (id uuid, app_id text, entity_type text, entity_id uuid, operation change_operation, version integer, occurred_at timestamptz, changes jsonb)) WITH ORDINALITY AS e(id, app_id, entity_type, entity_id, operation, version, occurred_at, changes, place)
        ORDER BY e.place RETURNING 1`);
    }
    return statements;
  }
}
