import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let quote: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("line-items");
  account = await tenant.account();
  quote = await tenant.quote(account, null, { currency: "EUR" });
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const make = (values: Values = {}, selection?: string) =>
  write.created("LineItem", { quote_id: quote.id, ...values }, selection);
const attempt = (values: Values = {}) =>
  write.create("LineItem", { quote_id: quote.id, ...values });

describe("quote_id", () => {
  it("is needed on create", async () => {
    const query =
      "mutation ($input: CreateLineItemInput!) { createLineItem(input: $input) { lineItem { id } } }";
    const { errors = [] } = await gateway.ask(write.key, query, { input: { unit_price: 1 } });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
    expect(errors[0]?.message).toContain("quote_id");
    const cleared = await write.update("LineItem", idOf(await make()), { quote_id: null });
    expect(problemsOf(cleared)).toEqual(["BAD_USER_INPUT quote_id"]);
  });

  it("names the quote that has the line, walked both ways", async () => {
    const own = await tenant.quote(account, null);
    const selection = "id quoteId quote { lineItems { nodes { id } } }";
    const line = await make({ quote_id: own.uuid }, selection);
    expect(line).toEqual({
      id: idOf(line),
      quoteId: own.id,
      quote: { lineItems: { nodes: [{ id: idOf(line) }] } },
    });
  });

  it("stays what it is: a line does not go to another quote", async () => {
    const other = await tenant.quote(account, null, { currency: "EUR" });
    const id = idOf(await make());
    const moved = await write.update("LineItem", id, { quote_id: other.id });
    expect(problemsOf(moved)).toEqual(["BAD_USER_INPUT quote_id"]);
    const same = await write.update("LineItem", id, { quote_id: quote.uuid });
    expect(problemsOf(same)).toEqual([]);
  });
});

it("quantity is 1, unit_price 0, discount 0, discount_type amount unless given", async () => {
  const selection = "description quantity unitPrice discount discountType total";
  const defaults = {
    description: null,
    quantity: "1",
    unitPrice: "0",
    discount: "0",
    discountType: "amount",
    total: "0",
  };
  expect(await make({}, selection)).toEqual(defaults);
  const nulls = { quantity: null, unit_price: null, discount: null, discount_type: null };
  expect(await make(nulls, selection)).toEqual(defaults);
  const input = {
    description: "Windows",
    quantity: 2,
    unit_price: 5,
    discount: 10,
    discount_type: "percent",
  };
  const id = idOf(await make(input));
  const cleared = await write.update("LineItem", id, { ...nulls, description: null });
  expect(problemsOf(cleared).toSorted()).toEqual(
    Object.keys(nulls)
      .map((name) => `BAD_USER_INPUT ${name}`)
      .toSorted(),
  );
});

describe("total", () => {
  it.each([
    ["quantity × unit_price", { quantity: "2.5", unit_price: "4.2" }, "10.5"],
    ["− discount", { quantity: 3, unit_price: 10, discount: "4.5" }, "25.5"],
    [
      "− discount in percent",
      { quantity: 3, unit_price: 10, discount: "12.5", discount_type: "percent" },
      "26.25",
    ],
    ["half-up to 4 places", { quantity: "0.5", unit_price: "0.0001" }, "0.0001"],
    ["half-up to 4 places, below the half", { quantity: "0.4", unit_price: "0.0001" }, "0"],
    [
      "half-up once, at the end",
      { quantity: "0.5", unit_price: "0.0003", discount: 50, discount_type: "percent" },
      "0.0001",
    ],
    [
      "exact beyond doubles",
      { quantity: "1.0001", unit_price: "99999999999.9999" },
      "100009999999.9999",
    ],
    ["0 with all of it off", { unit_price: 10, discount: "10" }, "0"],
    ["0 at 100 percent off", { unit_price: 10, discount: 100, discount_type: "percent" }, "0"],
  ])("is %s", async (_rule, input, total) => {
    expect(await make(input, "total")).toEqual({ total });
  });

  it("is derived anew when a number changes", async () => {
    const id = idOf(await make({ quantity: 2, unit_price: 5 }));
    for (const [change, total] of [
      [{ quantity: 3 }, "15"],
      [{ unit_price: "1.5" }, "4.5"],
      [{ discount: "4.5" }, "0"],
      [{ discount_type: "percent" }, "4.2975"],
    ] as const) {
      expect(await write.updated("LineItem", id, change, "total")).toEqual({ total });
    }
  });

  it("sent back is ignored", async () => {
    expect(await make({ unit_price: 5, total: "99" }, "total")).toEqual({ total: "5" });
  });

  it("that would not fit is an error", async () => {
    const outcome = await attempt({ quantity: "999999999999999", unit_price: 2 });
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT quantity"]);
  });
});

