// The gateway beside a floor and two peers (docs/performance.md):
// npm run bench:peers -- --workloads W1,W4 --connections 16
import { parseArgs } from "node:util";
import pg from "pg";
import { startThrowaway } from "../../tools/throwaway.ts";
import type { GatewayProcess } from "../gateway-process.ts";
import { median } from "../measure.ts";
import { say, whole } from "../print.ts";
import { expectEqual } from "./equal.ts";
import { startLoadGenerator, type LoadGenerator } from "./load.ts";
import { cpuOf, memoryOf, parentOf } from "./processes.ts";
import {
  cpuTable,
  latencyTable,
  machine,
  memoryTable,
  throughputTable,
  type Latency,
  type Measured,
  type Slice,
} from "./report.ts";
import { requestOf, sideNames, type Ask, type HttpRequest, type SideName } from "./requests.ts";
import { askOnce, endCursorIn, installPeers, startSide } from "./sides.ts";
import { makeWorkloads, workloadNames, type Variant, type Workload } from "./workloads.ts";
import { makeWorld } from "./world.ts";

const { values: flags } = parseArgs({
  options: {
    workloads: { type: "string" },
    connections: { type: "string", default: "1,16,64" },
    sides: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string" },
    "latency-seconds": { type: "string" },
    accounts: { type: "string", default: "1000" },
    url: { type: "string" },
    gateway: { type: "string" },
    variant: { type: "string", default: "plain" },
    full: { type: "boolean", default: false },
  },
});

/** The names in a comma-separated list; all names without a list. */
function chosen<Name extends string>(all: readonly Name[], list: string | undefined): Name[] {
  const wanted = list?.split(",") ?? all;
  const unknown = wanted.filter((name) => !all.some((one) => one === name));
  if (unknown.length > 0) throw new Error(`not one of ${all.join(", ")}: ${unknown.join(", ")}`);
  return all.filter((name) => wanted.includes(name));
}

const variants: readonly Variant[] = ["plain", "tenants", "application"];
const [variant = "plain"] = chosen(variants, flags.variant);
const isPlain = variant === "plain";
// The peers have neither tenants nor applications.
const sides: SideName[] = isPlain ? chosen(sideNames, flags.sides) : ["floor", "gateway"];
const wanted = chosen(workloadNames, flags.workloads ?? (isPlain ? undefined : "W1,W2,W3,W4"));
const connectionCounts = flags.connections.split(",").map(Number);
const rounds = Number(flags.rounds);
const seconds = Number(flags.seconds ?? (flags.full ? 4 : 0.5));
const latencySeconds = Number(flags["latency-seconds"] ?? (flags.full ? 10 : 2));
/** The first warm-up is longer, since each side compiles and caches a new workload. */
const warmUpSeconds = { first: Math.max(1.5, seconds), later: 0.3 };

type Side = { readonly name: SideName; readonly process: GatewayProcess };
type Bench = {
  readonly sides: readonly Side[];
  readonly load: LoadGenerator;
  /** PostgreSQL's server process. */
  readonly postgres: number;
  /** The number of answers without data, by their text. */
  readonly complaints: Map<string, number>;
  /** The CPU time of the load generator itself, and the number of its requests. */
  readonly generator: { milliseconds: number; requests: number };
};

/** The requests of a side's rotation; null if the side does not support one of them. */
function requestsOf(side: SideName, workload: Workload): HttpRequest[] | null {
  const requests = workload.asks(side).map((ask) => requestOf(side, ask));
  const known = requests.filter((request) => request !== null);
  return known.length === 0 || known.length < requests.length ? null : known;
}

