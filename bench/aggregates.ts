// What pipeline, forecast and aggregates read at size, and what their index costs writes:
// npm run bench:aggregates -- --deals 200000
import { parseArgs } from "node:util";
import type pg from "pg";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { catalog } from "../src/modules/catalog.ts";
import { readForecast, readPipeline } from "../src/modules/deal/pipeline.ts";
import type { AggregateRequest } from "../src/query/aggregate/request.ts";
import type { GroupTerm } from "../src/query/aggregate/answer.ts";
import type { Entity } from "../src/model/entity.ts";
import type { ManyRelation } from "../src/model/relation.ts";
import type { Filter } from "../src/query/filter-value.ts";
import type { Figure } from "../src/query/aggregate/figure.ts";
import type { Reader } from "../src/query/reader.ts";
import {
  explainPlan,
  isBoundedBy,
  statementOf,
  type Explained,
} from "../test/support/database/plan.ts";
import { makeDeals, measuredTenant } from "./aggregate-rows.ts";
import { median, range } from "./measure.ts";

const { values: options } = parseArgs({
  options: { deals: { type: "string", default: "200000" } },
});
const rounds = 7;
const index = "deals_figures_idx";

function request(entity: Entity, changes: Partial<AggregateRequest>): AggregateRequest {
  const figures: Figure[] = entity.name === "deal" ? [{ of: "sum", field: "value" }] : [];
  const groups = { figures, order: [], limit: 100 };
  return {
    entity,
    parent: null,
    where: null,
    words: null,
    includeDeleted: false,
    total: { figures, groupCount: true },
    groups: (changes.groupBy ?? []).length === 0 ? null : groups,
    groupBy: [],
    ...changes,
  };
}

const deal = catalog.entity("deal");
const account = catalog.entity("account");
const by = (
  field: string,
  part: GroupTerm["by"] = null,
  timeZone: string | null = null,
): GroupTerm[] => [{ field, by: part, timeZone }];
const month = { from: "2026-11-01", to: "2027-01-31" };
const questions: readonly (readonly [string, (reader: Reader) => Promise<unknown>])[] = [
  ["pipeline", (reader) => readPipeline(reader, {}, true)],
  ["forecast", (reader) => readForecast(reader, {}, true)],
  ["forecast, three months", (reader) => readForecast(reader, month, true)],
  ["dealsAggregate, count", (reader) => reader.aggregate(request(deal, {}))],
  ["  by stage", (reader) => reader.aggregate(request(deal, { groupBy: by("stage") }))],
  ["  by owner", (reader) => reader.aggregate(request(deal, { groupBy: by("ownerId") }))],
  [
    "  by month of creation",
    (reader) =>
      reader.aggregate(request(deal, { groupBy: by("createdAt", "month", "America/New_York") })),
  ],
  [
    "  by expected month",
    (reader) => reader.aggregate(request(deal, { groupBy: by("expectedCloseDate", "month") })),
  ],
];

/** What the gateway's writes come down to in the table. */
const writes: Readonly<Record<string, string>> = {
  insert: `INSERT INTO deals (tenant_id, id, account_id, deal_number, owner_id, stage, value, currency, probability, expected_close_date, name)
    SELECT tenant_id, gen_random_uuid(), account_id, 'NEW-' || deal_number, owner_id, 'lead', value, currency, probability, expected_close_date, 'A deal with a name'
    FROM deals WHERE tenant_id = '${measuredTenant}' ORDER BY id LIMIT 5000`,
  update: `UPDATE deals SET updated_at = now(), version = version + 1, stage = 'qualified'
    WHERE tenant_id = '${measuredTenant}' AND id IN (SELECT id FROM deals WHERE tenant_id = '${measuredTenant}' ORDER BY id LIMIT 5000)`,
};

type Cost = { readonly milliseconds: number; readonly walBytes: number };

async function writeCost(client: pg.ClientBase, text: string): Promise<Cost> {
  const position = async (): Promise<string> => {
    const { rows } = await client.query<{ at: string }>("SELECT pg_current_wal_insert_lsn() AS at");
    return rows[0]?.at ?? "";
  };
  await client.query("BEGIN");
  const from = await position();
  const startedAt = performance.now();
  await client.query(text);
  const milliseconds = performance.now() - startedAt;
  const { rows } = await client.query<{ bytes: string }>(
    "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1) AS bytes",
    [from],
  );
  await client.query("ROLLBACK");
  return { milliseconds, walBytes: Number(rows[0]?.bytes) };
}

