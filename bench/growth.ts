// The rows and pages that W4 reads as one tenant grows (docs/performance.md):
// npm run bench:growth -- --sizes 10000,100000,1000000
import { parseArgs } from "node:util";
import { getOperationAST, parse } from "graphql";
import pg from "pg";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import type { Actor } from "../src/auth/actor.ts";
import { Compiler } from "../src/graphql/compile/compiler.ts";
import type { CompiledStatement } from "../src/graphql/compile/call.ts";
import { planOf } from "../src/graphql/limits/use-operation-limits.ts";
import { catalog } from "../src/modules/catalog.ts";
import { createSchema } from "../src/schema.ts";
import { seed } from "../src/seed/seed.ts";
import { hearPlans, tellPlans, type PlanLog } from "../test/support/database/plan-log.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { documentOf } from "./peers/queries/documents.ts";
import { reads } from "./peers/queries/reads.ts";
import { head, row, say, whole } from "./print.ts";

const { values: flags } = parseArgs({
  options: { sizes: { type: "string", default: "10000,100000,1000000" } },
});
const [seeded = 10_000, ...others] = flags.sizes.split(",").map(Number);

const byName = documentOf("gateway", reads.W4);
const documents = {
  "default order": byName.replace(/, orderBy: \[[^\]]*\]/, ""),
  "by name": byName,
};

/** The compiled statement of a query, with the values of a tenant. */
function statementOf(text: string, tenantId: string): CompiledStatement {
  const schema = createSchema(catalog);
  const document = parse(text);
  const operation = getOperationAST(document);
  const plan = planOf({ schema, document, operationName: null });
  if (operation == null || plan === null) throw new Error("no operation");
  const viewer: Actor = {
    kind: "apiKey",
    id: "bench",
    tenantId,
    scopes: [],
    appId: null,
    departmentId: null,
    expiresAt: null,
    requestsPerMinute: null,
  };
  const query = new Compiler(schema, catalog).query(document, operation, plan.fields);
  const statement = query?.statement(viewer, {});
  if (statement == null) throw new Error("it is not compiled");
  return statement;
}

/** A copy's id, computed from the original's, so that references to it get the same id. */
const copyOf = (column: string): string => `md5(o.${column}::text || ' ' || k)::uuid`;
const numbered = (column: string): string => `o.${column} || ' ' || k`;

/** The tables that grow, each before those that refer to it, with the columns that change in a copy. */
const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  accounts: {
    id: copyOf("id"),
    parent_account_id: copyOf("parent_account_id"),
    name: "k || ' ' || o.name",
    email: "k || '.' || o.email",
    email_key: "k || '.' || o.email_key",
    created_at: "o.created_at - k * interval '1 day'",
  },
  contacts: {
    id: copyOf("id"),
    account_id: copyOf("account_id"),
    reports_to_contact_id: copyOf("reports_to_contact_id"),
    email: "k || '.' || o.email",
    email_key: "k || '.' || o.email_key",
  },
  deals: {
    id: copyOf("id"),
    account_id: copyOf("account_id"),
    primary_contact_id: copyOf("primary_contact_id"),
    deal_number: numbered("deal_number"),
  },
  quotes: {
    id: copyOf("id"),
    account_id: copyOf("account_id"),
    deal_id: copyOf("deal_id"),
    quote_number: numbered("quote_number"),
  },
  line_items: { id: copyOf("id"), quote_id: copyOf("quote_id") },
};
const names = Object.keys(tables);
/** The number of copies of each record in one statement. */
const portion = 5;

