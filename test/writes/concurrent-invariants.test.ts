import { afterAll, beforeAll, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { seededRandom, writeAnything, type Kind } from "../support/random-writes.ts";
import { rowsOf, Writer } from "../support/writes.ts";

const callers = 5;
const writesOfEach = 60;
const random = seededRandom(20_261_121);
let gateway: TestGateway;

const pick = <Item>(items: readonly Item[]): Item | undefined =>
  items[Math.floor(random() * items.length)];

/** Many callers write the same few records at once, rightly and wrongly. */
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.fixtures.tenant("ours");
  const key = await gateway.keyFor("ours");
  const ids = {
    accounts: new Array<string>(),
    contacts: new Array<string>(),
    deals: new Array<string>(),
    quotes: new Array<string>(),
    lineItems: new Array<string>(),
  };
  const price = () => String(Math.floor(random() * 1_000));
  const kinds: Kind[] = [
    {
      writer: new Writer(gateway, key, "account"),
      input: () => ({
        email: pick([undefined, null, "a@example.com", "b@example.com"]),
        parent_account_id: pick([undefined, null, pick(ids.accounts)]),
      }),
      ids: ids.accounts,
    },
    {
      writer: new Writer(gateway, key, "contact"),
      input: () => ({
        account_id: pick([undefined, pick(ids.accounts), pick(ids.accounts), null]),
        is_primary: pick([undefined, true, true, false]),
        email: pick([undefined, null, "p@example.com", "q@example.com"]),
        reports_to_contact_id: pick([undefined, null, pick(ids.contacts)]),
      }),
      ids: ids.contacts,
    },
    {
      writer: new Writer(gateway, key, "deal"),
      input: () => ({
        account_id: pick(ids.accounts),
        contact_ids: pick([undefined, [], [pick(ids.contacts)]]),
        primary_contact_id: pick([undefined, null, pick(ids.contacts)]),
        stage: pick(["lead", "closed_won"]),
      }),
      ids: ids.deals,
    },
    {
      writer: new Writer(gateway, key, "quote"),
      input: () => ({
        account_id: pick(ids.accounts),
        deal_id: pick([null, pick(ids.deals), undefined]),
        is_primary: pick([true, undefined, false]),
        line_items: pick([undefined, [{ unit_price: price() }, { unit_price: price() }], []]),
        currency: pick([undefined, "EUR", "USD"]),
      }),
      ids: ids.quotes,
    },
    {
      writer: new Writer(gateway, key, "lineItem"),
      input: () => ({ quote_id: pick(ids.quotes), unit_price: price() }),
      change: () => ({ quantity: price() }),
      ids: ids.lineItems,
    },
    {
      writer: new Writer(gateway, key, "activity", "activities"),
      input: () => ({
        account_id: pick([undefined, pick(ids.accounts)]),
        deal_id: pick([undefined, pick(ids.deals)]),
        contact_ids: [pick(ids.contacts), pick(ids.contacts)],
        occurred_at: new Date(1.7e12 + random() * 1e11).toISOString(),
      }),
      ids: [],
      isLog: true,
    },
  ];
  const [accounts, contacts, deals, quotes, lineItems] = kinds;
  for (const kind of [accounts, accounts, accounts, contacts, contacts, contacts]) {
    kind?.ids.push(await kind.writer.made({}));
  }
  for (const kind of [deals, deals, quotes, quotes]) {
    kind?.ids.push(await kind.writer.made({ account_id: ids.accounts[0] }));
  }
  for (const quote_id of ids.quotes) {
    lineItems?.ids.push(await lineItems.writer.made({ quote_id }));
  }
  const caller = async () => {
    for (let count = 0; count < writesOfEach; count += 1) {
      const kind = pick(kinds);
      // An error at the top, such as INTERNAL, ends the run.
      if (kind !== undefined) await writeAnything(kind, random);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
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
