// An import of contacts, from the file to the table with events, against COPY of the same rows with the same events, in turn
// in one run, and the memory of the process that imports: npm run bench:import -- --rows 1000000
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { v7 as uuidv7 } from "uuid";
import { migrate } from "../src/db/migrate.ts";
import { withOwner } from "../src/db/with-owner.ts";
import { contact } from "../src/modules/contact/model.ts";
import { writtenColumns } from "../src/write/stored.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { startImportProcess, type Asked } from "./import-process.ts";
import { median, range } from "./measure.ts";
import { cpuOf } from "./peers/processes.ts";
import { megabytes, say, two, whole } from "./print.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "2" },
    mode: { type: "string", default: "create" },
    /** Writes a CPU profile of the process that imports to this folder. */
    profile: { type: "string" },
  },
});
const rows = Number(values.rows);
const mode: Asked["mode"] = values.mode === "upsert" ? "upsert" : "create";

/** What a company's spreadsheet of contacts has. */
function* lines(): Generator<string> {
  const firsts = ["Ada", "Björn", "Chloé", "Dmitri", "Eleni", "Farid", "Grace", "Hana"];
  const lasts = ["Müller", "Smith", "García", "Novák", "Rossi", "Dubois", "Tanaka"];
  const titles = ["Buyer", "CEO", "Head of Sales", "Engineer", ""];
  yield "external_id,first_name,last_name,email,phone_1,title,city,country,tags,linkedin_url\n";
  for (let start = 0; start < rows; start += 1_000) {
    let text = "";
    for (let row = start; row < Math.min(start + 1_000, rows); row += 1) {
      const [first, last, title] = [firsts[row % 8], lasts[row % 7], titles[row % 5]];
      text += `ext-${row},${first},${last},person.${row}@company${row % 5_000}.example,+49 30 ${1_000_000 + row},${title},Hamburg,DE,"import;spring",https://linkedin.example/in/person-${row}\n`;
    }
    yield text;
  }
}

async function newTenant(url: string, slug: string): Promise<string> {
  const id = uuidv7();
  await withOwner(url, "bench", (client) =>
    client.query("INSERT INTO tenants (id, slug, name) VALUES ($1, $2, $2)", [id, slug]),
  );
  return id;
}

/** Writes a tenant's contacts and events to files, as rows of another tenant; gives how they are copied in. */
async function copyOut(url: string, folder: string, from: string, to: string) {
  const columns = writtenColumns(contact).map(({ column }) => column);
  const replaced: Readonly<Record<string, string>> = { '"tenant_id"': `'${to}'` };
  const events =
    "tenant_id, id, position, entity_type, entity_id, operation, version, actor, occurred_at, changes";
  const copies = [
    {
      into: `contacts (${columns.join(", ")})`,
      select: `SELECT ${columns.map((name) => replaced[name] ?? name).join(", ")} FROM contacts WHERE tenant_id = '${from}' ORDER BY id`,
      path: join(folder, "contacts"),
    },
    {
      into: `change_events (${events})`,
      select: `SELECT ${events.replace("tenant_id", `'${to}'`)} FROM change_events WHERE tenant_id = '${from}' ORDER BY position`,
      path: join(folder, "events"),
    },
  ];
  await withOwner(url, "bench", async (client) => {
    for (const { select, path } of copies) {
      await pipeline(client.query(copyTo(`COPY (${select}) TO STDOUT`)), createWriteStream(path));
    }
  });
  return copies;
}

/** As the owner, whom row-level security does not concern. */
function copyIn(url: string, copies: Awaited<ReturnType<typeof copyOut>>): Promise<number> {
  return withOwner(url, "bench", async (client) => {
    const startedAt = performance.now();
    await client.query("BEGIN");
    for (const { into, path } of copies) {
      await pipeline(createReadStream(path), client.query(copyFrom(`COPY ${into} FROM STDIN`)));
    }
    await client.query("COMMIT");
    return (performance.now() - startedAt) / 1_000;
  });
}

/** Seconds of CPU that a cluster's processes have taken so far; 0 where /proc does not tell. */
async function serverSeconds(directory: string): Promise<number> {
  const pid = (await readFile(join(directory, "postmaster.pid"), "utf8")).split("\n")[0];
  return ((await cpuOf(Number(pid))) ?? 0) / 1_000;
}

const folder = await mkdtemp(join(tmpdir(), "crm-gateway-bench-"));
const cluster = await startThrowaway({ settings: ["max_wal_size=8GB"] });
try {
  const { url } = cluster;
  await migrate({ url });
  const path = join(folder, "contacts.csv");
  await pipeline(Readable.from(lines()), createWriteStream(path));
  const profiling =
    values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const importing = startImportProcess(url, profiling);
  const ratios: number[] = [];
  try {
    for (let round = 0; round < Number(values.rounds); round += 1) {
      const tenantId = await newTenant(url, `import-${round}`);
      const key = mode === "upsert" ? "external_id" : null;
      const server = [await serverSeconds(cluster.directory)];
      const tick = async (): Promise<number> => {
        server.unshift(await serverSeconds(cluster.directory));
        return (server[0] ?? 0) - (server[1] ?? 0);
      };
      const done = await importing.run({ tenantId, path, mode, key });
      const { seconds, stagedSeconds, cpuSeconds, memory } = done;
      if (done.status !== "done" || done.rowsDone !== rows || done.rowsRefused > 0) {
        throw new Error(JSON.stringify(done));
      }
      const importCpu = await tick();
      const copies = await copyOut(url, folder, tenantId, await newTenant(url, `copy-${round}`));
      await tick();
      const copied = await copyIn(url, copies);
      const copyCpu = await tick();
      ratios.push(copied / seconds);
      say(
        `round ${round + 1}: import ${two(seconds)} s (${whole(rows / seconds)} rows/s; ${two(stagedSeconds)} s of it the upload), COPY with events ${two(copied)} s (${whole(rows / copied)} rows/s)`,
      );
      say(
        `  CPU: import ${two(cpuSeconds)} s of the gateway and ${two(importCpu)} s of PostgreSQL, COPY ${two(copyCpu)} s of PostgreSQL`,
      );
      const tenth = Math.max(1, Math.ceil(memory.length / 10));
      const shown = memory.filter((_, index) => index % tenth === 0).map(megabytes);
      say(`  memory: ${shown.join(", ")}; at most ${megabytes(Math.max(...memory))}`);
    }
  } finally {
    await importing.stop();
  }
  console.log(
    `${whole(rows)} contacts, ${mode}: ${two(median(ratios))} of COPY with events (${range(ratios)})`,
  );
} finally {
  await cluster.stop();
  await rm(folder, { recursive: true });
}
