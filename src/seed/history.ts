import type pg from "pg";
import { loggedFields } from "../changes/event-log.ts";
import { printingSettings } from "../db/session.ts";
import { snakeCase } from "../lib/text.ts";
import { catalog } from "../modules/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import type { Notation } from "../model/kind.ts";
import { name, raw, render } from "../lib/sql.ts";

/**
 * Writes the change log of a tenant that has none, as if its rows had come in by mutations, and gives the number of
 * events. The log is made of the rows alone: they tell who created and deleted a record and when, and the `turns` what
 * happened in between.
 */
export async function writeHistory(client: pg.Client, slug: string): Promise<number> {
  const { rows } = await client.query<{ id: string }>("SELECT id FROM tenants WHERE slug = $1", [
    slug,
  ]);
  await client.query(settings);
  const { rowCount } = await client.query(historySql(), [rows[0]?.id]);
  return rowCount ?? 0;
}

// Values print as the gateway's own sessions print them. The statistics do not know the tenant yet: PostgreSQL
// would take every table for empty and join by nested loops, and compiling the statement takes longer than running it.
// On Citus they are to hold on the nodes, too; elsewhere the first one means nothing.
const settings = `
  SET LOCAL citus.propagate_set_commands = 'local';
  ${Object.entries(printingSettings)
    .map(([setting, to]) => `SET LOCAL ${setting} = '${to}';`)
    .join(" ")}
  SET LOCAL enable_nestloop = off;
  SET LOCAL jit = off`;

/** The events of all records in the order of time; at the same time what contains others comes first. */
function historySql(): string {
  const entities = catalog.entities.filter(({ relations }) => relations["history"] !== undefined);
  const events = entities.map((entity, rank) => eventsSql(entity, rank));
  // A UUIDv7 that is the same whenever the seed is: the time, then bits that follow from record and version.
  const id = `(lpad(to_hex((extract(epoch FROM e.at) * 1000)::bigint), 12, '0') || '7' || substr(e.hash, 1, 3) || '8' || substr(e.hash, 4, 15))::uuid`;
  return `
    INSERT INTO change_events (tenant_id, id, position, ends_transaction, app_id, entity_type, entity_id, operation, version, actor, occurred_at, changes)
    SELECT $1::uuid, ${id}, row_number() OVER log,
      lead(e.at) OVER log IS DISTINCT FROM e.at OR lead(e.deletion_id) OVER log IS DISTINCT FROM e.deletion_id,
      e.app_id, e.type, e.id, e.operation::change_operation, e.version, e.actor, e.at, e.changes
    FROM (
      SELECT u.*, encode(sha256(uuid_send(u.id) || int4send(u.version)), 'hex') AS hash FROM (
        ${events.join("\n UNION ALL ")}
      ) u (type, rank, id, app_id, operation, version, actor, at, deletion_id, changes)
    ) e
    WINDOW log AS (ORDER BY e.at, e.deletion_id NULLS FIRST, e.rank, e.id, e.version)`;
}

/** What is told of a deleted record by its last event alone. */
const deletionFields = ["deletedAt", "deletedBy", "deletionId"];

function eventsSql(entity: Entity, rank: number): string {
  const fields = loggedFields(entity);
  const table = `${name(entity.table)} t`;
  const of = `t.${name(entity.tenantColumn)} = $1`;
  const head = `'${entity.type}', ${rank}, t.id, ${column(entity, "appId") ?? "NULL"}`;
  const values = fields
    .filter(([field]) => !deletionFields.includes(field))
    .map(([field, definition]) => `${plainSql(definition)} AS "${snakeCase(field)}"`);
  const turnsOfEntity = turns[entity.name];
  const turned = turnsOfEntity === undefined ? null : numbered(turnsOfEntity);
  // A field that a turn changes began with the first turn's old value.
  const before =
    turned === null
      ? ""
      : `LEFT JOIN (SELECT w.id, jsonb_object_agg(f.key, f.value -> 0 ORDER BY w.version DESC) AS values
          FROM ${turned} w, jsonb_each(w.changes) f GROUP BY w.id) b ON b.id = t.id`;
  const state = turned === null ? "to_jsonb(v)" : "to_jsonb(v) || coalesce(b.values, '{}')";
  const links = linksSql(entity);
  const linked = links === null ? "" : " || coalesce(k.links, '{}')";
  const created = `SELECT ${head}, 'created', 1, ${column(entity, "createdBy") ?? "NULL"}, t.created_at, NULL::uuid,
    (SELECT jsonb_object_agg(f.key, jsonb_build_array(NULL, f.value)) FROM jsonb_each(${state}) f WHERE f.value <> 'null')${linked}
    FROM ${table} ${before} ${links === null ? "" : `LEFT JOIN (${links}) k ON k.id = t.id`} CROSS JOIN LATERAL (SELECT ${values.join(", ")}) v WHERE ${of}`;
  const updated =
    turned === null
      ? []
      : [
          `SELECT ${head}, 'updated', w.version, w.by, w.at, NULL::uuid, w.changes
            FROM ${table} JOIN ${turned} w ON w.id = t.id WHERE ${of}`,
        ];
  const deleted = entity.softDelete
    ? [
        `SELECT ${head}, 'deleted', t.version, t.deleted_by, t.deleted_at, t.deletion_id,
          jsonb_build_object(${deletionFields.map((field) => `'${snakeCase(field)}', ${pair("NULL", value(entity, field))}`).join(", ")})
          FROM ${table} WHERE ${of} AND t.deleted_at IS NOT NULL`,
      ]
    : [];
  return [created, ...updated, ...deleted].join("\n UNION ALL ");
}

