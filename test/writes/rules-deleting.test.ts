import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("deleting");
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

/** An account with one of everything in it. */
async function family() {
  const occurredAt = "2026-03-18T15:40:12Z";
  const account = await tenant.account({ lastActivityAt: occurredAt });
  const contact = await tenant.contact(account, { lastInteractionAt: occurredAt });
  const deal = await tenant.deal(account);
  const quote = await tenant.quote(account, deal, { total: "10" });
  const lineItem = await tenant.lineItem(quote, { unitPrice: "10", total: "10" });
  const links = { dealId: deal.uuid, contactId: contact.uuid };
  const activity = await tenant.activity(account, { ...links, occurredAt });
  await tenant.participant(activity, contact);
  await tenant.stakeholder(deal, contact);
  return { account, contact, deal, quote, lineItem, activity };
}
type Family = Awaited<ReturnType<typeof family>>;

const tables: Readonly<Record<keyof Family, string>> = {
  account: "accounts",
  contact: "contacts",
  deal: "deals",
  quote: "quotes",
  lineItem: "line_items",
  activity: "activities",
};
const members = ["account", "contact", "deal", "quote", "lineItem", "activity"] as const;

type State = {
  deletion_id: string | null;
  deleted_at: Date | null;
  deleted_by: string | null;
  version: number;
};

/** How a record is stored. */
async function stateOf(name: keyof Family, { uuid }: Made): Promise<State> {
  const { rows } = await gateway.fixtures.client.query<State>(
    `SELECT deletion_id, deleted_at, deleted_by, version FROM ${tables[name]} WHERE id = $1`,
    [uuid],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`no ${name} ${uuid}`);
  return row;
}

async function statesOf(records: Family): Promise<State[]> {
  const states: State[] = [];
  for (const name of members) states.push(await stateOf(name, records[name]));
  return states;
}

/** The names of the records that are deleted. */
async function gone(records: Family): Promise<string[]> {
  const states = await statesOf(records);
  return members.filter((_, index) => states[index]?.deletion_id !== null);
}

const operation = (verb: "delete" | "restore", type: string, { id }: Made) =>
  verb === "delete" ? write.delete(type, id) : write.restore(type, id);
async function carryOut(verb: "delete" | "restore", type: string, record: Made): Promise<void> {
  expect(problemsOf(await operation(verb, type, record))).toEqual([]);
}

