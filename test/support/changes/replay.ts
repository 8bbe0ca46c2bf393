import type pg from "pg";
import { snakeCase } from "../../../src/lib/text.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { computedValues } from "../../../src/write/stored.ts";

export type Columns = Record<string, unknown>;
export type Event = {
  readonly position: string;
  readonly app_id: string | null;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly operation: string;
  readonly version: number;
  readonly actor: string | null;
  readonly at: string;
  readonly changes: Readonly<Record<string, readonly [unknown, unknown]>>;
};

/** Every entity that has a history. */
export const logged = catalog.entities.filter(
  ({ relations }) => relations["history"] !== undefined,
);

/** What a tenant's log makes of nothing: rows by entity and id, links by table, and stages. */
type Replayed = {
  readonly rows: ReadonlyMap<Entity, ReadonlyMap<string, Columns>>;
  readonly links: ReadonlyMap<string, readonly string[]>;
  readonly stages: readonly string[];
};

/** Hears of each event, with the record's row before it and after it. */
type OnEvent = (event: Event, before: Columns | null, after: Columns) => void;

/** Carries out a tenant's log from zero; an event that does not fit what stood before is an error. */
export async function replayLog(
  client: pg.Client,
  tenantId: string,
  onEvent: OnEvent = () => undefined,
): Promise<Replayed> {
  const { rows: events } = await client.query<Event>(
    `SELECT position::text, app_id, entity_type, entity_id, operation, version, actor, changes,
       to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
     FROM change_events e WHERE tenant_id = $1 ORDER BY e.position`,
    [tenantId],
  );
  const rows = new Map(logged.map((entity) => [entity, new Map<string, Columns>()]));
  const links = new Map<string, string[]>();
  const stages: string[] = [];
  for (const event of events) {
    const entity = catalog.byType(event.entity_type);
    const records = rows.get(entity) ?? new Map<string, Columns>();
    const stood = records.get(event.entity_id);
    const before = stood === undefined ? null : { ...stood };
    const row = step(entity, stood, event, tenantId);
    records.set(event.entity_id, row);
    onEvent(event, before, row);
    const contacts = event.changes["contact_ids"];
    if (contacts !== undefined) links.set(event.entity_id, [...asList(contacts[1])]);
    const stage = event.changes["stage"];
    if (entity.name === "deal" && stage !== undefined) {
      stages.push([event.entity_id, stage[0] ?? "", stage[1], event.actor].join(" "));
    }
  }
  return { rows, links, stages };
}

/** A row after an event. */
function step(
  entity: Entity,
  before: Columns | undefined,
  event: Event,
  tenantId: string,
): Columns {
  const place = `${event.entity_type} ${event.entity_id} version ${event.version}`;
  if ((before === undefined) !== (event.operation === "created")) throw new Error(place);
  if (before !== undefined && event.version !== Number(before["version"]) + 1)
    throw new Error(`${place} comes after ${String(before["version"])}`);
  const stamped = entity.fields["updatedAt"] !== undefined;
  const row: Columns = before ?? {
    ...(stamped ? { created_at: event.at, created_by: event.actor } : {}),
    tenant_id: tenantId,
    id: event.entity_id,
  };
  const fields = { ...entity.fields, ...entity.internal };
  const columns = new Map(
    Object.entries(fields).map(([name, field]) => [snakeCase(name), field.column]),
  );
  for (const [name, [old, value]] of Object.entries(event.changes)) {
    const column = columns.get(name);
    if (column === undefined) continue;
    const stood = before?.[column] ?? null;
    if (event.operation !== "created" && JSON.stringify(stood) !== JSON.stringify(old))
      throw new Error(`${place}: ${name} was ${JSON.stringify(stood)}, not ${JSON.stringify(old)}`);
    row[column] = value;
  }
  const values = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, row[field.column]]),
  );
  for (const [name, value] of Object.entries(computedValues(entity, values)))
    row[columns.get(snakeCase(name)) ?? ""] = value;
  const stamps = stamped ? { updated_at: event.at, updated_by: event.actor } : {};
  return { ...row, version: event.version, ...stamps };
}

/** Rows that stand in the table or in the replay only: every column is compared but a key's secret, which is in no log. */
export async function differences(
  client: pg.Client,
  tenantId: string,
  entity: Entity,
  rows: Iterable<Columns>,
): Promise<unknown[]> {
  const { table } = entity;
  const { rows: columns } = await client.query<{ name: string; written: boolean }>(
    `SELECT quote_ident(column_name) AS name, is_generated = 'NEVER' AS written FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = $1 AND column_name <> 'secret_hash'`,
    [table],
  );
  const all = columns.map(({ name }) => name).join(", ");
  const written = columns.flatMap((column) => (column.written ? column.name : [])).join(", ");
  await client.query(`CREATE TEMP TABLE replayed (LIKE ${table} INCLUDING GENERATED);
    ALTER TABLE replayed DROP COLUMN IF EXISTS secret_hash`);
  try {
    await client.query(
      `INSERT INTO replayed (${written}) SELECT ${written} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
      [JSON.stringify([...rows])],
    );
    // Keys that an operator made from the command line have no history.
    const ours = entity.name === "apiKey" ? "created_by IS NOT NULL" : "TRUE";
    const live = `SELECT ${all} FROM ${table} WHERE tenant_id = '${tenantId}' AND ${ours}`;
    const made = `SELECT ${all} FROM replayed`;
    const { rows: found } = await client.query(
      `SELECT 'live' AS side, l.* FROM (${live} EXCEPT ${made}) l UNION ALL SELECT 'replayed', r.* FROM (${made} EXCEPT ${live}) r`,
    );
    return found;
  } finally {
    await client.query("DROP TABLE replayed");
  }
}

const asList = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
