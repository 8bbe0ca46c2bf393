// Exports of contacts through the gateway against COPY TO of the same rows and columns, in the same order and in none, in
// turn in one run, and the gateway's memory meanwhile: npm run bench:export -- --contacts 1000000
import { request } from "node:http";
import { parseArgs } from "node:util";
import { createGzip } from "node:zlib";
import { to as copyTo } from "pg-copy-streams";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { withOwner } from "../src/db/with-owner.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { contact } from "../src/modules/contact/model.ts";
import { seed } from "../src/seed/seed.ts";
import { writtenColumns } from "../src/write/stored.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { median, range } from "./measure.ts";
import { megabytes, whole } from "./print.ts";

const { values } = parseArgs({
  options: {
    contacts: { type: "string", default: "200000" },
    rounds: { type: "string", default: "3" },
  },
});
const slug = "bench";
/** Their contacts are copied, until there are enough. */
const accounts = 4_000;

/** Reads an answer to its end; gives its bytes. */
function get(port: number, path: string, headers: Readonly<Record<string, string>>) {
  return new Promise<number>((resolve, reject) => {
    let bytes = 0;
    request({ port, host: "127.0.0.1", path, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`));
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("end", () => resolve(bytes));
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}

/** The owner's COPY of the columns that are written, as it comes or compressed by gzip at its usual level. */
function copy(url: string, order: string, isZipped = false): Promise<number> {
  const columns = writtenColumns(contact).map(({ column }) => column);
  const select = `SELECT ${columns.join(", ")} FROM contacts WHERE deleted_at IS NULL ${order}`;
  return withOwner(url, "bench", async (client) => {
    let bytes = 0;
    const copied = client.query(copyTo(`COPY (${select}) TO STDOUT`));
    for await (const chunk of isZipped ? copied.pipe(createGzip()) : copied) {
      if (Buffer.isBuffer(chunk)) bytes += chunk.length;
    }
    return bytes;
  });
}

/** Copies contacts under ids and addresses of their own, far from each other in the order of an export. */
function multiply(url: string, wanted: number): Promise<void> {
  const columns = writtenColumns(contact).map(({ column }) => column);
  const replaced: Readonly<Record<string, string>> = {
    '"id"': "uuidv7()",
    '"email"': "replace(email, '@', '-copy-' || n || '@')",
    '"email_key"': "replace(email_key, '@', '-copy-' || n || '@')",
    '"is_primary"': "FALSE",
    '"created_at"': "created_at + n * interval '37 hours'",
  };
  return withOwner(url, "bench", async (client) => {
    await client.query("SET session_replication_role = replica");
    // Built anew behind the rows, which takes a tenth of the time.
    const indexes = await client.query<{ name: string; made: string }>(
      `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made
       FROM pg_index WHERE indrelid = 'contacts'::regclass AND NOT indisunique`,
    );
    for (const { name } of indexes.rows) await client.query(`DROP INDEX ${name}`);
    await client.query(
      `INSERT INTO contacts (${columns.join(", ")})
       SELECT ${columns.map((column) => replaced[column] ?? column).join(", ")}
       FROM contacts, generate_series(1, $1 / (SELECT count(*) FROM contacts) - 1) AS n`,
      [wanted],
    );
    for (const { made } of indexes.rows) await client.query(made);
    await client.query("VACUUM ANALYZE contacts");
  });
}

async function run(url: string, gateway: GatewayProcess, key: string, rows: number): Promise<void> {
  const path = "/api/v1/crm/contacts/export?format=";
  const plain = { "x-api-key": key };
  const coded = (coding: string) => ({ ...plain, "accept-encoding": coding });
  const sides: readonly (readonly [string, () => Promise<number>])[] = [
    ["COPY TO", () => copy(url, "ORDER BY created_at DESC, id DESC")],
    ["COPY TO, gzip", () => copy(url, "ORDER BY created_at DESC, id DESC", true)],
    ["COPY TO, unordered", () => copy(url, "")],
    ...["ndjson", "csv"].flatMap((format) =>
      ["identity", "zstd", "br", "gzip"].map(
        (coding) =>
          [
            `${format}, ${coding}`,
            () => get(gateway.port, `${path}${format}`, coded(coding)),
          ] as const,
      ),
    ),
  ];
  const seconds = sides.map((): number[] => []);
  const sizes = sides.map(() => 0);
  const memory: number[] = [];
  const sampling = setInterval(
    () => void gateway.memory().then((bytes) => memory.push(bytes)),
    500,
  );
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const [index, [, read]] of sides.entries()) {
      const startedAt = performance.now();
      sizes[index] = await read();
      // The first round warms up.
      if (round > 0) seconds[index]?.push((performance.now() - startedAt) / 1_000);
    }
  }
  clearInterval(sampling);
  console.log(`${whole(rows)} contacts`);
  for (const [index, [name]] of sides.entries()) {
    const times = seconds[index] ?? [];
    const ratios = times.map((time, round) => (seconds[0]?.[round] ?? 0) / time);
    const speed = whole(rows / median(times)).padStart(8);
    const ratio = `${range(ratios)} of COPY TO`;
    console.log(`  ${name.padEnd(18)} ${speed} rows/s, ${ratio}, ${megabytes(sizes[index] ?? 0)}`);
  }
  const tenth = Math.ceil(memory.length / 10);
  const shown = memory.filter((_, index) => index % tenth === 0).map(megabytes);
  console.log(
    `  memory of the gateway over time: ${shown.join(", ")}; at most ${megabytes(Math.max(...memory))}`,
  );
}

const cluster = await startThrowaway();
const database = openDatabase({ url: cluster.url });
try {
  await migrate({ url: cluster.url });
  await seed({
    url: cluster.url,
    tenants: 1,
    accounts,
    seed: 3,
    slugs: [slug],
  });
  await multiply(cluster.url, Number(values.contacts));
  const { key } = await createKey(database, {
    tenantSlug: slug,
    scopes: ["*"],
    name: "bench",
    env: "test",
    requestsPerMinute: 1_000_000,
  });
  const rows = await database.asOwner(async (client) => {
    const found = await client.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM contacts WHERE deleted_at IS NULL",
    );
    return found.rows[0]?.count ?? 0;
  });
  const gateway = await startGatewayProcess(cluster.url);
  try {
    await run(cluster.url, gateway, key, rows);
  } finally {
    await gateway.stop();
  }
} finally {
  await database.close();
  await cluster.stop();
}
