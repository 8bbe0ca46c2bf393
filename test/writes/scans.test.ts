import type { Values } from "../../src/model/record.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../../src/auth/actor.ts";
import { openDatabase, type Database } from "../../src/db/database.ts";
import { accountWrites } from "../../src/modules/account/service.ts";
import { activityWrites } from "../../src/modules/activity/service.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { contactWrites } from "../../src/modules/contact/service.ts";
import { dealWrites } from "../../src/modules/deal/service.ts";
import { lineItemWrites } from "../../src/modules/line-item/service.ts";
import { quoteWrites } from "../../src/modules/quote/service.ts";
import type { WriteContext } from "../../src/write/context.ts";
import type { EntityWrites } from "../../src/write/entity-writes.ts";
import { mergeRecords } from "../../src/write/merge/merge.ts";
import { upsertRecord } from "../../src/write/upsert.ts";
import {
  createRecords,
  deleteRecords,
  restoreRecords,
  updateRecords,
} from "../../src/write/verbs.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures, type TenantFixtures } from "../support/samples/fixtures.ts";

const size = 3_000;

let url: TestDatabase;
let fixtures: Fixtures;
let tenant: TenantFixtures;
/** One connection, so that its counters can be told to be written down. */
let database: Database;
let context: WriteContext;

beforeAll(async () => {
  url = await createTestDatabase();
  fixtures = await Fixtures.open(url.url);
  tenant = await fixtures.tenant("north-harbor");
  await fill();
  await fixtures.client.query("ANALYZE");
  database = openDatabase({ url: url.url, maxConnections: 1 });
  const binding = { appId: null, departmentId: null, expiresAt: null, requestsPerMinute: null };
  const actor: Actor = {
    kind: "user",
    id: "sub",
    tenantId: tenant.uuid,
    scopes: ["*"],
    ...binding,
  };
  context = { actor, pool: database.pool, catalog, idempotent: null };
});
afterAll(async () => {
  await database.close();
  await fixtures.close();
  await url.drop();
});

/** As many records of everything that reading a table from end to end is worse than any index. */
async function fill(): Promise<void> {
  const many = (name: string, values: (index: number) => Values) =>
    tenant.makeMany(
      name,
      Array.from({ length: size }, (_, index) => values(index)),
    );
  const accounts = await many("account", (index) => ({ email: `desk@${index}.example` }));
  const owned = (index: number) => ({ accountId: accounts[index]?.uuid });
  const contacts = await many("contact", (index) => ({
    ...owned(index),
    email: `doe@${index}.example`,
  }));
  const deals = await many("deal", (index) => ({
    ...owned(index),
    dealNumber: `D-${index}`,
    currency: "USD",
  }));
  const quotes = await many("quote", (index) => ({
    ...owned(index),
    dealId: deals[index]?.uuid,
    quoteNumber: `Q-${index}`,
    currency: "USD",
  }));
  await many("lineItem", (index) => ({ quoteId: quotes[index]?.uuid, currency: "USD" }));
  await many("activity", (index) => ({
    ...owned(index),
    contactId: contacts[index]?.uuid,
    type: "call",
  }));
}

/** Rows of each table, and entries of its indexes, that were read so far, by PostgreSQL's own account. */
async function scanned(): Promise<Map<string, number>> {
  // Both sides' counters are written down when the transaction that asks for it ends.
  await fixtures.client.query("SELECT pg_stat_force_next_flush()");
  await database.forTenant(tenant.uuid).rows("SELECT pg_stat_force_next_flush()", []);
  const { rows } = await fixtures.client.query<{ relname: string; rows: string }>(
    `SELECT t.relname, t.seq_tup_read + coalesce(sum(i.idx_tup_read), 0) AS rows
     FROM pg_stat_user_tables t LEFT JOIN pg_stat_user_indexes i USING (relid) GROUP BY relid, t.relname, t.seq_tup_read`,
  );
  return new Map(rows.map(({ relname, rows: read }) => [relname, Number(read)]));
}

/** The ids of two live records. */
async function two(table: string): Promise<readonly [string, string]> {
  const { rows } = await fixtures.client.query<{ id: string }>(
    `SELECT id FROM ${table} WHERE deleted_at IS NULL ORDER BY id LIMIT 2`,
  );
  return [rows[0]?.id ?? "", rows[1]?.id ?? ""];
}

/** What was written, which must be without problems: the id. */
async function written(results: Promise<readonly { id: string | null; problems: unknown }[]>) {
  const [result] = await results;
  expect(result).toMatchObject({ problems: [] });
  return result?.id ?? "";
}

describe("a write of one record", () => {
  it("reads no large table from end to end, nor an index, whatever the entity and the verb", async () => {
    const [contacts, accounts] = [await two("contacts"), await two("accounts")];
    const before = await scanned();
    const create = (writes: EntityWrites, input: Values) =>
      written(createRecords(context, writes, [input]));
    const account_id = await create(accountWrites, { email: "a@new.example", domain: "a.example" });
    await create(accountWrites, { parent_account_id: account_id });
    await create(contactWrites, { email: "by-domain@a.example" });
    const manager = { account_id, email: "boss@new.example", is_primary: true };
    const reports_to_contact_id = await create(contactWrites, manager);
    const contact = { account_id, email: "doe@new.example", reports_to_contact_id };
    const contact_id = await create(contactWrites, { ...contact, is_primary: true });
    const deal_id = await create(dealWrites, { account_id, contact_ids: [contact_id] });
    const line_items = [{ unit_price: "5" }, {}];
    const offer = { account_id, deal_id, is_primary: true, line_items };
    const quote_id = await create(quoteWrites, offer);
    const line = await create(lineItemWrites, { quote_id });
    await create(activityWrites, { contact_id, deal_id });
    for (const [writes, input] of [
      [accountWrites, { email: "a@new.example", industry: "Ports" }],
      [contactWrites, { ...contact, city: "Kiel" }],
      [dealWrites, { account_id, deal_number: "D-new" }],
      [quoteWrites, { account_id, quote_number: "Q-new" }],
    ] as const) {
      await written(upsertRecord(context, writes, input, {}).then((result) => [result]));
    }
    for (const [writes, id, input] of [
      [lineItemWrites, line, { quantity: "2" }],
      [quoteWrites, quote_id, { line_items: [{ unit_price: "7" }] }],
      [dealWrites, deal_id, { stage: "qualified", contact_ids: [] }],
      [contactWrites, contact_id, { email: "other@new.example", account_id: null }],
      [accountWrites, account_id, { email: "b@new.example" }],
    ] as const) {
      await written(updateRecords(context, writes, [{ id, input }]));
      // The quote's lines were replaced, and this one with them.
      if (writes === lineItemWrites) continue;
      await written(deleteRecords(context, writes, [{ id }]));
      await written(restoreRecords(context, writes, [{ id }]));
    }
    for (const [writes, [into, from]] of [
      [contactWrites, contacts],
      [accountWrites, accounts],
    ] as const) {
      const merged = await mergeRecords(context, writes, { into, from });
      expect(merged.problems).toEqual([]);
    }
    const after = await scanned();

    expect(after.get("contacts")).toBeDefined();
    const read = [...after].map(([table, rows]) => [table, rows - (before.get(table) ?? 0)]);
    expect(read.filter(([, rows]) => Number(rows) >= size)).toEqual([]);
  });
});
