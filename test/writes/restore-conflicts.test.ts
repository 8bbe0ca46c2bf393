import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { rowsOf } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let accounts: RowWriter;
let contacts: RowWriter;
let deals: RowWriter;
let quotes: RowWriter;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("ours");
  const key = await gateway.keyFor("ours");
  accounts = new RowWriter(gateway, key, "accounts");
  contacts = new RowWriter(gateway, key, "contacts");
  deals = new RowWriter(gateway, key, "deals");
  quotes = new RowWriter(gateway, key, "quotes");
});
afterAll(() => gateway.close());

describe("records that are restored in one call", () => {
  it("two with the same unique value cannot both come back", async () => {
    const account_id = (await tenant.account()).id;
    const twin = { account_id, email: "twin@example.com" };
    const first = await contacts.made(twin);
    await contacts.delete(first);
    const second = await contacts.made(twin);
    await contacts.delete(second);
    const outcomes = await contacts.restore(first, second);
    expect(outcomes.map(({ problems }) => problems)).toEqual([[], ["DUPLICATE email"]]);
  });

  it("two whose contents have the same unique value cannot both come back", async () => {
    const account = await tenant.account();
    const taken: string[] = [];
    for (const deal of [await tenant.deal(account), await tenant.deal(account)]) {
      await quotes.made({ account_id: account.id, deal_id: deal.id, quote_number: "Q-TWICE" });
      await deals.delete(deal.id);
      taken.push(deal.id);
    }
    const outcomes = await deals.restore(...taken);
    expect(outcomes.map(({ problems }) => problems)).toEqual([
      [],
      ["DUPLICATE quotes.quote_number"],
    ]);
  });

  it("of two primary contacts of one account the first comes back as primary", async () => {
    const account = await tenant.account();
    const gone = { isPrimary: true, deletedAt: "2026-11-01T00:00:00Z" };
    const [first, second] = [
      await tenant.contact(account, gone),
      await tenant.contact(account, gone),
    ];
    await contacts.restore(first.id, second.id);
    const rows = await rowsOf(
      gateway,
      "SELECT is_primary FROM contacts WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id",
      account.uuid,
    );
    expect(rows).toEqual([{ is_primary: true }, { is_primary: false }]);
  });
});

describe("a record that is restored after what it refers to has moved", () => {
  it.each(["live", "deleted"])(
    "a contact whose manager went to another account, %s by now, comes back without one",
    async (state) => {
      const [here, there] = [await tenant.account(), await tenant.account()];
      const manager = await tenant.contact(here);
      const report = await tenant.contact(here, { reportsToContactId: manager.uuid });
      await contacts.delete(report.id);
      await contacts.update([{ id: manager.id, account_id: there.id }]);
      if (state === "deleted") await contacts.delete(manager.id);
      await contacts.restore(report.id);
      const rows = await rowsOf(
        gateway,
        "SELECT reports_to_contact_id FROM contacts WHERE id = $1",
        report.uuid,
      );
      expect(rows).toEqual([{ reports_to_contact_id: null }]);
    },
  );
});

it("a line item comes back in the currency that its quote has by now", async () => {
  const account = await tenant.account();
  const quote = await tenant.quote(account, null, { currency: "USD" });
  const line = await tenant.lineItem(quote, { currency: "USD" });
  const lineItems = new RowWriter(gateway, await gateway.keyFor("ours"), "lineItems");
  await lineItems.delete(line.id);
  await quotes.update([{ id: quote.id, currency: "EUR" }]);
  await lineItems.restore(line.id);
  const rows = await rowsOf(gateway, "SELECT currency FROM line_items WHERE id = $1", line.uuid);
  expect(rows).toEqual([{ currency: "EUR" }]);
});

it("the event of a restored content says when and by whom it had been deleted", async () => {
  const account = await tenant.account();
  const contact = await tenant.contact(account);
  const other = new RowWriter(gateway, await gateway.keyFor("ours"), "accounts");
  await accounts.delete(account.id);
  await other.restore(account.id);
  const rows = await rowsOf(
    gateway,
    `SELECT changes -> 'deleted_at' -> $2::int AS at, changes -> 'deleted_by' -> $2::int AS by, changes -> 'deletion_id' -> $2::int AS deletion
     FROM change_events WHERE entity_id = $1 AND operation = 'deleted'
     UNION ALL
     SELECT changes -> 'deleted_at' -> $3::int, changes -> 'deleted_by' -> $3::int, changes -> 'deletion_id' -> $3::int
     FROM change_events WHERE entity_id = $1 AND operation = 'restored'`,
    contact.uuid,
    1,
    0,
  );
  expect(rows).toHaveLength(2);
  expect(rows[1]).toEqual(rows[0]);
});

describe("an activity that stayed at the old account when its deal moved", () => {
  const moved = async () => {
    const [old, now] = [await accounts.made({}), await accounts.made({})];
    const deal = await deals.made({ account_id: old });
    const activities = new RowWriter(gateway, await gateway.keyFor("ours"), "activities");
    await activities.made({ deal_id: deal });
    await deals.update([{ id: deal, account_id: now }]);
    return { old, deal };
  };

  it("does not come back with its deal to an account that is deleted", async () => {
    const { old, deal } = await moved();
    await deals.delete(deal);
    await accounts.delete(old);
    const [refused] = await deals.restore(deal);
    expect(refused?.problems).toEqual(["BAD_USER_INPUT activities.account_id"]);
    expect((await accounts.restore(old))[0]?.problems).toEqual([]);
    expect((await deals.restore(deal))[0]?.problems).toEqual([]);
  });

  it("does not come back with its account to a deal that is deleted", async () => {
    const { old, deal } = await moved();
    await accounts.delete(old);
    await deals.delete(deal);
    const [refused] = await accounts.restore(old);
    expect(refused?.problems).toEqual(["BAD_USER_INPUT activities.deal_id"]);
    expect((await deals.restore(deal))[0]?.problems).toEqual([]);
    expect((await accounts.restore(old))[0]?.problems).toEqual([]);
  });
});
