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
let lineItems: RowWriter;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("ours");
  const key = await gateway.keyFor("ours");
  accounts = new RowWriter(gateway, key, "accounts");
  contacts = new RowWriter(gateway, key, "contacts");
  deals = new RowWriter(gateway, key, "deals");
  lineItems = new RowWriter(gateway, key, "lineItems");
});
afterAll(() => gateway.close());

const fine = (problems: readonly (readonly string[])[]): boolean =>
  problems.every((said) => said.length === 0);

async function primaryOf(accountId: string): Promise<unknown> {
  const rows = await rowsOf(
    gateway,
    "SELECT id FROM contacts WHERE account_id = $1 AND is_primary AND deleted_at IS NULL",
    accountId,
  );
  return rows.map(({ id }) => id);
}

describe("primary contacts that change in one call", () => {
  it("one can leave its account while another takes its place", async () => {
    const [here, there] = [await tenant.account(), await tenant.account()];
    const old = await tenant.contact(here, { isPrimary: true });
    const next = await tenant.contact(here);
    // Whichever row PostgreSQL writes first.
    const outcomes = await contacts.update([
      { id: next.id, is_primary: true },
      { id: old.id, account_id: there.id, is_primary: true },
    ]);
    expect(fine(outcomes.map(({ problems }) => problems))).toBe(true);
    expect(await primaryOf(here.uuid)).toEqual([next.uuid]);
    expect(await primaryOf(there.uuid)).toEqual([old.uuid]);
  });

  it("two can change places", async () => {
    const [here, there] = [await tenant.account(), await tenant.account()];
    const one = await tenant.contact(here, { isPrimary: true });
    const other = await tenant.contact(there, { isPrimary: true });
    await contacts.update([
      { id: one.id, account_id: there.id, is_primary: true },
      { id: other.id, account_id: here.id, is_primary: true },
    ]);
    expect(await primaryOf(here.uuid)).toEqual([other.uuid]);
    expect(await primaryOf(there.uuid)).toEqual([one.uuid]);
    const versions = await rowsOf(gateway, "SELECT version FROM contacts WHERE id = $1", one.uuid);
    expect(versions).toEqual([{ version: 2 }]);
  });

  it("a later row that only touches the old one does not take the place back", async () => {
    const here = await tenant.account();
    const old = await tenant.contact(here, { isPrimary: true });
    const next = await tenant.contact(here);
    await contacts.update([
      { id: next.id, is_primary: true },
      { id: old.id, job_title: "Retired" },
    ]);
    expect(await primaryOf(here.uuid)).toEqual([next.uuid]);
  });
});

describe("hierarchies that change in one call", () => {
  it("a move that is refused does not hide the circle that another closes", async () => {
    await tenant.account({ email: "taken@example.com" });
    const [top, elsewhere] = [await tenant.account(), await tenant.account()];
    const below = await tenant.account({ parentAccountId: top.uuid });
    const outcomes = await accounts.update(
      [
        { id: below.id, parent_account_id: elsewhere.id, email: "taken@example.com" },
        { id: top.id, parent_account_id: below.id },
      ],
      "continue",
    );
    expect(outcomes.map(({ problems }) => problems)).toEqual([
      ["DUPLICATE email"],
      ["BAD_USER_INPUT parent_account_id"],
    ]);
  });

  it("parent and child can change places", async () => {
    const top = await tenant.account();
    const below = await tenant.account({ parentAccountId: top.uuid });
    const outcomes = await accounts.update([
      { id: below.id, parent_account_id: null },
      { id: top.id, parent_account_id: below.id },
    ]);
    expect(outcomes.map(({ problems }) => problems)).toEqual([[], []]);
  });
});

describe("other rows of one call", () => {
  it("a line that its quote has no room for is refused, and not the others", async () => {
    const account = await tenant.account();
    const [full, small] = [await tenant.quote(account, null), await tenant.quote(account, null)];
    const huge = { quote_id: full.id, unit_price: "999999999999999" };
    const outcomes = await lineItems.create(
      [huge, huge, { quote_id: small.id, unit_price: "1" }],
      "continue",
    );
    expect(outcomes.map(({ problems }) => problems)).toEqual([[], ["BAD_USER_INPUT quantity"], []]);
    expect(outcomes[2]?.id).not.toBeNull();
  });

  it("a number given by hand is kept, though the next one drawn would have been the same", async () => {
    const account_id = (await tenant.account()).id;
    await deals.made({ account_id });
    const [{ number } = { number: "" }] = await rowsOf(
      gateway,
      "SELECT 'DEAL-' || year || '-' || lpad((last_value + 1)::text, 5, '0') AS number FROM number_sequences WHERE tenant_id = $1 AND kind = 'deal'",
      tenant.uuid,
    );
    const outcomes = await deals.create([{ account_id }, { account_id, deal_number: number }]);
    expect(outcomes.map(({ problems }) => problems)).toEqual([[], []]);
  });

  it("numbers that differ in case are two", async () => {
    const account_id = (await tenant.account()).id;
    const outcomes = await deals.create([
      { account_id, deal_number: "abc" },
      { account_id, deal_number: "ABC" },
    ]);
    expect(outcomes.map(({ problems }) => problems)).toEqual([[], []]);
  });

  it("an update that names no record is a problem of its row", async () => {
    const { id } = await tenant.account();
    const outcomes = await accounts.update([{ name: "whose?" }, { id, name: "Mine" }], "continue");
    expect(outcomes).toEqual([
      { id: null, problems: ["BAD_USER_INPUT id"] },
      { id, problems: [] },
    ]);
  });
});
