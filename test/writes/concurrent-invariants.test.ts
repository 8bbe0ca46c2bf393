import { afterAll, beforeAll, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { crowd } from "../support/writes/crowd.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { rowsOf } from "../support/writes/writes.ts";

let gateway: TestGateway;

/** Many callers write the same few records at once, rightly and wrongly. */
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("ours");
  const key = await gateway.keyFor("ours");
  await crowd(gateway, key, { seed: 20_261_121, callers: 5, writesOfEach: 60 });
}, 120_000);
afterAll(() => gateway.close());

const logged = ["account", "contact", "deal", "quote", "lineItem", "activity"];

it.each(logged)("%s: every version has one event, and the last is the record's", async (name) => {
  const rows = await rowsOf(
    gateway,
    `SELECT t.id, t.version, array_agg(c.version ORDER BY c.position) AS logged FROM ${catalog.entity(name).table} t
     LEFT JOIN change_events c ON c.tenant_id = t.tenant_id AND c.entity_type = $1 AND c.entity_id = t.id
     GROUP BY t.tenant_id, t.id HAVING array_agg(c.version ORDER BY c.position) IS DISTINCT FROM ARRAY(SELECT generate_series(1, t.version))`,
    catalog.entity(name).type,
  );
  expect(rows).toEqual([]);
});

it.each([
  [
    "a quote's total is the sum of its lines",
    `SELECT q.id FROM quotes q JOIN line_items l ON l.quote_id = q.id AND l.deleted_at IS NULL
     WHERE q.deleted_at IS NULL GROUP BY q.tenant_id, q.id HAVING q.total IS DISTINCT FROM sum(l.total)`,
  ],
  [
    "lines have their quote's currency",
    `SELECT l.id FROM quotes q JOIN line_items l ON l.quote_id = q.id
     WHERE q.deleted_at IS NULL AND l.deleted_at IS NULL AND l.currency <> q.currency`,
  ],
  [
    "accounts know their last activity",
    `SELECT a.id FROM accounts a LEFT JOIN activities x ON x.account_id = a.id AND x.deleted_at IS NULL
     WHERE a.deleted_at IS NULL GROUP BY a.tenant_id, a.id HAVING a.last_activity_at IS DISTINCT FROM max(x.occurred_at)`,
  ],
  [
    "contacts know their last activity",
    `SELECT c.id FROM contacts c LEFT JOIN activity_contacts l ON l.contact_id = c.id
     LEFT JOIN activities x ON x.id = l.activity_id AND x.deleted_at IS NULL
     WHERE c.deleted_at IS NULL GROUP BY c.tenant_id, c.id HAVING c.last_interaction_at IS DISTINCT FROM max(x.occurred_at)`,
  ],
  [
    "managers are at the same account",
    `SELECT c.id FROM contacts c JOIN contacts m ON m.id = c.reports_to_contact_id
     WHERE c.deleted_at IS NULL AND m.account_id IS DISTINCT FROM c.account_id`,
  ],
  [
    "quotes are for their deal's account",
    `SELECT q.id FROM quotes q JOIN deals d ON d.id = q.deal_id WHERE q.deleted_at IS NULL AND d.account_id <> q.account_id`,
  ],
  [
    "nothing lives in what is deleted",
    `SELECT c.id FROM contacts c JOIN accounts a ON a.id = c.account_id WHERE c.deleted_at IS NULL AND a.deleted_at IS NOT NULL
     UNION ALL SELECT d.id FROM deals d JOIN accounts a ON a.id = d.account_id WHERE d.deleted_at IS NULL AND a.deleted_at IS NOT NULL
     UNION ALL SELECT q.id FROM quotes q JOIN deals d ON d.id = q.deal_id WHERE q.deleted_at IS NULL AND d.deleted_at IS NOT NULL
     UNION ALL SELECT l.id FROM line_items l JOIN quotes q ON q.id = l.quote_id WHERE l.deleted_at IS NULL AND q.deleted_at IS NOT NULL`,
  ],
  [
    "a deal's main contact is one of its contacts",
    `SELECT d.id FROM deals d WHERE primary_contact_id IS NOT NULL
     AND NOT EXISTS (SELECT FROM deal_contacts l WHERE l.deal_id = d.id AND l.contact_id = d.primary_contact_id)`,
  ],
  [
    "no account is above itself",
    `WITH RECURSIVE up(root, id) AS (
       SELECT id, parent_account_id FROM accounts UNION SELECT up.root, a.parent_account_id FROM up JOIN accounts a ON a.id = up.id
     ) SELECT root FROM up WHERE root = id`,
  ],
  [
    "no contact is above themselves",
    `WITH RECURSIVE up(root, id) AS (
       SELECT id, reports_to_contact_id FROM contacts UNION SELECT up.root, c.reports_to_contact_id FROM up JOIN contacts c ON c.id = up.id
     ) SELECT root FROM up WHERE root = id`,
  ],
])("whoever wrote at the same time: %s", async (_rule, violations) => {
  expect(await rowsOf(gateway, violations)).toEqual([]);
});
