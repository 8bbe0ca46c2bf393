// W1 and W4 through PgBouncer beside a gateway without it: npm run bench:pooler -- --keeping /usr/local/bin/pgbouncer
import { parseArgs } from "node:util";
import { findPgBouncer, startPgBouncer } from "../tools/pgbouncer.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";
import { speedsInTurn } from "./in-turn.ts";
import { median, range } from "./measure.ts";
import { startLoadGenerator } from "./peers/load.ts";
import { requestOf } from "./peers/requests.ts";
import { askOnce } from "./peers/sides.ts";
import { makeWorkloads } from "./peers/workloads.ts";
import { makeWorld } from "./peers/world.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    connections: { type: "string", default: "16" },
    accounts: { type: "string", default: "1000" },
    /** A second PgBouncer, of 1.21 or newer: it keeps prepared statements in transaction mode. */
    keeping: { type: "string" },
  },
});
const [rounds, seconds, connections] = [flags.rounds, flags.seconds, flags.connections].map(Number);
if (rounds === undefined || seconds === undefined || connections === undefined) throw new Error();

const quotas = { REQUESTS_PER_MINUTE: "1000000000", POINTS_PER_MINUTE: "1000000000" };
const executable = findPgBouncer();
if (executable === null) throw new Error("there is no PgBouncer");
type Mode = "session" | "transaction";
type Side = {
  readonly mode: Mode | null;
  readonly fence: Mode;
  readonly prepared: "on" | "off";
  readonly pooler?: string;
};
const sides: readonly Side[] = [
  { mode: null, fence: "session", prepared: "on" },
  { mode: null, fence: "session", prepared: "off" },
  { mode: null, fence: "transaction", prepared: "on" },
  { mode: "session", fence: "transaction", prepared: "on" },
  { mode: "transaction", fence: "transaction", prepared: "on" },
  { mode: "transaction", fence: "transaction", prepared: "off" },
  ...(flags.keeping === undefined
    ? []
    : [
        {
          mode: "transaction",
          fence: "transaction",
          prepared: "on",
          pooler: flags.keeping,
        } as const,
      ]),
];
const titleOf = ({ mode, fence, prepared }: Side): string =>
  `${mode === null ? "no pooler" : `${mode} mode`}, FENCE=${fence}, PREPARED_STATEMENTS=${prepared}`;

const closers: (() => unknown)[] = [];

async function startSide(databaseUrl: string, side: Side): Promise<GatewayProcess> {
  let url = databaseUrl;
  if (side.mode !== null && executable !== null) {
    const pooler = await startPgBouncer({
      executable: side.pooler ?? executable,
      databaseUrl,
      mode: side.mode,
      size: 10,
      settings: side.pooler === undefined ? [] : ["max_prepared_statements = 200"],
    });
    closers.push(() => pooler.stop());
    ({ url } = pooler);
  }
  const env = { ...quotas, FENCE: side.fence, PREPARED_STATEMENTS: side.prepared };
  const gateway = await startGatewayProcess(url, undefined, env);
  closers.push(() => gateway.stop());
  return gateway;
}

try {
  const cluster = await startThrowaway({ settings: ["autovacuum=off"] });
  closers.push(() => cluster.stop());
  const world = await makeWorld(cluster.url, Number(flags.accounts));
  const started: GatewayProcess[] = [];
  for (const side of sides) started.push(await startSide(cluster.url, side));
  const load = startLoadGenerator();
  closers.push(() => load.stop());
  const find = (): Promise<string> => Promise.resolve("");
  for (const { title, asks } of await makeWorkloads(world, ["W1", "W4"], "plain", [], find)) {
    const requests = asks("gateway").flatMap((ask) => requestOf("gateway", ask) ?? []);
    const [first] = requests;
    if (first === undefined) throw new Error(`${title} has no requests`);
    const answers = await Promise.all(started.map((process) => askOnce(process, first)));
    // Behind the data stand the quotas.
    const data = new Set(answers.map((text) => text.split(',"extensions":')[0]));
    if (data.size > 1) throw new Error(`${title}: the answers differ`);
    const ports = started.map(({ port }) => port);
    const asked = { title, load, requests, connections };
    const speeds = await speedsInTurn(asked, ports, { rounds, seconds });
    console.log(
      `${title}, ${connections} connections: requests a second, of the first, of session mode`,
    );
    const sessionMode = sides.findIndex(({ mode }) => mode === "session");
    for (const [index, side] of sides.entries()) {
      const own = speeds[index] ?? [];
      const ratios = [0, sessionMode].map((other) =>
        range(own.map((speed, round) => speed / (speeds[other]?.[round] ?? 0))),
      );
      const speed = String(Math.round(median(own))).padStart(6);
      console.log(`  ${titleOf(side).padEnd(62)} ${speed} ${ratios.join(" ")}`);
    }
  }
} finally {
  for (const close of closers.toReversed()) await close();
}