/** Sends the same requests to all sides, and compares their answers. */
async function check(bench: Bench, owner: pg.Client, { title, checks }: Workload): Promise<void> {
  let characters = 0;
  for (const ask of checks) {
    const answers: { side: SideName; text: string }[] = [];
    for (const side of bench.sides) {
      const request = requestOf(side.name, ask);
      if (request === null) continue;
      await undo(owner, ask);
      answers.push({ side: side.name, text: await askOnce(side.process, request) });
    }
    expectEqual(ask.kind, answers);
    characters += answers[0]?.text.length ?? 0;
  }
  const each = characters / checks.length;
  say(`equal: ${title}: ${checks.length} answers, ${whole(each)} characters each`);
}

/** Undoes a change, so that the next side's request changes the record again. */
async function undo(owner: pg.Client, ask: Ask): Promise<void> {
  if (ask.kind !== "updateDeal") return;
  await owner.query("UPDATE deals SET stage = 'lead' WHERE id = $1", [ask.id]);
}

async function measureSlice(
  bench: Bench,
  { name, process: { port, pid } }: Side,
  options: { title: string; requests: HttpRequest[]; connections: number; seconds: number },
): Promise<Slice> {
  const { load, postgres, complaints } = bench;
  const before = [await cpuOf(pid), await cpuOf(postgres)];
  const { title, ...rest } = options;
  const answered = await load.run({ ...rest, name: `${title} ${name}`, port, rate: null });
  const after = [await cpuOf(pid), await cpuOf(postgres)];
  const { good, bad, complaint } = answered;
  bench.generator.requests += good + bad;
  bench.generator.milliseconds += answered.cpu;
  if (bad > 0) {
    const text = `${title}, ${name}, ${options.connections} connections: ${complaint}`;
    complaints.set(text, (complaints.get(text) ?? 0) + bad);
  }
  const [cpu = null, postgresCpu = null] = before.map((start, index) => {
    const end = after[index];
    return start === null || end == null ? null : (end - start) / good;
  });
  return { perSecond: good / answered.seconds, cpu, postgresCpu, bad };
}

const writtenTables =
  "deals, deal_stage_changes, quotes, line_items, change_events, number_sequences";
const writes = ({ asks }: Workload): boolean => asks("floor").some(({ kind }) => kind !== "read");

/** Measures all sides in turn, round after round. */
async function measure(
  bench: Bench,
  owner: pg.Client,
  workload: Workload,
  connections: number,
): Promise<Measured> {
  const { title } = workload;
  const warmUp = connections === connectionCounts[0] ? warmUpSeconds.first : warmUpSeconds.later;
  const slices = new Map<SideName, Slice[] | null>();
  // Autovacuum is off, since it could run during the slice of one side.
  if (writes(workload)) await owner.query(`VACUUM ${writtenTables}`);
  const asked = bench.sides.map((side) => ({ side, requests: requestsOf(side.name, workload) }));
  for (const { side, requests } of asked) {
    slices.set(side.name, requests === null ? null : []);
    if (requests === null) continue;
    await measureSlice(bench, side, { title, requests, connections, seconds: warmUp });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { side, requests } of asked) {
      if (requests === null) continue;
      const slice = await measureSlice(bench, side, { title, requests, connections, seconds });
      slices.get(side.name)?.push(slice);
    }
  }
  const told = [...slices].map(([side, found]) => {
    return `${side} ${found === null ? "–" : Math.round(median(found.map(({ perSecond }) => perSecond)))}`;
  });
  say(`${title}, ${connections} connections: ${told.join(", ")}`);
  return { workload: title, connections, slices };
}

/** The latency at 70 % of a side's capacity. */
async function measureLatency(
  { load, sides: all }: Bench,
  workload: Workload,
  measured: readonly Measured[],
): Promise<Latency> {
  const found = new Map<SideName, { rate: number; p50: number; p99: number } | null>();
  for (const { name, process: side } of all) {
    const requests = requestsOf(name, workload);
    const speeds = measured.map(({ slices }) =>
      median((slices.get(name) ?? []).map(({ perSecond }) => perSecond)),
    );
    const rate = 0.7 * Math.max(...speeds);
    if (requests === null || rate === 0) {
      found.set(name, null);
      continue;
    }
    const options = { name: `${workload.title} ${name}`, port: side.port, requests, rate };
    const { p50, p99 } = await load.run({ ...options, connections: 64, seconds: latencySeconds });
    found.set(name, { rate, p50, p99 });
  }
  return { workload: workload.title, found };
}

