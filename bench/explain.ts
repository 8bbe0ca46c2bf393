// What PostgreSQL does for the default lists, by-id reads, per-parent pages, searches and the change log at size:
// npm run bench:explain -- --tenants 2 --accounts 100000 --events 2000000
import { parseArgs } from "node:util";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { accountDuplicates } from "../src/modules/account/duplicates.ts";
import { catalog } from "../src/modules/catalog.ts";
import { contactDuplicates } from "../src/modules/contact/duplicates.ts";
import type { Entity } from "../src/model/entity.ts";
import type { ManyRelation } from "../src/model/relation.ts";
import { hitStatement } from "../src/query/hits.ts";
import { pageStatement, type PageRequest } from "../src/query/page.ts";
import { duplicateStatement } from "../src/query/duplicates/duplicates.ts";
import { recordStatement } from "../src/query/record.ts";
import { rowColumns } from "../src/query/row.ts";
import { searchWords } from "../src/query/search.ts";
import type { Statement } from "../src/lib/sql.ts";
import { seed } from "../src/seed/seed.ts";
import { explainChanges, fillChanges } from "./explain-changes.ts";
import { explainPlan } from "../test/support/database/plan.ts";
import { request } from "./page-request.ts";

const { values: options } = parseArgs({
  options: {
    tenants: { type: "string", default: "2" },
    accounts: { type: "string", default: "100000" },
    events: { type: "string", default: "2000000" },
  },
});

const cluster = await startThrowaway();
let failures = 0;
try {
  await migrate({ url: cluster.url });
  const made = await seed({
    url: cluster.url,
    tenants: Number(options.tenants),
    accounts: Number(options.accounts),
    seed: 7,
  });
  console.log(`${made.rows} rows in ${made.seconds.toFixed(1)} s`);
  const database = openDatabase({ url: cluster.url });
  const tenantId = await database.asOwner(async (client) => {
    const { rows } = await client.query<{ id: string }>(
      "SELECT id FROM tenants ORDER BY id LIMIT 1",
    );
    return rows[0]?.id ?? "";
  });
  console.log(
    await database.asOwner((client) => fillChanges(client, tenantId, Number(options.events))),
  );
  const small = await database.asOwner(async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relpages <= 2",
    );
    return new Set(rows.map(({ name }) => name));
  });
  const viewer = { tenantId, appId: null };
  const db = database.forTenant(tenantId);

  const report = async (label: string, statement: Statement, mayScan = false): Promise<void> => {
    await explainPlan(db, statement);
    const { scans, milliseconds, read } = await explainPlan(db, statement);
    // A table of one or two pages is read whole by right.
    const bad = scans.flatMap(({ node, table }) =>
      node === "Seq Scan" && table !== null && !small.has(table) ? table : [],
    );
    if (bad.length > 0 && !mayScan) failures += 1;
    const used = [...new Set(scans.flatMap(({ index }) => index ?? []))].join(", ");
    const verdict = bad.length > 0 ? `SEQUENTIAL ${bad.join(", ")}` : used;
    console.log(
      `${milliseconds.toFixed(2).padStart(9)} ms ${String(Math.round(read)).padStart(8)} rows  ${label}: ${verdict}`,
    );
  };
  const page = (
    label: string,
    pageRequest: PageRequest,
    parentIds: readonly string[] = [],
    mayScan = false,
  ): Promise<void> =>
    report(
      label,
      pageStatement(
        pageRequest,
        { catalog, viewer, parentIds },
        rowColumns(pageRequest.entity, pageRequest.fields),
      ).statement,
      mayScan,
    );
  const newest = async (entity: Entity, count: number): Promise<string[]> => {
    const { statement, collect } = pageStatement(
      request(entity, { limit: count }),
      { catalog, viewer, parentIds: [] },
      rowColumns(entity, []),
    );
    const found = collect(await db.rows(statement.text, statement.values)).get("");
    return (found?.rows ?? []).map((row) => String(row["id"]));
  };

  for (const entity of catalog.entities.filter(
    ({ name }) => name !== "tenant" && name !== "stageChange",
  )) {
    await page(entity.plural, request(entity));
    const ids = await newest(entity, 1);
    await report(
      `${entity.name} by id`,
      recordStatement(
        { entity, includeDeleted: false },
        { catalog, viewer },
        ids,
        rowColumns(entity, Object.keys(entity.fields)),
      ).statement,
    );
    const parentIds = await newest(entity, 100);
    for (const [name, relation] of Object.entries(entity.relations)) {
      if (relation.kind === "one") continue;
      const target = catalog.entity(relation.to);
      const parent: { source: Entity; relation: ManyRelation } = { source: entity, relation };
      await page(`100 × ${entity.name}.${name}`, request(target, { parent, limit: 10 }), parentIds);
    }
    for (const text of entity.searchable ? ["harb", "nort harb", "zzyzx"] : []) {
      await page(
        `${entity.plural}(search: "${text}")`,
        request(entity, { words: searchWords(text) }),
      );
    }
    const natural = Object.values(entity.naturalKeys)[0];
    if (natural !== undefined) {
      await page(
        `${entity.name} by number`,
        request(entity, { where: { [natural]: { eq: "DEAL-2026-00417" } }, limit: 1 }),
      );
    }
  }
  for (const rules of [accountDuplicates, contactDuplicates]) {
    for (const count of [1, 100]) {
      const sources = await newest(rules.entity, count);
      const { statement } = duplicateStatement(
        { rules, limit: 10, minScore: 0.5 },
        viewer,
        sources,
      );
      await report(`${count} × ${rules.entity.name}.duplicates`, statement);
    }
  }
  const account = catalog.entity("account");
  const deal = catalog.entity("deal");
  await page(
    "deals by value",
    request(deal, { order: [{ field: "value", direction: "desc_nulls_last" }] }),
  );
  await page(
    "deals by expected close",
    request(deal, { order: [{ field: "expectedCloseDate", direction: "asc" }] }),
  );
  await page("deals of a stage", request(deal, { where: { stage: { eq: "negotiation" } } }));
  const quote = catalog.entity("quote");
  for (const status of ["sent", "expired"]) {
    await page(`quotes that are ${status}`, request(quote, { where: { status: { eq: status } } }));
  }
  await page(
    "accounts by name",
    request(account, { order: [{ field: "displayName", direction: "asc" }] }),
  );
  await page(
    "account by email",
    request(account, { where: { email: { eq: "nobody@example.com" } } }),
  );
  await page(
    "accounts whose name contains",
    request(account, { where: { name: { contains: "ridge sup" } } }),
  );
  await page(
    "deals of the account with an email",
    request(deal, { where: { account: { email: { eq: "a@b.example" } } } }),
  );
  await page(
    "accounts with a won deal",
    request(account, { where: { deals: { some: { stage: { eq: "closed_won" } } } } }),
  );
  const searchable = catalog.entities.filter((entity) => entity.searchable);
  for (const query of ["nort harb", "zzyzx"]) {
    const words = searchWords(query);
    if (words === null) continue;
    const hits = {
      entities: searchable,
      words,
      limit: 25,
      after: null,
      wantTotal: false,
      wantTexts: false,
    };
    await report(`search("${query}") over all`, hitStatement(hits, viewer).statement);
  }
  await explainChanges({ db, viewer, page, report });
  await database.close();
} finally {
  await cluster.stop();
}
if (failures > 0) throw new Error(`${failures} statements read a whole table`);