// Activities have no such index: a log is written more than it is summed up. Told apart, since it reads the table.
const activity = catalog.entity("activity");
const since: Filter = { occurredAt: { gte: "2026-10-01T00:00:00.000Z" } };
const overTable: typeof questions = [
  [
    "activitiesAggregate by owner",
    (reader) => reader.aggregate(request(activity, { groupBy: by("ownerId") })),
  ],
  [
    "  of a month, by type",
    (reader) => reader.aggregate(request(activity, { where: since, groupBy: by("type") })),
  ],
];

const cluster = await startThrowaway();
const failed = new Set<string>();
try {
  await migrate({ url: cluster.url });
  const database = openDatabase({ url: cluster.url });
  const db = database.forTenant(measuredTenant);
  await database.asOwner((client) => makeDeals(client, Number(options.deals)));
  const accounts = await db.rows("SELECT id FROM accounts ORDER BY id LIMIT 100", []);
  const ids = accounts.map(([id]) => id ?? "");
  const parents: (readonly [string, (reader: Reader) => Promise<unknown>])[] = [
    "deals",
    "activities",
  ].map((name) => {
    const relation = account.relations[name];
    if (relation === undefined || relation.kind === "one") throw new Error(`no edge ${name}`);
    const parent: { source: Entity; relation: ManyRelation } = { source: account, relation };
    const children = request(catalog.entity(relation.to), {
      parent,
      groupBy: name === "deals" ? by("stage") : by("type"),
    });
    const ask = (reader: Reader) =>
      Promise.all(ids.map((id) => reader.aggregateChildren(name, () => children, id)));
    return [`100 × account.${name}Aggregate`, ask] as const;
  });
  const ofTenant = catalog.entity("tenant").relations["deals"];
  if (ofTenant === undefined || ofTenant.kind === "one") throw new Error("no edge deals");
  const parent = { source: catalog.entity("tenant"), relation: ofTenant };
  parents.push([
    "tenant.dealsAggregate by stage",
    (reader) => {
      const children = request(deal, { parent, groupBy: by("stage") });
      return reader.aggregateChildren("tenant", () => children, measuredTenant);
    },
  ]);
  const report = async (expectsIndex: boolean): Promise<void> => {
    for (const [label, ask] of [...questions, ...parents, ...overTable]) {
      const statement = await statementOf(measuredTenant, ask);
      const found: Explained[] = [];
      for (let round = 0; round < rounds; round += 1) found.push(await explainPlan(db, statement));
      const [last] = found.slice(-1);
      if (last === undefined) continue;
      const isOverTable = overTable.some(([name]) => name === label);
      const bounded = isBoundedBy(measuredTenant, last);
      if (!bounded && expectsIndex && !isOverTable) failed.add(label);
      const milliseconds = median(found.map((one) => one.milliseconds));
      const scans = [...new Set(last.scans.map((scan) => `${scan.node} ${scan.index ?? "table"}`))];
      console.log(
        `${milliseconds.toFixed(1).padStart(8)} ms ${String(last.read).padStart(7)} rows ${String(last.buffers).padStart(6)} pages  ${label}: ${scans.join(", ")}${bounded ? "" : "  READS OTHER TENANTS"}`,
      );
    }
  };
  console.log(`${options.deals} deals of the tenant, as many of four others`);
  await report(true);
  await database.asOwner(async (client) => {
    const { rows } = await client.query<{ definition: string; size: string }>(
      `SELECT pg_get_indexdef(oid) AS definition, pg_size_pretty(pg_relation_size(oid)) AS size FROM pg_class WHERE relname = $1`,
      [index],
    );
    const definition = rows[0]?.definition ?? "";
    console.log(`${index}: ${rows[0]?.size}`);
    const costs: Record<string, [Cost[], Cost[]]> = { insert: [[], []], update: [[], []] };
    for (let round = 0; round < rounds; round += 1) {
      for (const [side, change] of [`DROP INDEX ${index}`, definition].entries()) {
        await client.query(change);
        await client.query("CHECKPOINT");
        for (const [kind, text] of Object.entries(writes))
          costs[kind]?.[side === 0 ? 0 : 1].push(await writeCost(client, text));
      }
    }
    for (const [kind, [without, having]] of Object.entries(costs)) {
      const ratios = having.map(
        ({ milliseconds }, round) => milliseconds / (without[round]?.milliseconds ?? 0),
      );
      const wal = [without, having].map((side) =>
        Math.round(median(side.map(({ walBytes }) => walBytes)) / 5_000),
      );
      console.log(
        `${kind} of a deal: ${wal[0]} bytes of WAL without it, ${wal[1]} with it; ${range(ratios)} times as long`,
      );
    }
    await client.query(`DROP INDEX ${index}`);
  });
  console.log("without the index");
  await report(false);
  await database.close();
} finally {
  await cluster.stop();
}
if (failed.size > 0) throw new Error(`not bounded by the tenant: ${[...failed].join(", ")}`);