/** Drops all indexes except primary keys, and gives the definitions of those to make again: all but the GIN indexes. */
async function dropIndexes(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ name: string; definition: string; method: string }>(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition, m.amname AS method
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
     WHERE i.indrelid = ANY($1::regclass[]) AND NOT i.indisprimary`,
    [names],
  );
  for (const { name } of rows) await owner.query(`DROP INDEX ${name}`);
  return rows.filter(({ method }) => method === "btree").map(({ definition }) => definition);
}

/** Adds the copies of these numbers to the seeded records, on two connections at once. */
async function multiply(owners: readonly pg.Client[], from: number, to: number): Promise<void> {
  let next = from;
  const work = async (owner: pg.Client): Promise<void> => {
    for (let first = next; first <= to; first = next) {
      next = first + portion;
      await copy(owner, first, Math.min(to, next - 1));
    }
  };
  await Promise.all(owners.map(work));
}

async function copy(owner: pg.Client, first: number, last: number): Promise<void> {
  for (const [table, changes] of Object.entries(tables)) {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
      [table],
    );
    const columns = rows.map(({ name }) => name);
    const values = columns.map((name) => changes[name] ?? `o.${name}`);
    await owner.query(
      `INSERT INTO ${table} (${columns.join(", ")})
       SELECT ${values.join(", ")} FROM original_${table} o, generate_series(${first}, ${last}) k`,
    );
  }
  say(`${new Date().toISOString()} copies ${first}–${last}`);
}

/** Measures the third run, when the statement is prepared and its pages are in memory. */
async function measure(
  run: () => Promise<string | null>,
  plans: PlanLog,
  statement: string,
): Promise<string[]> {
  let milliseconds = 0;
  let answer: string | null = null;
  for (let time = 0; time < 3; time += 1) {
    plans.take();
    const startedAt = performance.now();
    answer = await run();
    milliseconds = performance.now() - startedAt;
  }
  const plan = plans.take().find(({ text }) => text === statement);
  if (plan === undefined) throw new Error("its plan was not logged");
  const isForAll = plan.scans.every(({ condition }) => condition.includes("tenant_id = $1"));
  if (!isForAll) throw new Error("its plan is one of the tenant's own");
  const used = [...new Set(plan.scans.map(({ index, table }) => index ?? `all of ${table}`))];
  say(used.join("\n"));
  const records = answer?.match(/"id"/g)?.length ?? 0;
  return [whole(records), whole(plan.read), whole(plan.buffers), milliseconds.toFixed(1)];
}

const cluster = await startThrowaway({
  settings: [
    "autovacuum=off",
    "shared_buffers=2GB",
    "max_wal_size=16GB",
    "wal_level=minimal",
    "max_wal_senders=0",
  ],
});
const owners = [1, 2].map(() => new pg.Client({ connectionString: cluster.url }));
const [owner = new pg.Client()] = owners;
const database = openDatabase({ url: cluster.url, maxConnections: 1 });
try {
  await migrate({ url: cluster.url });
  const made = await seed({ url: cluster.url, tenants: 1, accounts: seeded, seed: 15 });
  for (const one of owners) {
    await one.connect();
    await one.query("SET statement_timeout = 0; SET maintenance_work_mem = '1GB'");
  }
  const tenant = await owner.query<{ id: string }>("SELECT id FROM tenants");
  const tenantId = tenant.rows[0]?.id ?? "";
  await tellPlans(owner);
  const db = database.forTenant(tenantId);
  const counts = ["records", "rows read", "pages of 8 KB", "ms"];
  const sorts = ["accounts", "contacts", "deals", "quotes", "line items"];
  const report = [head([...sorts, "made in", "order", ...counts])];
  const tell = async (seconds: number): Promise<void> => {
    await owner.query(`VACUUM (ANALYZE) ${names.join(", ")}`);
    const sizes: string[] = [];
    for (const name of names) {
      const found = await owner.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${name}`);
      sizes.push(whole(Number(found.rows[0]?.rows)));
    }
    const plans = await hearPlans(database.pool);
    for (const [order, document] of Object.entries(documents)) {
      const { text, values, isPlannedEach: plannedEach } = statementOf(document, tenantId);
      const found = await measure(
        async () => (await db.rows(text, values, { plannedEach }))[0]?.[0] ?? null,
        plans,
        text,
      );
      report.push(row([...sizes, `${whole(seconds)} s`, order, ...found]));
      say(report.at(-1) ?? "");
    }
  };
  await tell(made.seconds);
  for (const name of names)
    await owner.query(`CREATE UNLOGGED TABLE original_${name} AS TABLE ${name}`);
  let copies = 0;
  for (const size of others) {
    const wanted = Math.round(size / seeded) - 1;
    const startedAt = performance.now();
    const definitions = await dropIndexes(owner);
    await multiply(owners, copies + 1, wanted);
    copies = wanted;
    for (const definition of definitions) await owner.query(definition);
    say(`${new Date().toISOString()} indexes`);
    await tell((performance.now() - startedAt) / 1_000);
  }
  console.log(report.join("\n"));
} finally {
  for (const one of owners) await one.end();
  await database.close();
  await cluster.stop();
}
