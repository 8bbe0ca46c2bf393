// W1 and W4 with a streaming replica beside none, and which server answers: npm run bench:replica
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { startReplica } from "../test/support/database/replica.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { speedOf, speedsInTurn } from "./in-turn.ts";
import { median, range } from "./measure.ts";
import { startLoadGenerator } from "./peers/load.ts";
import { requestOf } from "./peers/requests.ts";
import { makeWorkloads } from "./peers/workloads.ts";
import { makeWorld } from "./peers/world.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    connections: { type: "string", default: "16" },
    accounts: { type: "string", default: "1000" },
  },
});
const [rounds, seconds, connections] = [flags.rounds, flags.seconds, flags.connections].map(Number);
if (rounds === undefined || seconds === undefined || connections === undefined) throw new Error();

const quotas = { REQUESTS_PER_MINUTE: "1000000000", POINTS_PER_MINUTE: "1000000000" };
/** An idle connection of PostgreSQL tells its statistics after this time. */
const tellingMilliseconds = 11_000;
const measuredSeconds = 5;
const rename = `mutation ($id: ID!, $name: String!) {
  updateDeal(id: $id, input: { name: $name }) { deal { id } userErrors { message } } }`;

const closers: (() => unknown)[] = [];

/** Gives how many transactions a server has committed so far. */
async function committedOf(url: string): Promise<() => Promise<number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  closers.push(() => client.end());
  return async () => {
    const { rows } = await client.query<{ count: string }>(
      "SELECT xact_commit AS count FROM pg_stat_database WHERE datname = current_database()",
    );
    return Number(rows[0]?.count);
  };
}

try {
  const primary = await startThrowaway({ settings: ["autovacuum=off"] });
  closers.push(() => primary.stop());
  const world = await makeWorld(primary.url, Number(flags.accounts));
  const replica = await startReplica(primary, "0");
  closers.push(() => replica.stop());
  const sides: { readonly name: string; readonly env: Readonly<Record<string, string>> }[] = [
    { name: "no replica", env: quotas },
    { name: "one replica", env: { ...quotas, DATABASE_REPLICA_URLS: replica.url } },
  ];
  const started = [];
  for (const { env } of sides) {
    const gateway = await startGatewayProcess(primary.url, undefined, env);
    closers.push(() => gateway.stop());
    started.push(gateway);
  }
  const [, beside] = started;
  const [{ key, deals } = { key: "", deals: [] }] = world.tenants;
  if (beside === undefined) throw new Error("no gateway");
  const load = startLoadGenerator();
  closers.push(() => load.stop());
  const servers = [await committedOf(primary.url), await committedOf(replica.url)];
  /** How many transactions each server commits meanwhile. */
  const counted = async (task: () => Promise<unknown>): Promise<readonly number[]> => {
    const look = async (): Promise<readonly number[]> => {
      await sleep(tellingMilliseconds);
      return Promise.all(servers.map((committed) => committed()));
    };
    const before = await look();
    await task();
    return (await look()).map((count, index) => count - (before[index] ?? 0));
  };
  const idle = await counted(() => sleep(1_000 * measuredSeconds));
  const find = (): Promise<string> => Promise.resolve("");
  for (const { title, asks } of await makeWorkloads(world, ["W1", "W4"], "plain", [], find)) {
    const requests = asks("gateway").flatMap((ask) => requestOf("gateway", ask) ?? []);
    const asked = { title, load, requests, connections };
    const ports = started.map(({ port }) => port);
    const speeds = await speedsInTurn(asked, ports, { rounds, seconds });
    console.log(`${title}, ${connections} connections`);
    for (const [index, { name }] of sides.entries()) {
      const own = speeds[index] ?? [];
      const ratios = own.map((speed, round) => speed / (speeds[0]?.[round] ?? 0));
      console.log(
        `  ${name.padEnd(12)} ${String(Math.round(median(own))).padStart(6)}/s, ${range(ratios)}`,
      );
    }
    for (const writesEach of [null, 1_000, 100]) {
      const counts = await counted(async () => {
        let isOver = false;
        const write = async (): Promise<void> => {
          for (let count = 0; !isOver && writesEach !== null; count += 1) {
            await beside
              .post(key, rename, { id: deals[0], name: `Renamed ${count}` })
              .catch(() => undefined);
            await sleep(writesEach);
          }
        };
        const writing = write();
        await speedOf(asked, beside.port, measuredSeconds);
        isOver = true;
        await writing;
      });
      // Without what the gateway asks for itself: how far the replica is.
      const own = counts.map((count, index) => count - (idle[index] ?? 0));
      const share = (own[1] ?? 0) / own.reduce((sum, count) => sum + count, 0);
      const writes =
        writesEach === null ? "nobody writes" : `the caller writes every ${writesEach} ms`;
      console.log(
        `  ${writes}: ${(100 * share).toFixed(0)} % on the replica (${own.join(" and ")})`,
      );
    }
  }
} finally {
  for (const close of closers.toReversed()) await close();
}