describe("deleting soft-deletes what a record contains, and one restore brings it back", () => {
  it.each([
    ["Account", "account", members],
    ["Deal", "deal", ["deal", "quote", "lineItem", "activity"]],
    ["Quote", "quote", ["quote", "lineItem"]],
    ["Contact", "contact", ["contact"]],
    ["LineItem", "lineItem", ["lineItem"]],
  ] as const)("%s", async (type, name, contents) => {
    const records = await family();
    await carryOut("delete", type, records[name]);
    expect(await gone(records)).toEqual([...contents]);
    await carryOut("restore", type, records[name]);
    expect(await gone(records)).toEqual([]);
  });

  it("all of it bears one deletion id, time and actor", async () => {
    const records = await family();
    await carryOut("delete", "Account", records.account);
    const states = await statesOf(records);
    expect(new Set(states.map(({ deletion_id }) => deletion_id)).size).toBe(1);
    expect(new Set(states.map(({ deleted_at }) => deleted_at?.getTime())).size).toBe(1);
    expect(states.map(({ deleted_by }) => deleted_by)).toEqual(
      members.map(() => `key-${write.key.split("_")[2]}`),
    );
  });

  it("each is a write: version + 1 and an event of its own", async () => {
    const records = await family();
    await carryOut("delete", "Account", records.account);
    await carryOut("restore", "Account", records.account);
    for (const name of members) {
      expect(await stateOf(name, records[name]), name).toMatchObject({ version: 3 });
      const { rows } = await gateway.fixtures.client.query(
        "SELECT entity_type, operation, version, changes FROM change_events WHERE entity_id = $1 ORDER BY position",
        [records[name].uuid],
      );
      expect(rows, name).toMatchObject([
        { entity_type: catalog.entity(name).type, operation: "deleted", version: 2 },
        { entity_type: catalog.entity(name).type, operation: "restored", version: 3 },
      ]);
      const [deleted, restored] = rows.map((row) => at(row, "changes", "deletion_id"));
      expect(restored, name).toEqual([...listAt(deleted)].toReversed());
    }
  });

  it("what is gone is absent from lists, relations, counts and searches unless asked for", async () => {
    const { account, contact } = await family();
    await write.updated("Contact", contact.id, { last_name: "Zanzibar" });
    const query = `query ($id: ID!, $all: Boolean) {
      contacts(where: { accountId: { eq: $id } }, includeDeleted: $all) { totalCount nodes { id } }
      deals(where: { accountId: { eq: $id } }, includeDeleted: $all) { totalCount nodes { activities(includeDeleted: $all) { totalCount } } }
      search(query: "Zanzibar") { totalCount }
    }`;
    const ask = (all: boolean) => gateway.data(write.key, query, { id: account.id, all });
    const before = await ask(false);
    await carryOut("delete", "Account", account);
    expect(await ask(false)).toEqual({
      contacts: { totalCount: 0, nodes: [] },
      deals: { totalCount: 0, nodes: [] },
      search: { totalCount: 0 },
    });
    expect(await ask(true)).toMatchObject({
      contacts: { totalCount: 1 },
      deals: { totalCount: 1, nodes: [{ activities: { totalCount: 1 } }] },
    });
    await carryOut("restore", "Account", account);
    expect(await ask(false)).toEqual(before);
  });

  it("subsidiaries and people who report to somebody are not contained", async () => {
    const parent = await tenant.account();
    const subsidiary = await tenant.account({ parentAccountId: parent.uuid });
    const manager = await tenant.contact(subsidiary);
    const report = await tenant.contact(subsidiary, { reportsToContactId: manager.uuid });
    await carryOut("delete", "Account", parent);
    await carryOut("delete", "Contact", manager);
    const selection = "id parent { id } contacts { nodes { id reportsTo { id } } }";
    expect(await write.read("Account", subsidiary.id, selection)).toEqual({
      id: subsidiary.id,
      parent: null,
      contacts: { nodes: [{ id: report.id, reportsTo: null }] },
    });
  });
});

describe("one restore brings back exactly what that deletion took", () => {
  it("what was deleted before stays deleted, and comes back by its own restore", async () => {
    const records = await family();
    await carryOut("delete", "LineItem", records.lineItem);
    await carryOut("delete", "Deal", records.deal);
    await carryOut("delete", "Account", records.account);
    await carryOut("restore", "Account", records.account);
    expect(await gone(records)).toEqual(["deal", "quote", "lineItem", "activity"]);
    await carryOut("restore", "Deal", records.deal);
    expect(await gone(records)).toEqual(["lineItem"]);
    await carryOut("restore", "LineItem", records.lineItem);
    expect(await gone(records)).toEqual([]);
  });

  it("two deletions in one call have an id each", async () => {
    const [one, two] = [await family(), await family()];
    const inputs = [{ id: one.account.id }, { id: two.account.id }];
    const data = await gateway.data(
      write.key,
      "mutation ($inputs: [RecordVersionInput!]!) { deleteAccounts(inputs: $inputs) { written } }",
      { inputs },
    );
    expect(at(data, "deleteAccounts", "written")).toBe(2);
    await carryOut("restore", "Account", one.account);
    expect(await gone(one)).toEqual([]);
    expect(await gone(two)).toEqual([...members]);
  });
});

