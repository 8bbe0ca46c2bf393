import { isDeepStrictEqual } from "node:util";
import { uuidv7 } from "../lib/id.ts";
import { snakeCase } from "../lib/text.ts";
import type { Entity } from "../query/entity.ts";
import { param, sql, type Sql } from "../query/sql.ts";

/** What happened to a record. */
export type ChangeOperation = "created" | "updated" | "deleted" | "restored";

type Values = Readonly<Record<string, unknown>>;
type Event = {
  readonly id: string;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly operation: ChangeOperation;
  readonly version: number;
  /** REST name → [old, new]. */
  readonly changes: Record<string, readonly [unknown, unknown]>;
};

/** So many events go into one statement: a deletion can take very many records along. */
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

/** The change events of one transaction, one for each state that a record went through. */
export class EventLog {
  readonly #tenantId: string;
  readonly #actor: string;
  readonly #now: string;
  readonly #events: Event[] = [];

  constructor(options: { tenantId: string; actor: string; now: string }) {
    this.#tenantId = options.tenantId;
    this.#actor = options.actor;
    this.#now = options.now;
  }

  /** A record was written: what it was (null when it is new), and what it is. */
  add(entity: Entity, operation: ChangeOperation, before: Values | null, after: Values): void {
    const changes: Event["changes"] = {};
    for (const [field, definition] of Object.entries({ ...entity.fields, ...entity.internal })) {
      if (unsaid.has(field) || definition.generated) continue;
      const [old, current] = [before?.[field] ?? null, after[field] ?? null];
      if (!isDeepStrictEqual(old, current)) changes[snakeCase(field)] = [old, current];
    }
    this.#events.push({
      id: uuidv7(),
      entity_type: entity.name,
      entity_id: String(after["id"]),
      operation,
      version: Number(after["version"] ?? 1),
      changes,
    });
  }

  /** Adds to the record's latest event what is no column of it. */
  note(entity: Entity, id: string, field: string, before: unknown, after: unknown): void {
    const event = this.#events.findLast(
      (candidate) => candidate.entity_id === id && candidate.entity_type === entity.name,
    );
    if (event === undefined) throw new Error(`nothing was written of ${entity.name} ${id}`);
    event.changes[field] = [before, after];
  }

  /** The statements that write the events. */
  statements(): Sql[] {
    const statements: Sql[] = [];
    for (let start = 0; start < this.#events.length; start += eventsPerStatement) {
      const events = this.#events.slice(start, start + eventsPerStatement);
      statements.push(sql`INSERT INTO change_events (tenant_id, id, entity_type, entity_id, operation, version, actor, occurred_at, changes)
        SELECT ${param(this.#tenantId, "uuid")}, e.id, e.entity_type, e.entity_id, e.operation, e.version, ${param(
          this.#actor,
          "text",
        )}, ${param(this.#now, "timestamptz")}, e.changes
        FROM ROWS FROM (jsonb_to_recordset(${param(
          JSON.stringify(events),
          "jsonb",
        )}) AS (id uuid, entity_type text, entity_id uuid, operation change_operation, version integer, changes jsonb)) WITH ORDINALITY AS e(id, entity_type, entity_id, operation, version, changes, place)
        ORDER BY e.place`);
    }
    return statements;
  }
}
