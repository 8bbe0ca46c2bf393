// New documents, and refusals under load, with the compiled gateway beside the interpreter:
// npm run bench:storm -- --parts cold,storm,statuses (docs/performance.md)
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { startThrowaway } from "../tools/throwaway.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { generateLoad } from "./load-generator.ts";
import { median, percentiles } from "./measure.ts";
import { startLoadGenerator } from "./peers/load.ts";
import { cpuOf, memoryOf, parentOf } from "./peers/processes.ts";
import { reads, variants } from "./peers/queries/reads.ts";
import { machine } from "./peers/report.ts";
import { counter, requestOf, type HttpRequest, type Read } from "./peers/requests.ts";
import { askOnce, endCursorIn } from "./peers/sides.ts";
import { makeWorkloads } from "./peers/workloads.ts";
import { makeWorld, type World } from "./peers/world.ts";
import { head, megabytes, row, say, two, whole } from "./print.ts";

const { values: flags } = parseArgs({
  options: {
    parts: { type: "string", default: "cold,storm,statuses" },
    accounts: { type: "string", default: "300" },
    /** Documents of each kind for the first requests, and of all kinds for the storm. */
    first: { type: "string", default: "300" },
    documents: { type: "string", default: "10000" },
    connections: { type: "string", default: "16" },
    rounds: { type: "string", default: "2" },
    seconds: { type: "string", default: "30" },
    /** An empty database, or one that an earlier run has seeded. */
    url: { type: "string" },
  },
});
const connections = Number(flags.connections);

const sides = ["compiled", "interpreted"] as const;
type SideName = (typeof sides)[number];

const print = (...cells: readonly string[]): void => console.log(row(cells));
const printHead = (...names: readonly string[]): void => console.log(head(names));

const cluster =
  flags.url === undefined ? await startThrowaway({ settings: ["autovacuum=off"] }) : null;
const url = cluster?.url ?? flags.url ?? "";
const owner = new pg.Client({ connectionString: url });

/** Starts a gateway with all limits at their defaults, except the quotas. */
const start = (side: SideName): Promise<GatewayProcess> =>
  startGatewayProcess(url, undefined, {
    REQUESTS_PER_MINUTE: "1000000000",
    POINTS_PER_MINUTE: "1000000000",
    COMPILED: side === "compiled" ? "on" : "off",
  });

/** The reads of W8 as requests. Each document has a counter, which makes it new. */
async function requestsOf(world: World): Promise<{ kind: string; request: HttpRequest }[]> {
  const gateway = await start("compiled");
  try {
    const find = async (_: string, ask: Read) => endCursorIn(await askOnce(gateway, sent(ask)));
    const [mixed] = await makeWorkloads(world, ["W8"], "plain", ["gateway"], find);
    return (mixed?.checks ?? []).flatMap((ask, index) => {
      const kind = variants[index]?.kind;
      if (ask.kind !== "read" || kind === undefined) return [];
      const request = sent(ask);
      return {
        kind,
        request: { ...request, body: request.body.replace("{ id", `{ ${counter}: id id`) },
      };
    });
  } finally {
    await gateway.stop();
  }
}

function sent(ask: Read): HttpRequest {
  const request = requestOf("gateway", ask);
  if (request === null) throw new Error("no request");
  return request;
}

type Requests = Awaited<ReturnType<typeof requestsOf>>;
let unique = 500_000_000;
const asNew = (request: HttpRequest): HttpRequest => {
  unique += 1;
  return { ...request, body: request.body.replace(counter, `unique_${unique}`) };
};

/** CPU of a gateway and of PostgreSQL, in milliseconds. */
async function cpus({ pid }: GatewayProcess, postgres: number): Promise<[number, number]> {
  return [(await cpuOf(pid)) ?? Number.NaN, (await cpuOf(postgres)) ?? Number.NaN];
}

/** The private memory of the gateways' connections in bytes, without PostgreSQL's shared memory. */
async function memoryOfConnections(): Promise<number> {
  const { rows } = await owner.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'crm-gateway'",
  );
  let sum = 0;
  for (const { pid } of rows) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    sum += Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
  }
  return sum;
}

type Chunk = { readonly times: number[]; readonly gateway: number; readonly postgres: number };

/** Sends requests one after the other on one connection. */
async function askInTurn(
  gateway: GatewayProcess,
  requests: readonly HttpRequest[],
  postgres: number,
): Promise<Chunk> {
  const times: number[] = [];
  const before = await cpus(gateway, postgres);
  for (const request of requests) {
    const startedAt = performance.now();
    await askOnce(gateway, request);
    times.push(performance.now() - startedAt);
  }
  const after = await cpus(gateway, postgres);
  return { times, gateway: after[0] - before[0], postgres: after[1] - before[1] };
}

