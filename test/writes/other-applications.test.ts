import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway.ts";
import { boundKey, outcomeOf, rowsOf, Writer } from "../support/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let appKey: string;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("ours");
  key = await gateway.keyFor("ours");
  appKey = await boundKey(gateway, key, { app_id: "app-1" });
});
afterAll(() => gateway.close());

describe("an application that shares records with others", () => {
  it("takes the place of a primary contact that it cannot see", async () => {
    const account_id = await new Writer(gateway, appKey, "account").made({ name: "Shared" });
    const old = await new Writer(gateway, key, "contact").made({ account_id, is_primary: true });
    const contacts = new Writer(gateway, appKey, "contact");
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
    await new Writer(gateway, key, "contact").update([{ id: old, is_primary: true }]);
    expect((await contacts.restore(next))[0]?.problems).toEqual([]);
  });

  it("replaces all lines of its quote, and names none that it cannot see", async () => {
    const account_id = await new Writer(gateway, appKey, "account").made({ name: "Shared" });
    const quotes = new Writer(gateway, appKey, "quote");
    const quote = await quotes.made({ account_id, line_items: [{ unit_price: "10" }] });
    const hidden = await new Writer(gateway, key, "lineItem").made({
      quote_id: quote,
      unit_price: "5",
    });
    const [refused] = await quotes.update([{ id: quote, line_items: [{ id: hidden }] }]);
    expect(refused?.problems).toEqual(["NOT_FOUND line_items.0.id"]);
    await quotes.update([{ id: quote, line_items: [{ unit_price: "1" }] }]);
    const rows = await rowsOf(
      gateway,
      `SELECT q.total::text, sum(l.total)::text AS sum FROM quotes q JOIN line_items l ON l.quote_id = q.id AND l.deleted_at IS NULL
       WHERE q.id = $1 GROUP BY q.id, q.tenant_id`,
      quote.slice("qte-".length),
    );
    expect(rows).toEqual([{ total: "1.0000", sum: "1.0000" }]);
  });

  it("cannot move a deal that has quotes which it cannot see", async () => {
    const accounts = new Writer(gateway, appKey, "account");
    const [here, there] = [await accounts.made({}), await accounts.made({})];
    const deals = new Writer(gateway, appKey, "deal");
    const deal = await deals.made({ account_id: here });
    await new Writer(gateway, key, "quote").made({ account_id: here, deal_id: deal });
    const [refused] = await deals.update([{ id: deal, account_id: there }]);
    expect(refused?.problems).toEqual(["BAD_USER_INPUT account_id"]);
  });
});

it("a key of a department cannot turn a key from outside of it into its own", async () => {
  const department = await tenant.department("Sales");
  const departmentKey = await boundKey(gateway, key, { department_id: department.id });
  const made = await gateway.data(
    key,
    'mutation { createApiKey(input: { name: "free", scopes: ["*"] }) { apiKey { id } } }',
  );
  const data = await gateway.data(
    departmentKey,
    "mutation($id: ID!) { rotateApiKey(id: $id) { secret apiKey { id } userErrors { code path } } }",
    { id: at(made, "createApiKey", "apiKey", "id") },
  );
  expect(at(data, "rotateApiKey", "secret")).toBeNull();
  expect(outcomeOf(at(data, "rotateApiKey"), "apiKey").problems).toEqual(["BAD_USER_INPUT id"]);
});
