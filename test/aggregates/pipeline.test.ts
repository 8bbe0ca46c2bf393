import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/seed/random.ts";
import { runSeed } from "../support/run/run-length.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenants = 0;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

type Deal = {
  readonly stage?: string;
  readonly currency?: string;
  readonly value?: string | null;
  readonly probability?: string | null;
  readonly expectedCloseDate?: string | null;
  readonly ownerId?: string | null;
};

async function tenantWith(
  deals: readonly Deal[],
): Promise<{ tenant: TenantFixtures; key: string }> {
  tenants += 1;
  const tenant = await gateway.fixtures.tenant(`pipeline-${tenants}`);
  const account = await tenant.account();
  const usual = { stage: "lead", currency: "USD", value: null, probability: null };
  await tenant.makeMany(
    "deal",
    deals.map((deal) => ({
      ...usual,
      expectedCloseDate: null,
      ownerId: null,
      ...deal,
      accountId: account.uuid,
      dealNumber: `D-${gateway.fixtures.next()}`,
      ...(deal.stage === "closed_lost" ? lost : { lossReason: null, lossCategory: null }),
    })),
  );
  return { tenant, key: await gateway.keyFor(tenant.slug) };
}
const lost = { lossReason: "Price", lossCategory: "price" };

const amounts = "amounts { currency count value weightedValue }";
const pipeline = `query ($where: DealFilter) { pipeline(where: $where) { stage count ${amounts} } }`;
const forecast = `query ($where: DealFilter, $from: Date, $to: Date) {
  forecast(where: $where, from: $from, to: $to) { month count ${amounts} } }`;

describe("the pipeline", () => {
  it("has stages in the order in which deals pass them, others by name, closed ones last", async () => {
    const stages = [
      "closed_lost",
      "zeta",
      "negotiation",
      "closed_won",
      "lead",
      "alpha",
      "proposal",
      "qualified",
    ];
    const { key } = await tenantWith(stages.map((stage) => ({ stage })));
    const data = await gateway.data(key, pipeline);
    expect(listAt(data, "pipeline").map((stage) => at(stage, "stage"))).toEqual([
      "lead",
      "qualified",
      "proposal",
      "negotiation",
      "alpha",
      "zeta",
      "closed_won",
      "closed_lost",
    ]);
  });

  it("weights values by their chance, won deals fully and lost ones not at all", async () => {
    const { key } = await tenantWith([
      { value: "100.5", probability: "10" },
      { value: "33.3333", probability: "33.3333" },
      { value: "1000", probability: null },
      { value: null, probability: "90" },
      { currency: "EUR", value: "7", probability: "50" },
      { stage: "closed_won", value: "20", probability: "10" },
      { stage: "closed_won", value: "5", probability: null },
      { stage: "closed_lost", value: "50", probability: "80" },
      { stage: "custom", currency: "JPY", value: null },
    ]);
    const data = await gateway.data(key, pipeline);
    expect(at(data, "pipeline")).toEqual([
      {
        stage: "lead",
        count: 5,
        amounts: [
          { currency: "EUR", count: 1, value: "7", weightedValue: "3.5" },
          // 10.05 + 11.11108889 (33.3333 × 33.3333 %) = 21.1610889, rounded once at the end.
          { currency: "USD", count: 4, value: "1133.8333", weightedValue: "21.1611" },
        ],
      },
      {
        stage: "custom",
        count: 1,
        amounts: [{ currency: "JPY", count: 1, value: "0", weightedValue: "0" }],
      },
      {
        stage: "closed_won",
        count: 2,
        amounts: [{ currency: "USD", count: 2, value: "25", weightedValue: "25" }],
      },
      {
        stage: "closed_lost",
        count: 1,
        amounts: [{ currency: "USD", count: 1, value: "50", weightedValue: "0" }],
      },
    ]);
  });

  it("rounds the weighted sum once, half away from zero, and is exact beyond 2^53", async () => {
    const { key } = await tenantWith([
      // 0.00005 twice: each alone would be rounded up to 0.0001.
      { stage: "lead", value: "0.0001", probability: "50" },
      { stage: "lead", value: "0.0001", probability: "50" },
      { stage: "proposal", value: "0.0001", probability: "50" },
      { stage: "qualified", value: "-0.0001", probability: "50" },
      ...Array.from({ length: 200 }, () => ({
        stage: "negotiation",
        value: "999999999999999.9999",
        probability: "99.9999",
      })),
    ]);
    const data = await gateway.data(key, pipeline);
    const weighted = listAt(data, "pipeline").map((stage) =>
      at(stage, "amounts", 0, "weightedValue"),
    );
    expect(weighted).toEqual(["0.0001", "-0.0001", "0.0001", "199999799999999999.98"]);
    expect(at(data, "pipeline", 3, "amounts", 0, "value")).toBe("199999999999999999.98");
  });

  it("takes the filter of deals", async () => {
    const { key } = await tenantWith([
      { ownerId: "usr-1", value: "1" },
      { ownerId: "usr-2", value: "10" },
      { stage: "proposal", value: "100", ownerId: "usr-2" },
    ]);
    const where = { or: [{ ownerId: { eq: "usr-1" } }, { stage: { eq: "proposal" } }] };
    const data = await gateway.data(key, pipeline, { where });
    expect(
      listAt(data, "pipeline").map((stage) => [
        at(stage, "stage"),
        at(stage, "amounts", 0, "value"),
      ]),
    ).toEqual([
      ["lead", "1"],
      ["proposal", "100"],
    ]);
  });
});