describe("currency", () => {
  it("is the quote's", async () => {
    expect(await make({}, "currency")).toEqual({ currency: "EUR" });
    expect(await make({ currency: "eur" }, "currency")).toEqual({ currency: "EUR" });
  });

  it("that is another one is an error", async () => {
    const problem = ["BAD_USER_INPUT currency"];
    expect(problemsOf(await attempt({ currency: "USD" }))).toEqual(problem);
    const id = idOf(await make());
    expect(problemsOf(await write.update("LineItem", id, { currency: "USD" }))).toEqual(problem);
  });

  it("follows the quote into another one", async () => {
    const own = await write.created("Quote", {
      account_id: account.id,
      currency: "EUR",
      line_items: [{ unit_price: 3 }],
    });
    const selection = "total currency lineItems { nodes { currency total version } }";
    expect(await write.updated("Quote", idOf(own), { currency: "CHF" }, selection)).toEqual({
      total: "3",
      currency: "CHF",
      lineItems: { nodes: [{ currency: "CHF", total: "3", version: 2 }] },
    });
  });
});

it("position is the order in the quote: after the others unless given", async () => {
  const own = await tenant.quote(account, null, { currency: "EUR" });
  const line = (description: string, values: Values = {}) =>
    make({ quote_id: own.id, description, ...values }, "position");
  expect(await line("a")).toEqual({ position: 0 });
  expect(await line("b")).toEqual({ position: 1 });
  expect(await line("c", { position: 7 })).toEqual({ position: 7 });
  expect(await line("d")).toEqual({ position: 8 });
  const batch = await gateway.data(
    write.key,
    "mutation ($inputs: [CreateLineItemInput!]!) { createLineItems(inputs: $inputs) { results { lineItem { position } } } }",
    { inputs: [{ quote_id: own.id }, { quote_id: own.id }] },
  );
  expect(listAt(batch, "createLineItems", "results")).toEqual([
    { lineItem: { position: 9 } },
    { lineItem: { position: 10 } },
  ]);
  const last = idOf(await make({ quote_id: own.id, description: "first" }));
  await write.updated("LineItem", last, { position: 0 });
  const read = await write.read("Quote", own.id, "lineItems { nodes { description } }");
  const order = listAt(read, "lineItems", "nodes").map((node) => at(node, "description"));
  expect(order.slice(0, 3)).toEqual(["a", "first", "b"]);
});

it.each(["quantity", "unit_price", "discount"])("%s is an exact decimal", async (field) => {
  for (const value of ["1234567890123456", "0.00001", "NaN", "Infinity", "ten"]) {
    expect(problemsOf(await attempt({ [field]: value }))).toEqual([`BAD_USER_INPUT ${field}`]);
  }
});

it("a line item has no tags and custom_fields", async () => {
  for (const field of ["tags", "custom_fields"]) {
    const query =
      "mutation ($input: CreateLineItemInput!) { createLineItem(input: $input) { lineItem { id } } }";
    const input = { quote_id: quote.id, [field]: [] };
    const { errors = [] } = await gateway.ask(write.key, query, { input });
    expect(errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(errors[0]?.message).toContain(field);
  }
});
