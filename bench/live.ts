// 0, 1, 100 and 1,000 subscribers of one tenant, and one beside them that never reads: npm run bench:live
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "../src/db/database.ts";
import { migrate } from "../src/db/migrate.ts";
import { createKey } from "../src/modules/api-key/operator.ts";
import { seed } from "../src/seed/seed.ts";
import { startThrowaway } from "../tools/throwaway.ts";
import { startGatewayProcess, type GatewayProcess } from "./gateway-process.ts";

const slug = "bench";
const token = "a-token-of-the-bench-alone-0123456789";
const [writes, pauseMilliseconds, idleMilliseconds] = [30, 100, 5_000];
const subscription =
  "subscription { accountChanged { cursor transition account { id name } event { occurredAt } } }";
const create =
  "mutation ($name: String!) { createAccount(input: { name: $name }) { account { id } userErrors { message } } }";

/** Sends a subscription on a bare socket, so that a thousand of them take little of the machine. */
function subscribe(port: number, key: string): Socket {
  const body = JSON.stringify({ query: subscription });
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${key}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

/** A subscriber that reads. Resolves when its stream is open. */
function follow(port: number, key: string, onEvent: () => void): Promise<Socket> {
  const socket = subscribe(port, key);
  return new Promise((resolve) => {
    socket.on("data", (data) => {
      const text = data.toString("latin1");
      if (text.startsWith("HTTP/1.1 200")) resolve(socket);
      if (text.includes("event: next")) onEvent();
    });
  });
}

/** SQL statements that the gateway has sent. */
async function statements({ port }: GatewayProcess): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text();
  return [...text.matchAll(/^crm_sql_duration_seconds_count\S* (\d+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

function at(values: readonly number[], part: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  return (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(0);
}

async function measure(
  gateway: GatewayProcess,
  keys: readonly string[],
  count: number,
): Promise<void> {
  const [writer = ""] = keys;
  const [answers, events, lasts]: [number[], number[], number[]] = [[], [], []];
  let startedAt = 0;
  let waiting = 0;
  let all = Promise.withResolvers<void>();
  const onEvent = (): void => {
    events.push(performance.now() - startedAt);
    waiting -= 1;
    if (waiting === 0) all.resolve();
  };
  const sockets: Socket[] = [];
  for (let place = 0; place < count; place += 1) {
    sockets.push(await follow(gateway.port, keys[place % keys.length] ?? "", onEvent));
  }
  const deaf = count === 0 ? [] : [subscribe(gateway.port, writer).pause()];
  await sleep(500);
  const idleBefore = await statements(gateway);
  await sleep(idleMilliseconds);
  const idle = ((await statements(gateway)) - idleBefore) / (idleMilliseconds / 1_000);
  const [sentBefore, cpuBefore] = [await statements(gateway), await gateway.cpu()];
  for (let write = 0; write < writes; write += 1) {
    all = Promise.withResolvers();
    waiting = count;
    if (count === 0) all.resolve();
    startedAt = performance.now();
    await gateway.post(writer, create, { name: `Written ${write}` });
    answers.push(performance.now() - startedAt);
    await all.promise;
    lasts.push(performance.now() - startedAt);
    await sleep(pauseMilliseconds);
  }
  const sent = ((await statements(gateway)) - sentBefore) / writes;
  const cpu = ((await gateway.cpu()) - cpuBefore) / writes;
  const memory = (await gateway.memory()) / 1e6;
  for (const socket of [...sockets, ...deaf]) socket.destroy();
  console.log(
    `${count} subscribers, ms from the request: answered ${at(answers, 0.5)}, events median ${at(events, 0.5)} p99 ${at(events, 0.99)}, last one median ${at(lasts, 0.5)}; statements: ${idle.toFixed(1)}/s idle, ${sent.toFixed(1)} for a write and its events; CPU ${cpu.toFixed(1)} ms; memory ${memory.toFixed(0)} MB`,
  );
  await sleep(2_000);
}

const cluster = await startThrowaway();
try {
  await migrate({ url: cluster.url });
  await seed({ url: cluster.url, tenants: 1, accounts: 200, seed: 3, slugs: [slug] });
  const database = openDatabase({ url: cluster.url });
  const keys: string[] = [];
  for (let place = 0; place < 11; place += 1) {
    const options = { tenantSlug: slug, scopes: ["*"], name: `bench ${place}`, env: "test" };
    keys.push((await createKey(database, options)).key);
  }
  await database.close();
  const gateway = await startGatewayProcess(cluster.url, undefined, {
    REQUESTS_PER_MINUTE: "1000000000",
    POINTS_PER_MINUTE: "1000000000",
    METRICS_TOKEN: token,
  });
  for (const count of [0, 1, 100, 1_000]) await measure(gateway, keys, count);
  await gateway.stop();
} finally {
  await cluster.stop();
}