describe("what cannot be restored", () => {
  it.each([
    ["Contact", "contact", "Account", "account", "account_id"],
    ["Deal", "deal", "Account", "account", "account_id"],
    ["Quote", "quote", "Deal", "deal", "deal_id"],
    ["LineItem", "lineItem", "Quote", "quote", "quote_id"],
  ] as const)("%s whose %s is deleted says so", async (type, name, owner, ownerName, path) => {
    const records = await family();
    await carryOut("delete", type, records[name]);
    await carryOut("delete", owner, records[ownerName]);
    const outcome = await operation("restore", type, records[name]);
    expect(problemsOf(outcome)).toContain(`BAD_USER_INPUT ${path}`);
    expect(await gone(records)).toContain(name);
  });

  it("what lives cannot be restored, and what is deleted cannot be deleted or changed", async () => {
    const { deal } = await family();
    expect(problemsOf(await operation("restore", "Deal", deal))).toEqual(["BAD_USER_INPUT id"]);
    await carryOut("delete", "Deal", deal);
    expect(problemsOf(await operation("delete", "Deal", deal))).toEqual(["NOT_FOUND id"]);
    const changed = await write.update("Deal", deal.id, { name: "Late" });
    expect(problemsOf(changed)).toEqual(["NOT_FOUND id"]);
  });

  it("with another version than the current one nothing is deleted or restored", async () => {
    const records = await family();
    const { id } = records.account;
    const stale = await write.delete("Account", id, { version: 9 });
    expect(problemsOf(stale)).toEqual(["CONFLICT version"]);
    expect(stale.userErrors[0]).toMatchObject({ current: { id, version: 1 } });
    expect(await gone(records)).toEqual([]);
    expect(problemsOf(await write.delete("Account", id, { version: 1 }))).toEqual([]);
    const early = await write.restore("Account", id, { version: 1 });
    expect(early.userErrors[0]).toMatchObject({ code: "CONFLICT", current: { id, version: 2 } });
    expect(await gone(records)).toEqual([...members]);
    expect(problemsOf(await write.restore("Account", id, { version: 2 }))).toEqual([]);
  });
});

describe("what a restore brings back keeps the rules", () => {
  it("a quote does not come back to a deal that went to another account meanwhile", async () => {
    const { account, deal, quote } = await family();
    await carryOut("delete", "Quote", quote);
    const other = await tenant.account();
    const moved = await write.update("Deal", deal.id, { account_id: other.id });
    expect(problemsOf(moved)).toEqual([]);
    await carryOut("restore", "Quote", quote);
    const read = await write.read("Quote", quote.id, "accountId dealId");
    expect(read).toEqual({ accountId: account.id, dealId: null });
  });

  it("a contact does not come back below a manager who went to another account meanwhile", async () => {
    const { account, contact: manager } = await family();
    const report = await tenant.contact(account, { reportsToContactId: manager.uuid });
    await carryOut("delete", "Contact", report);
    const other = await tenant.account();
    expect(problemsOf(await write.update("Contact", manager.id, { account_id: other.id }))).toEqual(
      [],
    );
    await carryOut("restore", "Contact", report);
    const read = await write.read("Contact", report.id, "accountId reportsToContactId");
    expect(read).toEqual({ accountId: account.id, reportsToContactId: null });
  });

  it.each([
    ["Quote", "quotes", "deal"],
    ["Contact", "contacts", "account"],
  ] as const)("of two %ss restored in one call one is primary", async (type, plural, owner) => {
    const { account, deal } = await family();
    const owned = owner === "deal" ? { deal_id: deal.id } : {};
    const input = { account_id: account.id, ...owned, is_primary: true };
    const ids: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      ids.push(idOf(await write.created(type, input)));
      await write.delete(type, ids[count] ?? "");
    }
    const data = await gateway.data(
      write.key,
      `mutation ($inputs: [RecordVersionInput!]!) { restore${type}s(inputs: $inputs) { written } }`,
      { inputs: ids.map((id) => ({ id })) },
    );
    expect(at(data, `restore${type}s`, "written")).toBe(2);
    const { rows } = await gateway.fixtures.client.query(
      `SELECT count(*)::integer AS primary FROM ${plural} WHERE is_primary AND deleted_at IS NULL AND id = ANY ($1)`,
      [ids.map(uuidOf)],
    );
    expect(rows).toEqual([{ primary: 1 }]);
  });

  it("two records restored in one call that had the same unique value do not both come back", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const owner = idOf(await write.created("Account", { email: "twice@deleting.example" }));
      await write.created("Deal", { account_id: owner, deal_number: "DEAL-TWICE" });
      expect(problemsOf(await write.delete("Account", owner))).toEqual([]);
      ids.push(owner);
    }
    const data = await gateway.data(
      write.key,
      `mutation ($inputs: [RecordVersionInput!]!) {
        restoreAccounts(inputs: $inputs) { written results { userErrors { code path } } }
      }`,
      { inputs: ids.map((id) => ({ id })) },
    );
    expect(at(data, "restoreAccounts")).toEqual({
      written: 0,
      results: [
        { userErrors: [] },
        {
          userErrors: [
            { code: "DUPLICATE", path: ["email"] },
            { code: "DUPLICATE", path: ["deals", "deal_number"] },
          ],
        },
      ],
    });
  });
});
