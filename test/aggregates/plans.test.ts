import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDatabase, type Database } from "../../src/db/database.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { readForecast, readPipeline } from "../../src/modules/deal/pipeline.ts";
import type { AggregateRequest } from "../../src/query/aggregate/request.ts";
import type { Reader } from "../../src/query/reader.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures, type Made, type TenantFixtures } from "../support/samples/fixtures.ts";
import { explainPlan, isBoundedBy, statementOf, type Explained } from "../support/database/plan.ts";

const size = 2_000;
const index = "deals_figures_idx";

let testDatabase: TestDatabase;
let fixtures: Fixtures;
let database: Database;
let tenant: TenantFixtures;
let accounts: readonly Made[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  fixtures = await Fixtures.open(testDatabase.url);
  database = openDatabase({ url: testDatabase.url, maxConnections: 1 });
  for (const slug of ["blue-ridge", "north-harbor", "east-gate"]) {
    tenant = await fixtures.tenant(slug);
    accounts = await tenant.makeMany(
      "account",
      Array.from({ length: 200 }, (_, number) => ({ name: `Account ${number}` })),
    );
    await tenant.makeMany(
      "deal",
      Array.from({ length: size }, (_, number) => ({
        accountId: accounts[number % 200]?.uuid,
        dealNumber: `D-${number}`,
        stage: ["lead", "proposal", "closed_won"][number % 3],
        currency: "USD",
        value: String(number),
        expectedCloseDate: `2026-0${1 + (number % 9)}-15`,
      })),
    );
  }
  // An automatic ANALYZE in the same moment keeps VACUUM from calling pages visible to all: then once more.
  await vi.waitFor(
    async () => {
      await fixtures.client.query("VACUUM (ANALYZE) deals, accounts");
      const { rowCount } = await fixtures.client.query(
        "SELECT relname FROM pg_class WHERE relname IN ('deals', 'accounts') AND relallvisible < relpages",
      );
      if (rowCount !== 0) throw new Error("pages are not visible to all yet");
    },
    { timeout: 60_000, interval: 100 },
  );
});
afterAll(async () => {
  await database.close();
  await fixtures.close();
  await testDatabase.drop();
});

async function planOf(ask: (reader: Reader) => Promise<unknown>): Promise<Explained> {
  const statement = await statementOf(tenant.uuid, ask);
  return explainPlan(database.forTenant(tenant.uuid), statement);
}

function byStage(changes: Partial<AggregateRequest> = {}): AggregateRequest {
  const figures = [{ of: "sum", field: "value" }] as const;
  return {
    entity: catalog.entity("deal"),
    parent: null,
    where: null,
    words: null,
    includeDeleted: false,
    total: { figures, groupCount: true },
    groups: { figures, order: [], limit: 100 },
    groupBy: [{ field: "stage", by: null, timeZone: null }],
    ...changes,
  };
}

/** One row: the tenant's stages. */
const stages = ["Index Scan", "picklists_pkey"] as const;

const questions: readonly (readonly [
  string,
  readonly (readonly [string, string])[],
  (reader: Reader) => Promise<unknown>,
])[] = [
  ["the pipeline", [stages], (reader) => readPipeline(reader, {}, true)],
  ["the forecast", [stages], (reader) => readForecast(reader, {}, true)],
  ["deals by stage", [], (reader) => reader.aggregate(byStage())],
  [
    "deals by owner and month",
    [],
    (reader) =>
      reader.aggregate(
        byStage({
          groupBy: [
            { field: "ownerId", by: null, timeZone: null },
            { field: "createdAt", by: "month", timeZone: "Asia/Kathmandu" },
          ],
        }),
      ),
  ],
];

describe("of three tenants' deals", () => {
  it.each(questions)(
    "%s reads one tenant's part of one index, and nothing else",
    async (_, beside, ask) => {
      const plan = await planOf(ask);
      expect(plan.scans.map((scan) => [scan.node, scan.index])).toEqual([
        ...beside,
        ["Index Only Scan", index],
      ]);
      expect(isBoundedBy(tenant.uuid, plan)).toBe(true);
      expect(plan.read).toBe(size);
    },
  );

  it("100 accounts' aggregates read the deals of these accounts alone", async () => {
    const source = catalog.entity("account");
    const relation = source.relations["deals"];
    if (relation === undefined || relation.kind === "one") throw new Error("no edge");
    const request = byStage({ parent: { source, relation } });
    const plan = await planOf((reader) =>
      Promise.all(
        accounts
          .slice(0, 100)
          .map(({ uuid }) => reader.aggregateChildren("deals", () => request, uuid)),
      ),
    );
    expect(isBoundedBy(tenant.uuid, plan)).toBe(true);
    expect(plan.read).toBe(1_000);
  });
});