/** The first request of each document, both gateways in turn. */
async function firstRequests(all: Requests, postgres: number): Promise<void> {
  const gateways = new Map<SideName, GatewayProcess>();
  for (const side of sides) gateways.set(side, await start(side));
  try {
    for (const gateway of gateways.values()) {
      for (const { request } of [...all, ...all]) await askOnce(gateway, asNew(request));
    }
    console.log(`\nFirst request of each of ${flags.first} documents of a kind\n`);
    printHead(
      "kind",
      "compiled, ms",
      "interpreted, ms",
      "compiled ÷ interpreted",
      "CPU, compiled",
      "CPU, interpreted",
    );
    // CPU time is too coarse for fewer requests.
    const size = 10;
    for (const kind of Object.keys(reads)) {
      const some = all.filter((one) => one.kind === kind);
      const chunks = new Map<SideName, Chunk[]>(sides.map((side) => [side, []]));
      for (let done = 0; done < Number(flags.first); done += size) {
        const requests = Array.from(
          { length: size },
          (_, index) => some[(done + index) % some.length],
        )
          .filter((one) => one !== undefined)
          .map(({ request }) => asNew(request));
        for (const [side, gateway] of gateways) {
          chunks.get(side)?.push(await askInTurn(gateway, requests, postgres));
        }
      }
      const ratios = (chunks.get("compiled") ?? []).map(
        ({ times }, index) =>
          median(times) / median(chunks.get("interpreted")?.[index]?.times ?? []),
      );
      const told = [...chunks.values()].map((found) => {
        const times = found.flatMap((chunk) => chunk.times);
        const each = (of: (chunk: Chunk) => number): string =>
          two(found.reduce((sum, chunk) => sum + of(chunk), 0) / times.length);
        const cpu = `${each(({ gateway }) => gateway)} + ${each((chunk) => chunk.postgres)}`;
        return { cpu, milliseconds: two(median(times)) };
      });
      const times = told.map(({ milliseconds }) => milliseconds);
      print(kind, ...times, two(median(ratios)), ...told.map(({ cpu }) => cpu));
    }
  } finally {
    for (const gateway of gateways.values()) await gateway.stop();
  }
}

/** Many documents that come once, on many connections. Each turn has a new gateway. */
async function storm(all: Requests, postgres: number): Promise<void> {
  const documents = Number(flags.documents);
  console.log(`\n${whole(documents)} documents that come once, ${connections} connections\n`);
  printHead(
    "side",
    "documents",
    "requests a second",
    "not answered with data",
    "CPU of the gateway",
    "of PostgreSQL",
    "gateway: before, most, after",
    "connections: before, most, after",
  );
  const load = startLoadGenerator();
  const requests = all.map(({ request }) => request);
  try {
    for (let turn = 0; turn < Number(flags.rounds) * sides.length; turn += 1) {
      const side = sides[turn % sides.length] ?? "compiled";
      const gateway = await start(side);
      const { port, pid } = gateway;
      const ask = { name: "storm", port, connections, rate: null };
      // Documents of the same kinds first warm up all connections.
      const known = requests.map(asNew);
      await load.run({ ...ask, name: "known", requests: known, seconds: 5 });
      const rss = async (): Promise<number> => (await memoryOf(pid))?.now ?? 0;
      const before = [await rss(), await memoryOfConnections()] as const;
      const cpuBefore = await cpus(gateway, postgres);
      let [good, bad, seconds, most] = [0, 0, 0, 0];
      while (good + bad < documents) {
        const found = await load.run({ ...ask, requests, seconds: 2 });
        good += found.good;
        bad += found.bad;
        seconds += found.seconds;
        most = Math.max(most, await memoryOfConnections());
      }
      const cpuAfter = await cpus(gateway, postgres);
      await sleep(3_000);
      const after = [await rss(), await memoryOfConnections()] as const;
      const cpu = cpuAfter.map((value, index) => two((value - (cpuBefore[index] ?? 0)) / good));
      const peak = (await memoryOf(pid))?.most ?? 0;
      const memory = [
        [before[0], peak, after[0]],
        [before[1], most, after[1]],
      ].map((values) => values.map(megabytes).join(", "));
      print(side, whole(good + bad), whole(good / seconds), whole(bad), ...cpu, ...memory);
      await gateway.stop();
    }
  } finally {
    load.stop();
  }
}

/** The number of answers by status, from a gateway without other work. */
async function statuses(world: World): Promise<void> {
  console.log(`\nW3, one key, ${connections} connections, ${flags.seconds} s: answers by status\n`);
  printHead("side", "answers", "a second", "times");
  const [tenant] = world.tenants;
  if (tenant === undefined) throw new Error("no tenant");
  const { body } = sent({ kind: "read", query: reads.W3, tenant, asApplication: false });
  for (const side of sides) {
    const gateway = await start(side);
    const { port } = gateway;
    const seconds = Number(flags.seconds);
    const keys = [tenant.key];
    const answered = await generateLoad({ port, keys, body, seconds, rate: null, connections });
    const counts = Object.entries(answered).map(
      ([status, times]) => `${whole(times.length)} × ${status}`,
    );
    const times = Object.values(answered).flat();
    print(side, counts.join(", "), whole(times.length / seconds), percentiles(times));
    await gateway.stop();
  }
}

try {
  const parts = flags.parts.split(",");
  say("seeding 10 tenants");
  const world = await makeWorld(url, Number(flags.accounts));
  await owner.connect();
  const { rows } = await owner.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const postgres = (await parentOf(rows[0]?.pid ?? 0)) ?? 0;
  console.log(machine());
  if (parts.includes("statuses")) await statuses(world);
  const all = await requestsOf(world);
  if (parts.includes("cold")) await firstRequests(all, postgres);
  if (parts.includes("storm")) await storm(all, postgres);
} finally {
  await owner.end();
  await cluster?.stop();
}
