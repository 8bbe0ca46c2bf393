// W1 and W4 on two processes of one port beside one: npm run bench:workers
import { parseArgs } from "node:util";
import { startCliGateway } from "../test/support/processes/cli-gateway.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { speedsInTurn } from "./in-turn.ts";
import { median, range } from "./measure.ts";
import { startLoadGenerator } from "./peers/load.ts";
import { requestOf } from "./peers/requests.ts";
import { makeWorkloads } from "./peers/workloads.ts";
import { makeWorld } from "./peers/world.ts";

const { values: flags } = parseArgs({
  options: {
    workers: { type: "string", default: "2" },
    rounds: { type: "string", default: "4" },
    seconds: { type: "string", default: "5" },
    connections: { type: "string", default: "32" },
    accounts: { type: "string", default: "1000" },
  },
});
const [rounds, seconds, connections] = [flags.rounds, flags.seconds, flags.connections].map(Number);
if (rounds === undefined || seconds === undefined || connections === undefined) throw new Error();

const closers: (() => unknown)[] = [];
try {
  const cluster = await startThrowaway({ settings: ["autovacuum=off"] });
  closers.push(() => cluster.stop());
  const world = await makeWorld(cluster.url, Number(flags.accounts));
  const sides = ["1", flags.workers];
  const ports: number[] = [];
  for (const WORKERS of sides) {
    const gateway = await startCliGateway({
      DATABASE_URL: cluster.url,
      NODE_ENV: "production",
      REQUESTS_PER_MINUTE: "1000000000",
      POINTS_PER_MINUTE: "1000000000",
      WORKERS,
    });
    closers.push(() => gateway.stop());
    ports.push(Number(new URL(gateway.url).port));
  }
  const load = startLoadGenerator();
  closers.push(() => load.stop());
  const find = (): Promise<string> => Promise.resolve("");
  for (const { title, asks } of await makeWorkloads(world, ["W1", "W4"], "plain", [], find)) {
    const requests = asks("gateway").flatMap((ask) => requestOf("gateway", ask) ?? []);
    const asked = { title, load, requests, connections };
    const speeds = await speedsInTurn(asked, ports, { rounds, seconds });
    console.log(`${title}, ${connections} connections`);
    for (const [index, name] of sides.entries()) {
      const own = speeds[index] ?? [];
      const ratios = own.map((speed, round) => speed / (speeds[0]?.[round] ?? 0));
      console.log(`  WORKERS=${name} ${Math.round(median(own))}/s, ${range(ratios)}`);
    }
  }
} finally {
  for (const close of closers.toReversed()) await close();
}
