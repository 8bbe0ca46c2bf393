import type { Actor } from "../auth/actor.ts";
import { scopeFor } from "../auth/permissions.ts";
import { covers } from "../auth/require-scopes.ts";
import type { Scope } from "../auth/scopes.ts";
import { cursorAt } from "../changes/position.ts";
import { seenChanges } from "../changes/seen-changes.ts";
import type { Database } from "../db/database.ts";
import { asOwnWork } from "../db/work.ts";
import type { StoredQueries } from "../graphql/server/stored-query.ts";
import { formatId } from "../lib/id.ts";
import { snakeCase } from "../lib/text.ts";
import type { LiveEvent } from "../live/listening.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import { projectionColumns, type PrintedRecord } from "../query/projection.ts";
import { Reader } from "../query/reader.ts";
import { recordStatement } from "../query/record.ts";
import type { Columns } from "../query/row.ts";
import { crmFace, notation } from "../rest/crm/face.ts";
import { restName } from "../write/input.ts";

/** What the messages of an endpoint hold beside the facts of the event. */
export type PayloadForm =
  /** The names of the fields that changed. */
  | { readonly kind: "thin" }
  /** The record as the CRM API shows it, and what each field was and is. */
  | { readonly kind: "full" }
  /** The answer to a query of the endpoint's own. */
  | { readonly kind: "graphql"; readonly query: string };

type PayloadsOptions = {
  readonly catalog: Catalog;
  readonly database: Database;
  readonly queries: Pick<StoredQueries, "check" | "run">;
};

/** The bodies of messages, by the rights that an endpoint's credential has when they are made. */
export class Payloads {
  readonly #options: PayloadsOptions;

  constructor(options: PayloadsOptions) {
    this.#options = options;
  }

  /**
   * Checks the form of an endpoint's messages before it is stored. A query is checked with the variables of an event, and
   * with what the actor may read.
   *
   * @throws GatewayError at the input path.
   */
  check(form: PayloadForm, actor: Actor, path: readonly string[]): void {
    if (form.kind !== "graphql") return;
    this.#options.queries.check(form.query, actor, sampleVariables, path);
  }

  /**
   * The body of the message for each event, in the form of Standard Webhooks. Records are as they are now, with later
   * changes; one that the actor cannot see (any more) is null.
   *
   * @throws GatewayError RATE_LIMITED or UNAVAILABLE when a query can be run later.
   */
  async print(actor: Actor, form: PayloadForm, events: readonly LiveEvent[]): Promise<string[]> {
    const { catalog, database } = this.#options;
    const db = database.pool.forTenant(actor.tenantId);
    const reader = new Reader({ db, catalog, viewer: actor });
    const records = form.kind === "full" ? await this.#records(actor, events) : noRecords;
    const bodies: string[] = [];
    for (const { position, event, transition } of events) {
      const entity = catalog.byType(String(event["recordType"]));
      const recordId = String(event["recordId"]);
      const changes = await asOwnWork(async () => seenChanges(event, { actor, catalog, reader }));
      const facts = {
        cursor: cursorAt(position, String(event["id"])),
        event_id: formatId("evt", String(event["id"])),
        record_type: entity.type,
        record_id: formatId(entity.prefix, recordId),
        operation: event["operation"],
        version: event["version"],
        ...(transition === null ? {} : { transition }),
        changed_fields: changes.map(({ field }) => field),
      };
      const more: string[] = [];
      if (form.kind === "full") {
        const record = records.get(`${entity.type} ${recordId}`) ?? "null";
        more.push(`"changes":${JSON.stringify(changes)}`, `"record":${record}`);
      }
      if (form.kind === "graphql") {
        const variables = {
          id: facts.record_id,
          event: facts.event_id,
          type: facts.record_type,
          operation: facts.operation,
          version: facts.version,
          cursor: facts.cursor,
          transition,
        };
        more.push(`"result":${await this.#options.queries.run(form.query, actor, variables)}`);
      }
      const data = [JSON.stringify(facts).slice(1, -1), ...more].join(",");
      bodies.push(envelope(typeOf(entity, event["operation"]), event["occurredAt"], `{${data}}`));
    }
    return bodies;
  }

  /** The records of events as JSON, by type and id: one statement for each entity. */
  async #records(actor: Actor, events: readonly LiveEvent[]): Promise<ReadonlyMap<string, string>> {
    const { catalog, database } = this.#options;
    const found = new Map<string, string>();
    const types = Map.groupBy(events, ({ event }) => String(event["recordType"]));
    for (const [type, own] of types) {
      const entity = catalog.byType(type);
      const { columns, scopes } = projectionOf(catalog, entity);
      if (!scopes.every((scope) => covers(actor.scopes, scope))) continue;
      const ids = [...new Set(own.map(({ event }) => String(event["recordId"])))];
      const request = { entity, includeDeleted: true };
      const context = { viewer: actor, catalog };
      const { statement, collect } = recordStatement(request, context, ids, columns);
      const db = database.pool.forTenant(actor.tenantId);
      const rows = await asOwnWork(() => db.rows(statement.text, statement.values));
      for (const [id, { json }] of collect(rows)) found.set(`${type} ${id}`, json);
    }
    return found;
  }
}

/** The message of `testWebhook`, with the id of the endpoint as callers see it. */
export function testBody(webhookId: string, at: Date): string {
  return envelope("webhook.test", at, JSON.stringify({ webhook_id: webhookId }));
}

const noRecords: ReadonlyMap<string, string> = new Map();

/** The form of https://www.standardwebhooks.com; `data` is JSON. */
function envelope(type: string, at: unknown, data: string): string {
  const timestamp = at instanceof Date ? at.toISOString() : String(at);
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(timestamp)},"data":${data}}`;
}

/** `deal.updated`, `line_item.created`. */
const typeOf = ({ name }: Entity, operation: unknown): string =>
  `${snakeCase(name)}.${String(operation)}`;

type Shown = { readonly columns: Columns<PrintedRecord>; readonly scopes: readonly Scope[] };
const shown = new WeakMap<Entity, Shown>();

/** A record as the CRM API shows it. Records without a path of their own are shown in the same names and notation. */
function projectionOf(catalog: Catalog, entity: Entity): Shown {
  let known = shown.get(entity);
  if (known === undefined) {
    const resource = crmFace.resources.find(({ projection }) => projection.entity === entity);
    const members = Object.keys(entity.fields).map(
      (field) => ({ kind: "field", key: restName(field), field }) as const,
    );
    known = resource
      ? { columns: resource.columns, scopes: resource.scopes.read }
      : {
          columns: projectionColumns({ entity, notation, members }, catalog),
          scopes: [scopeFor("read", entity.name)],
        };
    shown.set(entity, known);
  }
  return known;
}

const noUuid = "00000000-0000-7000-8000-000000000000";

/** Values of the kind that `print` gives to a query. */
const sampleVariables = {
  id: formatId("acc", noUuid),
  event: formatId("evt", noUuid),
  type: "Account",
  operation: "updated",
  version: 1,
  cursor: cursorAt("1", noUuid),
  transition: null,
};
