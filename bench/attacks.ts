// Attacks in turn on a gateway with default quotas, beside a caller who asks small queries: npm run bench:attacks -- --seconds 600
// One of them: --only 3 (a point), or a part of its name. 127.0.0.1 only; ends by itself all that it started, also on SIGINT.
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { Tally, type Attack } from "./attacks/attack.ts";
import { keyOf, makeTenant, seedTenants } from "./attacks/data.ts";
import { fairnessAttacks } from "./attacks/fairness.ts";
import { memoryAttacks } from "./attacks/memory.ts";
import { statementAttacks } from "./attacks/statements.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { generateLoad, type Answered } from "./load-generator.ts";
import { percentiles } from "./measure.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    /** Of the big tenant; some 200,000 rows. */
    accounts: { type: "string", default: "6000" },
    only: { type: "string" },
    /** bench/gateway-process.ts of another clone, to compare with. */
    gateway: { type: "string" },
  },
});
const { only } = values;
const isPoint = /^\d+$/.test(only ?? "");
const attacks = [...memoryAttacks, ...statementAttacks, ...fairnessAttacks].filter(
  ({ point, name }) =>
    only === undefined || (isPoint ? String(point) === only : name.includes(only)),
);
const phases = attacks.length + 2;
const secondsEach = Math.ceil(Number(values.seconds) / phases);
const small = JSON.stringify({ query: "{ accounts(first: 5) { nodes { id displayName } } }" });

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => interrupted.abort());

type Phase = { readonly title: string; readonly lines: readonly string[] };

/** Megabytes of memory that a process has; NaN once it is gone. */
async function residentOf(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]).catch(
    () => ({ stdout: "NaN" }),
  );
  return Math.round(Number.parseInt(stdout, 10) / 1_024);
}

function caller(answered: Answered): string {
  const good = answered[200] ?? [];
  const others = Object.entries(answered).flatMap(([status, times]) =>
    status === "200"
      ? []
      : `${times.length} × ${status === "0" ? "no answer, or 20 waited for already" : status}`,
  );
  return `caller: ${good.length} answers, ${percentiles(good)}${others.length === 0 ? "" : `; ${others.join(", ")}`}`;
}

/** Whether it still answers. */
async function lives({ port }: GatewayProcess): Promise<boolean> {
  const signal = AbortSignal.timeout(10_000);
  return fetch(`http://127.0.0.1:${port}/healthz`, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}

const cluster = await startThrowaway({
  // What a big neighbour does in production: the next ANALYZE is hours away.
  settings: ["autovacuum=off"],
});
let gateway: GatewayProcess | undefined;
const database = openDatabase({ url: cluster.url });
try {
  await migrate({ url: cluster.url });
  console.log(`${await seedTenants(cluster.url, Number(values.accounts))} rows with statistics`);
  const start = (): Promise<GatewayProcess> => startGatewayProcess(cluster.url, values.gateway, {});
  gateway = await start();
  await makeTenant(gateway, database, "wide");
  await makeTenant(gateway, database, "fresh");
  const callers = [await keyOf(database, "calm"), await keyOf(database, "calm")];
  const began = performance.now();
  const memory: string[] = [];

  const play = async (attack: Attack | null): Promise<Phase> => {
    const current = (gateway ??= await start());
    const { port, pid } = current;
    const ending = new AbortController();
    const over = AbortSignal.any([
      ending.signal,
      interrupted.signal,
      AbortSignal.timeout(secondsEach * 1_000),
    ]);
    const startedAt = performance.now();
    const deaths: string[] = [];
    const watchDeath = async (): Promise<void> => {
      const how = await current.exited;
      deaths.push(`DIED (${how}) after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
      ending.abort();
    };
    void watchDeath();
    const tally = new Tally();
    const seen: number[] = [await residentOf(pid)];
    const look = async (): Promise<void> => {
      const size = await residentOf(pid);
      if (!Number.isNaN(size)) seen.push(size);
    };
    const timer = setInterval(() => void look(), 500);
    const keys: string[] = [];
    for (let count = 0; attack !== null && count < (attack.keys ?? 1); count += 1) {
      keys.push(await keyOf(database, attack.tenant, attack.requestsPerMinute));
    }
    const load = { port, keys: callers, body: small, connections: 20, rate: 10 };
    const asked = generateLoad({ ...load, seconds: secondsEach }, over);
    // The caller's connections are open by then.
    await sleep(1_000);
    await attack?.run({ port, keys, signal: over, tally, database });
    // What still runs is what comes after the attack.
    await sleep(2_000);
    const isUp = deaths.length === 0 && (await lives(current));
    const end = isUp ? "lives" : (deaths[0] ?? "HUNG, killed");
    if (!isUp) {
      await current.stop();
      gateway = undefined;
    }
    const answered = await asked;
    clearInterval(timer);
    const last = await residentOf(pid);
    const at = Math.round((performance.now() - began) / 1_000);
    const size = `${seen[0]} MB before, ${Math.max(...seen)} MB at most, ${isUp ? `${last} MB` : "none"} after`;
    memory.push(`${at} s: ${Math.max(...seen)}/${isUp ? last : 0}`);
    return {
      title: attack === null ? "nothing" : `${attack.point} ${attack.name}`,
      lines: [`gateway: ${end}; ${size}`, caller(answered), ...tally.lines()],
    };
  };

  for (const attack of [null, ...attacks, null]) {
    if (interrupted.signal.aborted) break;
    const { title, lines } = await play(attack);
    console.log(`\n${title}`);
    for (const line of lines) console.log(`  ${line}`);
  }
  console.log(`\nmemory, most/after in MB: ${memory.join(", ")}`);
} finally {
  await gateway?.stop();
  await database.close();
  await cluster.stop();
}
