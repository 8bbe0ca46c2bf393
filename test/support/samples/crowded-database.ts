import { createHash } from "node:crypto";
import { formatId } from "../../../src/lib/id.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import type { Fixtures, Made } from "./fixtures.ts";

/** The tables whose rows are made, with what makes the row number `i` of a tenant; `h` is the number of its owner. */
const kinds = [
  "departments",
  "accounts",
  "contacts",
  "deals",
  "deal_contacts",
  "deal_stage_changes",
  "activities",
  "activity_contacts",
  "quotes",
  "line_items",
  "change_events",
  "api_keys",
  "idempotency_keys",
] as const;

type Table = (typeof kinds)[number];

const rows: Readonly<Record<Table, string>> = {
  departments: "(id, name) SELECT u('departments', i), 'Team ' || i",
  accounts: `(id, name, email, email_key, domain, phone, owner_id, industry, lifecycle_stage, tags, parent_account_id, annual_revenue, deleted_at, created_at, last_activity_at)
    SELECT u('accounts', i), 'Harbor ' || i, 'desk@' || i || '.example', 'desk@' || i || '.example', i || '.example', '+1404555' || i, owner, 'ports', 'lead',
      ARRAY['key'], CASE WHEN i > 3 AND h <> i THEN u('accounts', h) END, i, gone, at, at`,
  contacts: `(id, account_id, first_name, last_name, email, email_key, phone_1, city, job_title, tags, reports_to_contact_id, department_id, deleted_at, created_at, last_interaction_at)
    SELECT u('contacts', i), u('accounts', h), 'Ada ' || i % 50, 'Okafor ' || i, 'ada@' || i || '.example', 'ada@' || i || '.example', '+1404555' || i, 'Kiel', 'Pilot',
      ARRAY['key'], CASE WHEN i > 3 AND h <> i THEN u('contacts', h) END, u('departments', h), gone, at, at`,
  deals: `(id, account_id, name, deal_number, owner_id, stage, value, currency, expected_close_date, primary_contact_id, tags, deleted_at, created_at)
    SELECT u('deals', i), u('accounts', h), 'Quay ' || i, 'D-' || i, owner, 'proposal', i, 'USD', '2026-01-01'::date + i % 365,
      u('contacts', h), ARRAY['key'], gone, at`,
  deal_contacts:
    "(deal_id, contact_id) SELECT u('deals', i), u('contacts', h) FROM made UNION SELECT u('deals', h), u('contacts', i)",
  deal_stage_changes:
    "(id, deal_id, to_stage, changed_at) SELECT u('deal_stage_changes', i), u('deals', h), 'proposal', at",
  activities: `(id, account_id, deal_id, contact_id, type, subject, owner_id, occurred_at, due_date, deleted_at, created_at)
    SELECT u('activities', i), u('accounts', h), u('deals', h), u('contacts', h), (CASE i % 2 WHEN 0 THEN 'task' ELSE 'call' END)::activity_type, 'Soundings ' || i, owner, at, at, gone, at`,
  activity_contacts:
    "(activity_id, contact_id) SELECT u('activities', i), u('contacts', h) FROM made UNION SELECT u('activities', h), u('contacts', i)",
  quotes: `(id, account_id, deal_id, name, quote_number, status, currency, total, deleted_at, created_at)
    SELECT u('quotes', i), u('accounts', h), u('deals', h), 'Offer ' || i, 'Q-' || i, 'sent', 'USD', i, gone, at`,
  line_items: `(id, quote_id, description, unit_price, total, currency, position, deleted_at, created_at)
    SELECT u('line_items', i), u('quotes', h), 'Piling ' || i, 1, 1, 'USD', i, gone, at`,
  change_events: `(id, position, entity_type, entity_id, operation, version, actor, ends_transaction, occurred_at)
    SELECT u('change_events', i), i, 'Deal', u('deals', h), 'updated', i, 'usr-1', true, at`,
  api_keys: `(id, name, environment, secret_hash, department_id) SELECT u('api_keys', i), 'key ' || i, 'test', '\\x00', u('departments', h)`,
  idempotency_keys: `(actor, key, request_hash, expires_at) SELECT 'usr-1', 'key ' || i, '\\x00', '2099-01-01'`,
};

/** Its slug tells its users from other tenants'. */
type Tenant = Made & { readonly slug: string };

/**
 * Fills a tenant with so many rows in each table, in one statement a table. One row in 30 hangs on the third record of what
 * it belongs to, of the others two or one on one of their own; one in ten is deleted. Foreign keys hold, and are not checked.
 */
export async function fillTenant(
  { client }: Fixtures,
  tenant: Tenant,
  size: number,
): Promise<void> {
  await client.query("BEGIN");
  await client.query("SET LOCAL session_replication_role = replica");
  await client.query(
    `CREATE OR REPLACE FUNCTION pg_temp.u(kind text, number integer) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
      ('${prefixOf(tenant)}-' || substr(md5(kind), 1, 4) || '-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid`,
  );
  for (const table of kinds) {
    const [, columns = "", select = ""] = /^\((.*?)\)\s+(SELECT.*)$/s.exec(rows[table]) ?? [];
    const made = select
      .replaceAll("u('", "pg_temp.u('")
      .replaceAll("SELECT ", `SELECT '${tenant.uuid}'::uuid, `);
    await client.query(
      `WITH made AS (SELECT i, CASE WHEN i % 30 = 3 THEN 3 WHEN i % 3 = 2 THEN i - 1 ELSE i END AS h, now() - i * interval '1 minute' AS at,
         CASE WHEN i % 10 = 9 THEN now() END AS gone,
         CASE WHEN i % 30 = 3 THEN 'usr-${tenant.slug}' ELSE 'usr-' || i % 7 END AS owner FROM generate_series(1, ${size}) i)
       INSERT INTO ${table} (tenant_id, ${columns}) ${made} FROM made`,
    );
  }
  await client.query("COMMIT");
}

/** The public id of a tenant's row with a number. */
export function rowId(tenant: Made, entity: string, number: number): string {
  const { table, prefix } = catalog.entity(entity);
  const kind = createHash("md5").update(table).digest("hex").slice(0, 4);
  const place = number.toString(16).padStart(12, "0");
  return formatId(prefix, `${prefixOf(tenant)}-${kind}-7000-8000-${place}`);
}

const prefixOf = ({ uuid }: Made): string => uuid.slice(-8);
