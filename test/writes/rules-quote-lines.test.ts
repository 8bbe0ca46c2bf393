import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { v7 as uuidv7 } from "uuid";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("quote-lines");
  account = await tenant.account();
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const lines = "lineItems { nodes { id description position total currency version } }";
const whole = `id version total currency ${lines}`;
const make = (values: Values = {}, selection = whole) =>
  write.created("Quote", { account_id: account.id, ...values }, selection);
const attempt = (values: Values = {}) =>
  write.create("Quote", { account_id: account.id, ...values });
const linesOf = (quote: unknown) => listAt(quote, "lineItems", "nodes");
const said = (quote: unknown) =>
  linesOf(quote).map((line) => `${String(at(line, "description"))} ${String(at(line, "total"))}`);

/** The state of a quote's lines in the database, deleted ones too. */
async function versionsOf(quote: unknown): Promise<unknown> {
  return gateway.data(
    write.key,
    "query ($id: ID!) { lineItems(where: { quoteId: { eq: $id } }, includeDeleted: true) { nodes { description version isDeleted } } }",
    { id: idOf(quote) },
  );
}

describe("total", () => {
  it("is derived while the quote has live line items, whatever is given", async () => {
    const quote = await make({
      total: "1",
      line_items: [{ unit_price: 10 }, { unit_price: "5.5" }],
    });
    expect(at(quote, "total")).toBe("15.5");
    const given = await write.updated("Quote", idOf(quote), { total: 99 }, "total");
    expect(given).toEqual({ total: "15.5" });
  });

  it("follows its line items in the same transaction, as a write of the quote", async () => {
    const id = idOf(await make({ line_items: [{ unit_price: 10 }] }));
    const line = idOf(await write.created("LineItem", { quote_id: id, unit_price: 5 }));
    const state = "total version";
    expect(await write.read("Quote", id, state)).toEqual({ total: "15", version: 2 });
    await write.updated("LineItem", line, { quantity: 3 });
    expect(await write.read("Quote", id, state)).toEqual({ total: "25", version: 3 });
    await write.delete("LineItem", line);
    expect(await write.read("Quote", id, state)).toEqual({ total: "10", version: 4 });
    await write.restore("LineItem", line);
    expect(await write.read("Quote", id, state)).toEqual({ total: "25", version: 5 });
    await write.updated("LineItem", line, { description: "Same price" });
    expect(await write.read("Quote", id, state)).toEqual({ total: "25", version: 5 });
    const { rows } = await gateway.fixtures.client.query(
      "SELECT changes FROM change_events WHERE entity_id = $1 AND operation = 'updated' ORDER BY position",
      [id.slice("qte-".length)],
    );
    const totals = rows.map((row) => at(row, "changes", "total"));
    expect(totals).toEqual([
      ["10", "15"],
      ["15", "25"],
      ["25", "10"],
      ["10", "25"],
    ]);
  });

  it("without line items is kept as given", async () => {
    const quote = await make({ total: "500.25" });
    expect(at(quote, "total")).toBe("500.25");
    const changed = await write.updated("Quote", idOf(quote), { total: 7, name: "n" }, "total");
    expect(changed).toEqual({ total: "7" });
    expect(at(await make(), "total")).toBeNull();
  });

  it("that would not fit is an error, and nothing is written", async () => {
    const line = { unit_price: "999999999999999" };
    const inline = await attempt({ line_items: [line, { unit_price: 1 }] });
    expect(problemsOf(inline)).toEqual(["BAD_USER_INPUT line_items"]);
    const id = idOf(await make({ line_items: [line] }));
    const outcome = await write.create("LineItem", { quote_id: id, unit_price: 1 });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT quantity"]);
    expect(linesOf(await write.read("Quote", id, lines))).toHaveLength(1);
  });
});

describe("line_items sent inline", () => {
  it("on create are created in the same transaction, in their order", async () => {
    const quote = await make({
      currency: "EUR",
      line_items: [
        { description: "B", quantity: 2, unit_price: 3 },
        { description: "A", unit_price: 1, currency: "EUR", id: "lin-of-elsewhere", position: 9 },
      ],
    });
    expect(linesOf(quote)).toMatchObject([
      { description: "B", position: 0, total: "6", currency: "EUR", version: 1 },
      { description: "A", position: 1, total: "1", currency: "EUR", version: 1 },
    ]);
    expect(at(quote, "version")).toBe(1);
  });

  it("on update replace all: changed by id, created without, deleted when left out", async () => {
    const before = await make({
      line_items: [
        { description: "keep", unit_price: 1 },
        { description: "change", unit_price: 2 },
        { description: "drop", unit_price: 4 },
      ],
    });
    const [keep, change] = linesOf(before).map(idOf);
    const sent = [
      { description: "new", unit_price: 8 },
      { id: change, unit_price: 20 },
      { id: keep },
    ];
    const after = await write.updated("Quote", idOf(before), { line_items: sent }, whole);
    expect(said(after)).toEqual(["new 8", "change 20", "keep 1"]);
    expect(linesOf(after).map(idOf).slice(1)).toEqual([change, keep]);
    expect(at(after, "total")).toBe("29");
    expect(listAt(await versionsOf(after), "lineItems", "nodes")).toContainEqual({
      description: "drop",
      version: 2,
      isDeleted: true,
    });
  });

  it("of which one is wrong write nothing of the quote", async () => {
    const quote = await make({ line_items: [{ description: "old", unit_price: 1 }] });
    const outcome = await write.update("Quote", idOf(quote), {
      name: "Renamed",
      line_items: [
        { description: "fine", unit_price: 5 },
        { quantity: "many", unit_price: "1.00001" },
        { currency: "EUR" },
      ],
    });
    expect(problemsOf(outcome).toSorted()).toEqual([
      "BAD_USER_INPUT line_items.1.quantity",
      "BAD_USER_INPUT line_items.1.unit_price",
      "BAD_USER_INPUT line_items.2.currency",
    ]);
    const selection = `name ${whole}`;
    const now = await write.read("Quote", idOf(quote), selection);
    expect(now).toEqual({ name: null, ...Object(quote) });
  });

  it("with the id of a line that the quote does not have are not found", async () => {
    const [quote, other] = [await make(), await make({ line_items: [{}] })];
    const elsewhere = linesOf(other).map(idOf);
    for (const id of [...elsewhere, `lin-${uuidv7()}`]) {
      const outcome = await write.update("Quote", idOf(quote), { line_items: [{}, { id }] });
      expect(problemsOf(outcome)).toEqual(["NOT_FOUND line_items.1.id"]);
    }
  });

  it("that are not sent stay; an empty list deletes them", async () => {
    const quote = await make({ line_items: [{ description: "one", unit_price: 1 }] });
    const renamed = await write.updated("Quote", idOf(quote), { name: "n" }, whole);
    expect(said(renamed)).toEqual(["one 1"]);
    const emptied = await write.updated("Quote", idOf(quote), { line_items: [] }, whole);
    expect(linesOf(emptied)).toEqual([]);
  });
});
