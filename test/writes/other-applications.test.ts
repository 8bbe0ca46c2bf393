import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { boundKey, rowsOf, Writes } from "../support/writes/writes.ts";
import { problemsOf } from "../support/writes/mutation.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let appKey: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("ours"));
  appKey = await boundKey(gateway, key, { app_id: "app-1" });
});
afterAll(() => gateway.close());

describe("an application that shares records with others", () => {
  it("takes the place of a primary contact that it cannot see", async () => {
    const account_id = await new RowWriter(gateway, appKey, "accounts").made({ name: "Shared" });
    const old = await new RowWriter(gateway, key, "contacts").made({
      account_id,
      is_primary: true,
    });
    const contacts = new RowWriter(gateway, appKey, "contacts");
    const next = await contacts.made({ account_id, is_primary: true });
    const rows = await rowsOf(
      gateway,
      "SELECT 'con-' || id AS id, is_primary, version FROM contacts WHERE account_id = $1 ORDER BY id",
      account_id.slice("acc-".length),
    );
    expect(rows).toEqual([
      { id: old, is_primary: false, version: 2 },
      { id: next, is_primary: true, version: 1 },
    ]);
    // And comes back without it when the other has it again.
    await contacts.delete(next);
    await new RowWriter(gateway, key, "contacts").update([{ id: old, is_primary: true }]);
    expect((await contacts.restore(next))[0]?.problems).toEqual([]);
  });

  it("replaces the lines of its quote that it can see; others stay, count in the total and cannot be named", async () => {
    const account_id = await new RowWriter(gateway, appKey, "accounts").made({ name: "Shared" });
    const quotes = new RowWriter(gateway, appKey, "quotes");
    const quote = await quotes.made({ account_id, line_items: [{ unit_price: "10" }] });
    const hidden = await new RowWriter(gateway, key, "lineItems").made({
      quote_id: quote,
      unit_price: "5",
    });
    const [refused] = await quotes.update([{ id: quote, line_items: [{ id: hidden }] }]);
    expect(refused?.problems).toEqual(["NOT_FOUND line_items.0.id"]);
    const state = async () => ({
      quote: await rowsOf(
        gateway,
        "SELECT total::text, currency FROM quotes WHERE id = $1",
        quote.slice("qte-".length),
      ),
      lines: await rowsOf(
        gateway,
        `SELECT total::text, currency, position, version FROM line_items
         WHERE quote_id = $1 AND deleted_at IS NULL ORDER BY position`,
        quote.slice("qte-".length),
      ),
    });
    await quotes.update([{ id: quote, line_items: [{ unit_price: "1" }] }]);
    expect(await state()).toEqual({
      quote: [{ total: "6.0000", currency: "USD" }],
      lines: [
        { total: "5.0000", currency: "USD", position: 1, version: 1 },
        { total: "1.0000", currency: "USD", position: 2, version: 1 },
      ],
    });
    await quotes.update([{ id: quote, line_items: [], currency: "EUR" }]);
    expect(await state()).toEqual({
      quote: [{ total: "5.0000", currency: "EUR" }],
      lines: [{ total: "5.0000", currency: "EUR", position: 1, version: 2 }],
    });
  });

  it("replaces the contacts of its deal that it can see; others and deleted ones stay linked", async () => {
    const account_id = await new RowWriter(gateway, appKey, "accounts").made({ name: "Shared" });
    const contacts = new RowWriter(gateway, appKey, "contacts");
    const own = await contacts.made({ account_id });
    const gone = await contacts.made({ account_id });
    const next = await contacts.made({ account_id });
    const hidden = await new RowWriter(gateway, key, "contacts").made({ account_id });
    const deals = new RowWriter(gateway, appKey, "deals");
    const deal = await deals.made({ account_id, contact_ids: [own, gone] });
    await new RowWriter(gateway, key, "deals").update([
      { id: deal, contact_ids: [own, gone, hidden], primary_contact_id: gone },
    ]);
    await contacts.delete(gone);
    const linked = async () =>
      (
        await rowsOf(
          gateway,
          "SELECT 'con-' || contact_id AS id FROM deal_contacts WHERE deal_id = $1",
          deal.slice("deal-".length),
        )
      ).map(({ id }) => id);
    await deals.update([{ id: deal, contact_ids: [next], primary_contact_id: gone }]);
    expect(new Set(await linked())).toEqual(new Set([next, gone, hidden]));
    await deals.update([{ id: deal, contact_ids: [] }]);
    expect(new Set(await linked())).toEqual(new Set([gone, hidden]));
    await new RowWriter(gateway, key, "deals").update([
      { id: deal, contact_ids: [], primary_contact_id: null },
    ]);
    expect(await linked()).toEqual([gone]);
  });

  it("cannot move a deal that has quotes which it cannot see", async () => {
    const accounts = new RowWriter(gateway, appKey, "accounts");
    const [here, there] = [await accounts.made({}), await accounts.made({})];
    const deals = new RowWriter(gateway, appKey, "deals");
    const deal = await deals.made({ account_id: here });
    await new RowWriter(gateway, key, "quotes").made({ account_id: here, deal_id: deal });
    const [refused] = await deals.update([{ id: deal, account_id: there }]);
    expect(refused?.problems).toEqual(["BAD_USER_INPUT account_id"]);
  });
});

it("a key of a department cannot turn a key from outside of it into its own", async () => {
  const department = await tenant.department("Sales");
  const departmentKey = await boundKey(gateway, key, { department_id: department.id });
  const made = await new Writes(gateway, key).created("ApiKey", { name: "free", scopes: ["*"] });
  const outcome = await new Writes(gateway, departmentKey).mutate("rotateApiKey", {
    id: made["id"],
  });
  expect(at(outcome.payload, "secret")).toBeNull();
  expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT id"]);
});
