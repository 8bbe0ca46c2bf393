import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/seed/random.ts";
import { runSeed } from "../support/run/run-length.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { averageOf, decimalOf, sumOf } from "../support/filters/exact.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let account: Made;
let key: string;
let count = 0;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function newTenant(): Promise<void> {
  count += 1;
  tenant = await gateway.fixtures.tenant(`money-${count}`);
  key = await gateway.keyFor(tenant.slug);
  account = await tenant.account();
}

/** Deals that differ in owner, currency and value only. */
async function makeDeals(
  deals: readonly (readonly [owner: string, currency: string, value: string | null])[],
): Promise<void> {
  await tenant.makeMany(
    "deal",
    deals.map(([ownerId, currency, value]) => ({
      accountId: account.uuid,
      dealNumber: `DEAL-${gateway.fixtures.next()}`,
      ownerId,
      currency,
      value,
    })),
  );
}

const valueFigures = "value { currency amount }";
const allOf = `count sum { ${valueFigures} } avg { ${valueFigures} } min { ${valueFigures} } max { ${valueFigures} }`;

describe("sums", () => {
  it("are exact far beyond 2^53 and 15 digits", async () => {
    await newTenant();
    const largest = "999999999999999.9999";
    await makeDeals([
      ...Array.from({ length: 1_000 }, () => ["a", "USD", largest] as const),
      ["b", "USD", "0.0001"],
      ["c", "USD", `-${largest}`],
    ]);
    const data = await gateway.data(
      key,
      `{ dealsAggregate(groupBy: [{ field: ownerId }]) { ${allOf} groups { key { ownerId } ${allOf} } } }`,
    );
    expect(at(data, "dealsAggregate", "sum", "value")).toEqual([
      { currency: "USD", amount: "998999999999999999.9002" },
    ]);
    expect(at(data, "dealsAggregate", "groups", 0)).toEqual({
      key: { ownerId: "a" },
      count: 1_000,
      sum: { value: [{ currency: "USD", amount: "999999999999999999.9" }] },
      avg: { value: [{ currency: "USD", amount: largest }] },
      min: { value: [{ currency: "USD", amount: largest }] },
      max: { value: [{ currency: "USD", amount: largest }] },
    });
  });

  it("of whole numbers are decimals, their extremes whole numbers", async () => {
    await newTenant();
    await tenant.makeMany(
      "account",
      [2_147_483_647, 2_147_483_647, 2_147_483_646].map((employeeCount) => ({ employeeCount })),
    );
    const fields = "employeeCount annualRevenue";
    const data = await gateway.data(
      key,
      `{ accountsAggregate { count sum { ${fields} } avg { ${fields} } min { ${fields} } max { ${fields} } } }`,
    );
    expect(at(data, "accountsAggregate")).toEqual({
      count: 4,
      sum: { employeeCount: "6442450940", annualRevenue: null },
      avg: { employeeCount: "2147483646.6667", annualRevenue: null },
      min: { employeeCount: 2_147_483_646, annualRevenue: null },
      max: { employeeCount: 2_147_483_647, annualRevenue: null },
    });
  });

  it("of revenue, which is always in USD, are plain decimals", async () => {
    await newTenant();
    await tenant.makeMany("account", [{ annualRevenue: "10.25" }, { annualRevenue: "0.5" }]);
    const data = await gateway.data(
      key,
      "{ accountsAggregate { sum { annualRevenue } avg { annualRevenue } } }",
    );
    expect(at(data, "accountsAggregate")).toEqual({
      sum: { annualRevenue: "10.75" },
      avg: { annualRevenue: "5.375" },
    });
  });
});

describe("averages", () => {
  it("are rounded half away from zero at the fourth digit, once", async () => {
    await newTenant();
    await makeDeals([
      ["half", "USD", "0.0001"],
      ["half", "USD", "0.0002"],
      ["minus half", "USD", "-0.0001"],
      ["minus half", "USD", "-0.0002"],
      ["third", "USD", "1"],
      ["third", "USD", "0"],
      ["third", "USD", "0"],
      ["unknown", "USD", null],
      ["unknown", "USD", "3"],
    ]);
    const data = await gateway.data(
      key,
      `{ dealsAggregate(groupBy: [{ field: ownerId }]) { groups { key { ownerId } avg { value { amount } } } } }`,
    );
    const found = Object.fromEntries(
      listAt(data, "dealsAggregate", "groups").map((group) => [
        String(at(group, "key", "ownerId")),
        at(group, "avg", "value", 0, "amount"),
      ]),
    );
    expect(found).toEqual({
      half: "0.0002",
      "minus half": "-0.0002",
      third: "0.3333",
      unknown: "3",
    });
  });

  it("are not rounded before the fourth digit: 0.49995 of the last one is no half", async () => {
    await newTenant();
    // 10,007 deals of which the values make 200000000000 and 5003/10007 of the fourth digit on average.
    await gateway.fixtures.client.query(
      `INSERT INTO deals (tenant_id, id, account_id, deal_number, currency, value)
       SELECT $1, gen_random_uuid(), $2, 'D-' || i, 'USD', 200000000000 + CASE WHEN i <= 5003 THEN 0.0001 ELSE 0 END
       FROM generate_series(1, 10007) i`,
      [tenant.uuid, account.uuid],
    );
    const data = await gateway.data(key, "{ dealsAggregate { count avg { value { amount } } } }");
    expect(at(data, "dealsAggregate")).toEqual({
      count: 10_007,
      avg: { value: [{ amount: "200000000000" }] },
    });
  });

  it(`of random values are what whole-number arithmetic gives (CRM_TEST_SEED=${runSeed})`, async () => {
    await newTenant();
    const random = new Random(String(runSeed));
    const deals = Array.from({ length: 1_500 }, () => {
      const digits = "9".repeat(random.between(1, 18));
      const value = BigInt(random.between(0, Number.MAX_SAFE_INTEGER)) % BigInt(digits);
      const signed = random.chance(0.5) ? value : -value;
      const owner = `usr-${random.between(1, 200)}`;
      return [owner, random.pick(["USD", "EUR"]), decimalOf(signed)] as const;
    });
    await makeDeals(deals);
    const data = await gateway.data(
      key,
      `{ dealsAggregate(groupBy: [{ field: ownerId }], first: 1000) { groups { key { ownerId } sum { ${valueFigures} } avg { ${valueFigures} } } } }`,
    );
    const groups = listAt(data, "dealsAggregate", "groups");
    expect(groups.length).toBeGreaterThan(150);
    for (const group of groups) {
      const owner = at(group, "key", "ownerId");
      for (const figure of ["sum", "avg"] as const) {
        const expected = ["EUR", "USD"].flatMap((currency) => {
          const values = deals.filter((deal) => deal[0] === owner && deal[1] === currency);
          const texts = values.map(([, , value]) => value);
          if (texts.length === 0) return [];
          return [{ currency, amount: figure === "sum" ? sumOf(texts) : averageOf(texts) }];
        });
        expect(at(group, figure, "value"), `${figure} of ${JSON.stringify(owner)}`).toEqual(
          expected,
        );
      }
    }
  });
});

