import { afterAll, beforeAll, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { restClient } from "../support/rest/client.ts";
import { idOf, problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let quote: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("absurd-lines");
  account = await tenant.account();
  quote = await tenant.quote(account, null);
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const percent = { discount_type: "percent" };
const absurd: readonly [string, Values, string][] = [
  ["a quantity of −1", { quantity: -1, unit_price: 5 }, "quantity"],
  ["a price of −3", { unit_price: -3 }, "unit_price"],
  ["1,000 percent off", { unit_price: 5, discount: 1_000, ...percent }, "discount"],
  ["100.0001 percent off", { unit_price: 5, discount: "100.0001", ...percent }, "discount"],
  ["−5 percent off", { unit_price: 5, discount: -5, ...percent }, "discount"],
  ["−0.0001 off", { unit_price: 5, discount: "-0.0001" }, "discount"],
  ["more off than the price", { quantity: 2, unit_price: 5, discount: "10.0001" }, "discount"],
];

it.each(absurd)("%s is refused: alone, inline, by REST, as a change", async (_, values, field) => {
  const alone = await write.create("LineItem", { quote_id: quote.id, ...values });
  expect(problemsOf(alone)).toEqual([`BAD_USER_INPUT ${field}`]);
  const inline = { account_id: account.id, line_items: [{ unit_price: 1 }, values] };
  expect(problemsOf(await write.create("Quote", inline))).toEqual([
    `BAD_USER_INPUT line_items.1.${field}`,
  ]);
  const rest = restClient(gateway, { "x-api-key": write.key });
  const answer = await rest.post("/api/v1/crm/line-items", { quote_id: quote.id, ...values });
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ issues: [{ path: field }] });
  const id = idOf(await write.created("LineItem", { quote_id: quote.id }));
  expect(problemsOf(await write.update("LineItem", id, values))).toEqual([
    `BAD_USER_INPUT ${field}`,
  ]);
});

it.each(["-5", -0.0001])("a total of %s is refused for a quote without lines", async (total) => {
  const told = ["BAD_USER_INPUT total"];
  expect(problemsOf(await write.create("Quote", { account_id: account.id, total }))).toEqual(told);
  const id = idOf(await write.created("Quote", { account_id: account.id, total: "0" }));
  expect(problemsOf(await write.update("Quote", id, { value: total }))).toEqual(told);
  await gateway.fixtures.client.query("UPDATE quotes SET total = -5 WHERE id = $1", [
    id.slice("qte-".length),
  ]);
  // As it was read.
  await write.updated("Quote", id, { total: "-5", name: "Old" });
});

it("the bounds themselves are taken", async () => {
  for (const values of [
    { quantity: 0, unit_price: 5 },
    { quantity: 2, unit_price: 5, discount: 10 },
    { unit_price: 5, discount: 100, ...percent },
    // The price is 0.1 when it is rounded, as totals are.
    { quantity: "0.3333", unit_price: "0.3", discount: "0.1" },
  ]) {
    const input = { quote_id: quote.id, ...values };
    expect(await write.created("LineItem", input, "total")).toEqual({ total: "0" });
  }
});

it("one number is judged with the others that are stored", async () => {
  const input = { quote_id: quote.id, quantity: 2, unit_price: 60, discount: 110 };
  const id = idOf(await write.created("LineItem", input));
  for (const change of [{ quantity: 1 }, { unit_price: 50 }, percent, { discount: 121 }]) {
    const outcome = await write.update("LineItem", id, change);
    expect(problemsOf(outcome), JSON.stringify(change)).toEqual(["BAD_USER_INPUT discount"]);
  }
});

it("what is stored from before stays, and can be mended", async () => {
  const id = idOf(await write.created("LineItem", { quote_id: quote.id, unit_price: 5 }));
  await gateway.fixtures.client.query("UPDATE line_items SET quantity = -1 WHERE id = $1", [
    id.slice("lin-".length),
  ]);
  await write.updated("LineItem", id, { description: "old" });
  const outcome = await write.update("LineItem", id, { unit_price: 6 });
  expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT quantity"]);
  expect(await write.updated("LineItem", id, { quantity: 1 }, "total")).toEqual({ total: "5" });
});

it("1e-400 is refused as 0.00001 is, and whole numbers are no 1.0000000000000000001", async () => {
  const rest = restClient(gateway, { "x-api-key": write.key });
  for (const number of ["1e-400", "-1e-400", "0.00001", "1.00000000000000000001"]) {
    const body = `{"quote_id":"${quote.id}","unit_price":${number}}`;
    const answer = await rest.post("/api/v1/crm/line-items", body);
    expect(answer.body, number).toMatchObject({ issues: [{ path: "unit_price" }] });
    for (const input of [`{unit_price: ${number}, quote_id: "${quote.id}"}`, null]) {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": write.key },
        body: `{"query":${JSON.stringify(
          input === null
            ? "mutation ($input: CreateLineItemInput!) { createLineItem(input: $input) { lineItem { id } userErrors { code } } }"
            : `mutation { createLineItem(input: ${input}) { lineItem { id } userErrors { code } } }`,
        )},"variables":{"input":${body}}}`,
      });
      const text = await response.text();
      expect(text, number).toContain("BAD_USER_INPUT");
      expect(text, number).not.toContain("lin-");
    }
  }
  const employees = `{"employee_count":1.00000000000000000001}`;
  const answer = await rest.post("/api/v1/crm/accounts", employees);
  expect(answer.body).toMatchObject({ issues: [{ path: "employee_count" }] });
});
