// Rows per second of the seed, against COPY of exactly the same rows into the same tables (same
// indexes and keys) of an empty database, in the same run: node bench/seed.ts --accounts 20000
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import type pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { startEmbedded } from "../src/db/embedded.ts";
import { migrate } from "../src/db/migrate.ts";
import { seed } from "../src/seed/seed.ts";
import { copyColumns, tableNames, type TableName } from "../src/seed/tables.ts";
import { withClient } from "../test/support/database/with-client.ts";

const { values } = parseArgs({
  options: {
    tenants: { type: "string", default: "5" },
    accounts: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
  },
});
const tenants = Number(values.tenants);
const accounts = Number(values.accounts);

const folder = await mkdtemp(join(tmpdir(), "crm-bench-seed-"));
// As root PostgreSQL runs as another user, who must get to the cluster in it; else it would be left elsewhere.
await chmod(folder, 0o711);
const database = await startEmbedded({ dataDir: join(folder, "data") });
try {
  const seededUrl = await createDatabase("seeded");
  const copiedUrl = await createDatabase("copied");

  const seeded = await seed({ url: seededUrl, tenants, accounts, seed: Number(values.seed) });
  report("seed, with ANALYZE", seeded.rows, seeded.seconds);

  const sizes = await withClient(seededUrl, exportRows);
  console.log(`     the rows as text: ${Math.round(sizes / 1e6)} MB in files`);

  await withClient(copiedUrl, (client) => client.query("CHECKPOINT"));
  const startedAt = performance.now();
  const rows = await withClient(copiedUrl, importRows);
  const copySeconds = (performance.now() - startedAt) / 1000;
  report("COPY from files, with ANALYZE", rows, copySeconds);
  if (rows !== seeded.rows) throw new Error(`${seeded.rows} rows seeded, ${rows} copied`);
  const ratio = seeded.rows / seeded.seconds / (rows / copySeconds);
  console.log(`seed / COPY: ${ratio.toFixed(2)}`);
} finally {
  await database.stop();
  await rm(folder, { recursive: true, force: true });
}

async function createDatabase(name: string): Promise<string> {
  await withClient(database.url, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  await migrate({ url: url.href });
  return url.href;
}

/** Writes each table's rows into a file, as they lie in the table. */
async function exportRows(client: pg.Client): Promise<number> {
  let bytes = 0;
  for (const table of tableNames) {
    const rows = client.query(copyTo(`COPY ${target(table)} TO STDOUT`));
    await pipeline(rows, createWriteStream(fileOf(table)));
    bytes += (await stat(fileOf(table))).size;
  }
  return bytes;
}

/** The plain way: one transaction, table after table, on one connection. */
async function importRows(client: pg.Client): Promise<number> {
  let rows = 0;
  await client.query("BEGIN");
  for (const table of tableNames) {
    const stream = client.query(copyFrom(`COPY ${target(table)} FROM STDIN`));
    const startedAt = performance.now();
    await pipeline(createReadStream(fileOf(table), { highWaterMark: 1 << 20 }), stream);
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(`     COPY ${table}: ${stream.rowCount} rows in ${seconds.toFixed(1)} s`);
    rows += stream.rowCount;
  }
  await client.query("COMMIT");
  await client.query(`ANALYZE ${tableNames.join(", ")}`);
  return rows;
}

function target(table: TableName): string {
  return `"${table}" (${copyColumns(table)
    .map((column) => `"${column}"`)
    .join(", ")})`;
}

function fileOf(table: TableName): string {
  return join(folder, `${table}.copy`);
}

function report(what: string, rows: number, seconds: number): void {
  const speed = Math.round(rows / seconds).toLocaleString("en-US");
  console.log(
    `${what}: ${rows.toLocaleString("en-US")} rows, ${seconds.toFixed(1)} s, ${speed} rows/s`,
  );
}