describe("the forecast", () => {
  const deals: Deal[] = [
    { value: "1", probability: "50", expectedCloseDate: "2026-01-31" },
    { value: "2", probability: "50", expectedCloseDate: "2026-02-01" },
    { value: "4", currency: "EUR", expectedCloseDate: "2026-02-28" },
    { value: "8", stage: "closed_won", expectedCloseDate: "2026-02-10" },
    { value: "16", stage: "closed_lost", expectedCloseDate: "2026-02-10" },
    { value: "32", expectedCloseDate: null },
    { value: null, expectedCloseDate: "2025-12-31" },
    { value: "64", stage: "custom", expectedCloseDate: "2024-02-29" },
  ];
  const one = (currency: string, value: string, weightedValue = "0") => ({
    currency,
    count: 1,
    value,
    weightedValue,
  });

  it("has open deals by month, those without a day last", async () => {
    const { key } = await tenantWith(deals);
    expect(at(await gateway.data(key, forecast), "forecast")).toEqual([
      { month: "2024-02-01", count: 1, amounts: [one("USD", "64")] },
      { month: "2025-12-01", count: 1, amounts: [one("USD", "0")] },
      { month: "2026-01-01", count: 1, amounts: [one("USD", "1", "0.5")] },
      { month: "2026-02-01", count: 2, amounts: [one("EUR", "4"), one("USD", "2", "1")] },
      { month: null, count: 1, amounts: [one("USD", "32")] },
    ]);
  });

  it("from one day to another has both, and no deals without a day", async () => {
    const { key } = await tenantWith(deals);
    const months = async (range: object) =>
      listAt(await gateway.data(key, forecast, { ...range }), "forecast").map((month) => [
        at(month, "month"),
        at(month, "count"),
      ]);
    expect(await months({ from: "2026-01-31", to: "2026-02-01" })).toEqual([
      ["2026-01-01", 1],
      ["2026-02-01", 1],
    ]);
    expect(await months({ from: "2026-02-01" })).toEqual([["2026-02-01", 2]]);
    expect(await months({ to: "2025-12-31" })).toEqual([
      ["2024-02-01", 1],
      ["2025-12-01", 1],
    ]);
    expect(await months({ from: "2026-02-02", to: "2026-02-02" })).toEqual([]);
    expect(await months({ where: { currency: { eq: "EUR" } } })).toEqual([["2026-02-01", 1]]);
  });
});

describe(`over random deals (CRM_TEST_SEED=${runSeed})`, () => {
  it("both give what plain SQL gives for each stage, month and currency", async () => {
    const random = new Random(String(runSeed));
    const stages = ["lead", "proposal", "closed_won", "closed_lost", "custom"];
    const { tenant, key } = await tenantWith(
      Array.from({ length: 400 }, () => ({
        stage: random.pick(stages),
        currency: random.pick(["USD", "EUR", "JPY"]),
        value: random.maybe(0.8, [`${random.between(0, 1e12)}.${random.between(0, 9999)}`]),
        probability: random.maybe(0.8, [`${random.between(0, 99)}.${random.between(0, 9999)}`]),
        expectedCloseDate: random.maybe(0.8, [
          `2026-0${random.between(1, 9)}-${random.between(10, 28)}`,
        ]),
      })),
    );
    const bundles = listAt(await gateway.data(key, pipeline), "pipeline").map((bundle) => ({
      bundle,
      column: "stage",
      key: at(bundle, "stage"),
    }));
    const months = listAt(await gateway.data(key, forecast), "forecast").map((bundle) => ({
      bundle,
      column:
        "(CASE WHEN stage NOT LIKE 'closed%' THEN coalesce(to_char(expected_close_date, 'YYYY-MM-01'), 'none') END)",
      key: at(bundle, "month") ?? "none",
    }));
    expect(bundles).toHaveLength(5);
    expect(months).toHaveLength(10);
    const plain = async (sum: string, column: string, values: readonly unknown[]) => {
      const { rows } = await gateway.fixtures.client.query<{ text: string }>(
        `SELECT trim_scale(coalesce(${sum}, 0))::text AS text FROM deals WHERE tenant_id = $1 AND ${column} = $2 AND ($3::text IS NULL OR currency = $3)`,
        [...values],
      );
      return rows[0]?.text;
    };
    for (const { bundle, column, key: value } of [...bundles, ...months]) {
      expect(String(at(bundle, "count"))).toBe(
        await plain("count(*)::numeric", column, [tenant.uuid, value, null]),
      );
      for (const amount of listAt(bundle, "amounts")) {
        const about = [tenant.uuid, value, at(amount, "currency")];
        expect(String(at(amount, "count"))).toBe(await plain("count(*)::numeric", column, about));
        expect(at(amount, "value")).toBe(await plain("sum(value)", column, about));
        const chance =
          "CASE WHEN stage = 'closed_won' THEN 100 WHEN stage = 'closed_lost' THEN 0 ELSE probability END";
        expect(at(amount, "weightedValue")).toBe(
          await plain(`round(sum(value * (${chance}) / 100), 4)`, column, about),
        );
      }
    }
  });
});