/** The versions that turns gave their records. */
const numbered = (sql: string): string =>
  `(SELECT s.*, (1 + row_number() OVER (PARTITION BY s.id ORDER BY s.at))::integer AS version FROM (${sql}) s)`;

/** The people of deals or activities, the main one first, as src/write/contact-links.ts tells them. */
function linksSql(entity: Entity): string | null {
  const edge = entity.relations["contacts"];
  if (edge?.kind !== "through") return null;
  const main = column(entity, "primaryContactId") ?? column(entity, "contactId") ?? "NULL";
  const ids = `jsonb_agg(l.${edge.target} ORDER BY l.${edge.target} IS DISTINCT FROM ${main}, l.${edge.target})`;
  return `SELECT t.id, jsonb_build_object('contact_ids', jsonb_build_array('[]'::jsonb, ${ids})) AS links
    FROM ${edge.table} l JOIN ${name(entity.table)} t ON t.tenant_id = $1 AND t.id = l.${edge.source}
    WHERE l.tenant_id = $1 GROUP BY t.tenant_id, t.id`;
}

function column(entity: Entity, field: string): string | null {
  const definition = entity.fields[field];
  return definition === undefined ? null : `t.${name(definition.column)}`;
}

/** A field's value in the form that `readPlain` of src/write/stored.ts gives it. */
function value(entity: Entity, field: string): string {
  const definition = entity.fields[field] ?? entity.internal[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  return plainSql(definition);
}

function plainSql({ kind, column: of }: Field): string {
  return render(kind.printedSql(raw(`t.${name(of)}`), logged, "")).text;
}

/** How the log has values. */
const logged: Notation = { ids: "bare", fraction: 3, days: "day", decimals: "text" };

const pair = (old: string, current: string): string => `jsonb_build_array(${old}, ${current})`;

/** The change of an empty field to what it holds now; without those that are still empty. */
const filled = (entity: string, ...fields: readonly string[]): string => {
  const changes = fields.map((field) => {
    const current = value(catalog.entity(entity), field);
    return `'${snakeCase(field)}', CASE WHEN ${current} IS NOT NULL THEN ${pair("NULL", current)} END`;
  });
  return `jsonb_strip_nulls(jsonb_build_object(${changes.join(", ")}))`;
};

/**
 * What happened to records between their creation and their deletion, by entity. The makers count the same turns in
 * version, updated_at and updated_by.
 */
const turns: Readonly<Record<string, string>> = {
  // The times of its activities, told once, with the last of them.
  account: `SELECT t.id, a.created_at AS at, a.created_by AS by, ${filled("account", "firstContactedAt", "lastActivityAt")} AS changes
    FROM accounts t JOIN (SELECT DISTINCT ON (account_id) account_id, created_at, created_by FROM activities
      WHERE tenant_id = $1 AND account_id IS NOT NULL ORDER BY account_id, id DESC) a ON a.account_id = t.id
    WHERE t.tenant_id = $1`,
  contact: `SELECT t.id, a.created_at AS at, a.created_by AS by, ${filled("contact", "lastInteractionAt")} AS changes
    FROM contacts t JOIN (SELECT DISTINCT ON (l.contact_id) l.contact_id, x.created_at, x.created_by
      FROM activity_contacts l JOIN activities x ON x.tenant_id = $1 AND x.id = l.activity_id
      WHERE l.tenant_id = $1 ORDER BY l.contact_id, x.id DESC) a ON a.contact_id = t.id
    WHERE t.tenant_id = $1 AND t.last_interaction_at IS NOT NULL`,
  deal: `SELECT t.id, c.changed_at AS at, c.changed_by AS by,
      jsonb_build_object('stage', ${pair("c.from_stage", "c.to_stage")}) || CASE WHEN c.to_stage = t.stage
        THEN ${filled("deal", "actualCloseDate", "lossReason", "lossCategory", "closureNotes")} ELSE '{}' END AS changes
    FROM deals t JOIN deal_stage_changes c ON c.tenant_id = $1 AND c.deal_id = t.id
    WHERE t.tenant_id = $1 AND c.from_stage IS NOT NULL`,
  activity: `SELECT t.id, t.completed_at AS at, t.created_by AS by,
      ${filled("activity", "completedAt")} || jsonb_build_object('status', ${pair("'open'", "t.status")}) AS changes
    FROM activities t WHERE t.tenant_id = $1 AND t.completed_at > t.created_at`,
};
