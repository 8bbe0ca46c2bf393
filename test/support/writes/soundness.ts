import { snakeCase } from "../../../src/lib/text.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import type { RaceTrack } from "./races.ts";

/** Every entity whose records have a history. */
const versioned = catalog.entities.filter(({ relations }) => relations["history"] !== undefined);

/** Rows of the tenant $1 that are wrong, by the rule that they break. Keys that no caller made have no history. */
const rules: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    versioned.map(({ name, type, table, tenantColumn }) => [
      `the events of each ${name} are its versions from 1, in order`,
      `SELECT r.id, r.version, e.versions FROM ${table} r LEFT JOIN LATERAL (
         SELECT coalesce(array_agg(version ORDER BY position), '{}') AS versions FROM change_events
         WHERE tenant_id = $1 AND entity_type = '${type}' AND entity_id = r.id
       ) e ON true
       WHERE r.${tenantColumn} = $1 AND e.versions <> ARRAY(SELECT generate_series(1, r.version))
       ${name === "apiKey" ? "AND r.created_by IS NOT NULL" : ""}`,
    ]),
  ),
  ...Object.fromEntries(
    versioned.flatMap((owner) =>
      Object.values(owner.relations).flatMap((relation) => {
        if (relation.kind !== "many" || !relation.contained) return [];
        const child = catalog.entity(relation.to);
        const column = child.fields[relation.key]?.column ?? snakeCase(relation.key);
        return [
          [
            `no live ${child.name} hangs on a deleted ${owner.name}`,
            `SELECT c.id FROM ${child.table} c JOIN ${owner.table} o ON o.tenant_id = c.tenant_id AND o.id = c.${column}
             WHERE c.tenant_id = $1 AND c.deleted_at IS NULL AND o.deleted_at IS NOT NULL`,
          ],
        ];
      }),
    ),
  ),
  "the log of each tenant counts 1, 2, 3":
    "SELECT tenant_id FROM change_events WHERE tenant_id = $1 GROUP BY 1 HAVING min(position) <> 1 OR max(position) <> count(*)",
  "the events of a transaction stand together, and the last of them says so": `SELECT * FROM (SELECT tenant_id, position, ends_transaction,
     lead(transaction_id) OVER log IS DISTINCT FROM transaction_id AS is_last FROM change_events
     WHERE tenant_id = $1 WINDOW log AS (PARTITION BY tenant_id ORDER BY position)) e WHERE ends_transaction <> is_last`,
  "an account has at most one live primary contact":
    "SELECT account_id, count(*) FROM contacts WHERE tenant_id = $1 AND is_primary AND deleted_at IS NULL AND account_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1",
  "a deal has at most one live primary quote":
    "SELECT deal_id, count(*) FROM quotes WHERE tenant_id = $1 AND is_primary AND deleted_at IS NULL AND deal_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1",
  "a quote's total is the sum of its live line items": `SELECT q.id, q.total, sum(l.total) FROM quotes q JOIN line_items l ON l.tenant_id = q.tenant_id AND l.quote_id = q.id AND l.deleted_at IS NULL
     WHERE q.tenant_id = $1 AND q.deleted_at IS NULL GROUP BY q.tenant_id, q.id HAVING q.total IS DISTINCT FROM sum(l.total)`,
  "accounts have no circle of parents": circles("accounts", "parent_account_id"),
  "contacts have no circle of managers": circles("contacts", "reports_to_contact_id"),
  "last_activity_at is the latest of an account's live activities": `SELECT a.id, a.last_activity_at FROM accounts a WHERE a.tenant_id = $1 AND a.deleted_at IS NULL AND a.last_activity_at IS DISTINCT FROM
     (SELECT max(occurred_at) FROM activities t WHERE t.tenant_id = a.tenant_id AND t.account_id = a.id AND t.deleted_at IS NULL)`,
  "last_interaction_at is the latest of a contact's live activities": `SELECT c.id, c.last_interaction_at FROM contacts c WHERE c.tenant_id = $1 AND c.deleted_at IS NULL AND c.last_interaction_at IS DISTINCT FROM
     (SELECT max(occurred_at) FROM activities t JOIN activity_contacts l ON l.tenant_id = t.tenant_id AND l.activity_id = t.id
      WHERE l.tenant_id = c.tenant_id AND l.contact_id = c.id AND t.deleted_at IS NULL)`,
  "a quote is for the account of its deal":
    "SELECT q.id FROM quotes q JOIN deals d ON d.tenant_id = q.tenant_id AND d.id = q.deal_id WHERE q.tenant_id = $1 AND q.deleted_at IS NULL AND d.account_id <> q.account_id",
};

function circles(table: string, column: string): string {
  return `WITH RECURSIVE up(tenant_id, start, id) AS (
      SELECT tenant_id, id, ${column} FROM ${table} WHERE tenant_id = $1 AND ${column} IS NOT NULL
      UNION SELECT up.tenant_id, up.start, t.${column} FROM up JOIN ${table} t ON t.tenant_id = up.tenant_id AND t.id = up.id
      WHERE t.tenant_id = $1 AND t.${column} IS NOT NULL
    ) SELECT start FROM up WHERE id = start`;
}

/** What is left when racers have finished: rows that are wrong, by the rule that they break, and the deadlocks since the last time. */
export async function aftermath({ sql, deadlocks }: Pick<RaceTrack, "sql" | "deadlocks">) {
  const unsound: Record<string, unknown> = {};
  // Nothing takes statistics of a test's database, and without them the planner would compare all rows with all.
  await sql("SET enable_nestloop = off");
  for (const { id } of await sql("SELECT id FROM tenants")) {
    for (const [rule, statement] of Object.entries(rules)) {
      const rows = await sql(statement, id);
      if (rows.length > 0) unsound[rule] = rows.slice(0, 3);
    }
  }
  return { unsound, deadlocks: await deadlocks() };
}

/** All is well. */
export const peace = { unsound: {}, deadlocks: 0 };