async function compare(
  bench: Bench,
  owner: pg.Client,
  workloads: readonly Workload[],
): Promise<string> {
  for (const workload of workloads) await check(bench, owner, workload);
  const measured: Measured[] = [];
  const latencies: Latency[] = [];
  for (const workload of workloads) {
    const found: Measured[] = [];
    for (const connections of connectionCounts)
      found.push(await measure(bench, owner, workload, connections));
    if (latencySeconds > 0) latencies.push(await measureLatency(bench, workload, found));
    measured.push(...found);
  }
  const text: string[] = [];
  for (const connections of connectionCounts) {
    const some = measured.filter((one) => one.connections === connections);
    text.push(`Requests a second, ${connections} connections`, throughputTable(some, sides));
    text.push(
      `Milliseconds of CPU for a request, process + PostgreSQL, ${connections} connections`,
    );
    text.push(cpuTable(some, sides));
  }
  if (latencySeconds > 0) {
    text.push("Milliseconds of an answer, p50 / p99, at 70 % of the side's most (open loop)");
    text.push(latencyTable(latencies, sides));
  }
  const memory = new Map<SideName, { now: number; most: number } | null>();
  for (const { name, process: side } of bench.sides) memory.set(name, await memoryOf(side.pid));
  text.push("Resident memory", memoryTable(memory));
  const each = bench.generator.milliseconds / bench.generator.requests;
  text.push(
    `The load generator took ${each.toFixed(3)} ms of CPU for a request, on the same cores.`,
  );
  if (bench.complaints.size === 0) text.push("Every request was answered with data.");
  for (const [complaint, count] of bench.complaints) {
    text.push(`${count} requests were not answered with data: ${complaint}`);
  }
  return text.join("\n\n");
}

const closers: (() => unknown)[] = [];

async function startDatabase(): Promise<string> {
  const cluster = await startThrowaway({ settings: ["autovacuum=off"] });
  closers.push(() => cluster.stop());
  say("seeding 10 tenants");
  return cluster.url;
}

try {
  if (sides.includes("postgraphile")) await installPeers();
  const url = flags.url ?? (await startDatabase());
  const world = await makeWorld(url, Number(flags.accounts));
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  closers.push(() => owner.end());
  const { rows } = await owner.query<{ pid: number; rows: string }>(
    `SELECT pg_backend_pid() AS pid, (SELECT sum(reltuples)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) AS rows`,
  );
  const started: Side[] = [];
  for (const name of sides) {
    const side = { name, process: await startSide(name, url, flags.gateway) };
    closers.push(() => side.process.stop());
    started.push(side);
  }
  const load = startLoadGenerator();
  closers.push(() => load.stop());
  const postgres = (await parentOf(rows[0]?.pid ?? 0)) ?? 0;
  const generator = { milliseconds: 0, requests: 0 };
  const bench: Bench = { sides: started, load, postgres, complaints: new Map(), generator };
  const workloads = await makeWorkloads(world, wanted, variant, sides, async (side, ask) => {
    const request = requestOf(side, ask);
    const found = started.find(({ name }) => name === side);
    if (request === null || found === undefined) throw new Error(`no ${side}`);
    return endCursorIn(await askOnce(found.process, request));
  });
  const tables = await compare(bench, owner, workloads);
  const about = `${whole(Number(rows[0]?.rows))} rows in ${world.tenants.length} tenants, ${rounds} rounds of ${seconds} s, medians (least–most)`;
  console.log([machine(), about, tables].join("\n\n"));
} finally {
  for (const close of closers.toReversed()) await close();
}
