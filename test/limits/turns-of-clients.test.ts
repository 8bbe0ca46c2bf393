import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { post } from "../support/limits.ts";

let gateway: TestGateway;
let key: string;
let otherKey: string;

beforeAll(async () => {
  gateway = await startGateway({
    logLevel: "silent",
    env: { MAX_IN_FLIGHT: "4", MAX_QUEUED: "100", METRICS_PORT: "0" },
  });
  key = await gateway.keyFor((await gateway.fixtures.tenant("ours")).slug);
  otherKey = await gateway.keyFor((await gateway.fixtures.tenant("theirs")).slug);
});
afterAll(() => gateway.close());

const { hostname, port } = { hostname: "127.0.0.1", port: () => Number(new URL(gateway.url).port) };
const body = JSON.stringify({ query: "{ accounts { totalCount } }" });

function head(credential: string, length: number): string {
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${credential}\r\nContent-Length: ${length}\r\n\r\n`;
}

async function taken(): Promise<number> {
  const text = await (await fetch(gateway.metricsUrl ?? "")).text();
  return Number(/crm_requests_in_flight\{state="taken"\} (\d+)/.exec(text)?.[1]);
}

it("pipelined requests whose sender hangs up leave no turn behind", async () => {
  for (let round = 0; round < 30; round += 1) {
    const made = `x-api-key: crm_test_0190aaaa-0000-7000-8000-${String(round).padStart(12, "0")}_${"a".repeat(48)}`;
    for (const credential of [made, `x-api-key: ${key}`]) {
      const socket = connect(port(), hostname);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write(`${head(credential, body.length)}${body}`.repeat(30), () => {
        socket.resetAndDestroy();
      });
      await sleep(5);
    }
  }
  await vi.waitFor(async () => expect(await taken()).toBe(0), { timeout: 30_000 });
  expect((await post(gateway.url, key, { body })).status).toBe(200);
});

it("who sends slowly keeps nobody from being served, however its credential is spelt", async () => {
  const slow = [
    "x-api-key: ",
    "Authorization: Bearer ",
    "Authorization: bearer  ",
    "authorization: BEARER ",
  ];
  const sockets = Array.from({ length: 12 }, (_, index) => {
    const socket = connect(port(), hostname);
    socket.on("error", () => undefined);
    socket.write(head(`${slow[index % slow.length]}${key}`, 1_000));
    return socket;
  });
  try {
    await vi.waitFor(async () => expect(await taken()).toBe(0), { timeout: 30_000 });
    for (const one of [otherKey, key]) {
      expect((await post(gateway.url, one, { body })).status).toBe(200);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