describe("two currencies", () => {
  it("are never added, also where the groups are made by something else", async () => {
    await newTenant();
    await makeDeals([
      ["a", "USD", "10"],
      ["a", "EUR", "1"],
      ["a", "USD", "2.5"],
      ["b", "JPY", "700"],
      ["b", "EUR", null],
    ]);
    const data = await gateway.data(
      key,
      `{ dealsAggregate(groupBy: [{ field: ownerId }]) { ${allOf} groups { key { ownerId } ${allOf} } } }`,
    );
    const money = (...amounts: readonly (readonly [string, string])[]) => ({
      value: amounts.map(([currency, amount]) => ({ currency, amount })),
    });
    expect(at(data, "dealsAggregate")).toEqual({
      count: 5,
      sum: money(["EUR", "1"], ["JPY", "700"], ["USD", "12.5"]),
      avg: money(["EUR", "1"], ["JPY", "700"], ["USD", "6.25"]),
      min: money(["EUR", "1"], ["JPY", "700"], ["USD", "2.5"]),
      max: money(["EUR", "1"], ["JPY", "700"], ["USD", "10"]),
      groups: [
        {
          key: { ownerId: "a" },
          count: 3,
          sum: money(["EUR", "1"], ["USD", "12.5"]),
          avg: money(["EUR", "1"], ["USD", "6.25"]),
          min: money(["EUR", "1"], ["USD", "2.5"]),
          max: money(["EUR", "1"], ["USD", "10"]),
        },
        {
          key: { ownerId: "b" },
          count: 2,
          sum: money(["JPY", "700"]),
          avg: money(["JPY", "700"]),
          min: money(["JPY", "700"]),
          max: money(["JPY", "700"]),
        },
      ],
    });
  });

  it("do not disturb what is no money: its average is over all of them", async () => {
    await newTenant();
    for (const [currency, quantities] of [
      ["USD", ["1", "1", "1"]],
      ["EUR", ["10"]],
    ] as const) {
      const quote = await tenant.quote(account, null, { currency, total: "5" });
      await tenant.makeMany(
        "lineItem",
        quantities.map((quantity) => ({
          quoteId: quote.uuid,
          currency,
          quantity,
          unitPrice: "2",
          total: quantity,
          discountType: "percent",
        })),
      );
    }
    const data = await gateway.data(
      key,
      `{ lineItemsAggregate(groupBy: [{ field: discountType }]) {
           avg { quantity unitPrice { currency amount } } sum { total { currency amount } }
           groups { key { discountType } count avg { quantity } sum { total { currency amount } } }
         }
         quotesAggregate { sum { total { currency amount } } } }`,
    );
    const totals = [
      { currency: "EUR", amount: "10" },
      { currency: "USD", amount: "3" },
    ];
    expect(data).toEqual({
      lineItemsAggregate: {
        avg: {
          quantity: "3.25",
          unitPrice: [
            { currency: "EUR", amount: "2" },
            { currency: "USD", amount: "2" },
          ],
        },
        sum: { total: totals },
        groups: [
          {
            key: { discountType: "percent" },
            count: 4,
            avg: { quantity: "3.25" },
            sum: { total: totals },
          },
        ],
      },
      quotesAggregate: {
        sum: {
          total: [
            { currency: "EUR", amount: "5" },
            { currency: "USD", amount: "5" },
          ],
        },
      },
    });
  });

  it("have figures of their own when the groups are made by currency", async () => {
    await newTenant();
    await makeDeals([
      ["a", "USD", "10"],
      ["b", "EUR", "1"],
      ["c", "EUR", "3"],
    ]);
    const data = await gateway.data(
      key,
      `{ dealsAggregate(groupBy: [{ field: currency }]) { groups { key { currency } sum { ${valueFigures} } } } }`,
    );
    expect(at(data, "dealsAggregate", "groups")).toEqual([
      { key: { currency: "EUR" }, sum: { value: [{ currency: "EUR", amount: "4" }] } },
      { key: { currency: "USD" }, sum: { value: [{ currency: "USD", amount: "10" }] } },
    ]);
  });
});
