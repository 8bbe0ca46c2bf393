// The answers at 80 % of the gateway's capacity, and at four times as much: npm run bench:overload -- --seconds 60
// An open loop (requests come at a rate, whatever is answered), then wrk (a closed loop) where it is installed.
import { spawn } from "node:child_process";
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { seed } from "../src/seed/seed.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { generateLoad, type Answered, type Load } from "./load-generator.ts";
import { percentiles } from "./measure.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    accounts: { type: "string", default: "1000" },
    "in-flight": { type: "string" },
  },
});
const seconds = Number(values.seconds);
const query =
  "{ accounts(first: 25) { totalCount nodes { id displayName industry annualRevenue deals(first: 3) { nodes { id name stage value } } } } }";
const body = JSON.stringify({ query });
const clients = 12;

function report(title: string, answered: Answered, over: number): void {
  console.log(title);
  for (const [status, times] of Object.entries(answered)) {
    const rate = Math.round(times.length / over);
    console.log(`  ${status}: ${times.length} (${rate}/s), ${percentiles(times)}`);
  }
}

const megabytes = async (gateway: GatewayProcess): Promise<number> =>
  Math.round((await gateway.memory()) / 1e6);

/** Runs a load and watches how much memory the gateway has meanwhile. */
async function watched<Result>(gateway: GatewayProcess, load: Promise<Result>): Promise<Result> {
  const before = await megabytes(gateway);
  const seen: number[] = [];
  const cpu = await gateway.cpu();
  const began = performance.now();
  const timer = setInterval(() => void megabytes(gateway).then((size) => seen.push(size)), 1_000);
  const result = await load;
  clearInterval(timer);
  const share = ((await gateway.cpu()) - cpu) / (performance.now() - began);
  console.log(
    `  memory ${before} MB before, ${Math.min(...seen)}–${Math.max(...seen)} MB during, ${await megabytes(gateway)} MB after; ${Math.round(share * 100)} % of a core`,
  );
  return result;
}

/** wrk's own report, with how many answers were not 2xx. */
async function wrk(port: number, key: string, connections: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "crm-bench-"));
  const script = join(folder, "post.lua");
  await writeFile(
    script,
    `wrk.method = "POST"\nwrk.body = [[${body}]]\nwrk.headers["content-type"] = "application/json"\nwrk.headers["x-api-key"] = "${key}"\n`,
  );
  const child = spawn("wrk", [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    "-s",
    script,
    `http://127.0.0.1:${port}/graphql`,
  ]);
  try {
    return await text(child.stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const isThereWrk = await new Promise<boolean>((resolve) => {
  spawn("wrk", ["--version"])
    .on("error", () => resolve(false))
    .on("exit", () => resolve(true));
});

const cluster = await startThrowaway();
try {
  await migrate({ url: cluster.url });
  const slug = "bench";
  await seed({
    url: cluster.url,
    tenants: 1,
    accounts: Number(values.accounts),
    seed: 3,
    slugs: [slug],
  });
  const database = openDatabase({ url: cluster.url });
  const keys: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    const options = { tenantSlug: slug, scopes: ["*"], name: "bench", env: "test" };
    keys.push((await createKey(database, options)).key);
  }
  await database.close();
  const gateway = await startGatewayProcess(cluster.url, undefined, {
    REQUESTS_PER_MINUTE: "1000000000",
    POINTS_PER_MINUTE: "1000000000",
    ...(values["in-flight"] === undefined ? {} : { MAX_IN_FLIGHT: values["in-flight"] }),
  });
  const load = (changes: Pick<Load, "rate" | "connections" | "seconds">): Promise<Answered> =>
    generateLoad({ port: gateway.port, keys: keys.slice(0, 4), body, ...changes });
  // Until the code is compiled; a capacity measured before is far below what comes after.
  await load({ rate: null, connections: clients, seconds: 15 });
  const full = await load({ rate: null, connections: clients, seconds: 10 });
  const capacity = (full[200]?.length ?? 0) / 10;
  report(`what it can do, ${clients} clients: ${Math.round(capacity)}/s`, full, 10);
  for (const share of [0.8, 4]) {
    const rate = capacity * share;
    console.log(`\nopen loop at ${share} of that, ${Math.round(rate)}/s, ${seconds} s`);
    const answered = await watched(gateway, load({ rate, connections: 500, seconds }));
    report("  answers by status", answered, seconds);
  }
  if (isThereWrk) {
    const connections = clients * 4;
    console.log(`\nwrk with ${connections} connections, beside 20 requests/s of the same key`);
    const key = keys[0] ?? "";
    const probe = { port: gateway.port, body, connections: 100, seconds, rate: 20 };
    const [printed, same, other] = await watched(
      gateway,
      Promise.all([
        wrk(gateway.port, key, connections),
        generateLoad({ ...probe, keys: [key] }),
        generateLoad({ ...probe, rate: 10, keys: [keys[4] ?? ""] }),
      ]),
    );
    console.log(printed);
    report("  the same key", same, seconds);
    report("  another key, 10/s", other, seconds);
  }
  await gateway.stop();
} finally {
  await cluster.stop();
}
