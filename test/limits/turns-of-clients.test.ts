import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";
import { metricOf, untilFree } from "../support/gateway/metrics.ts";

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
  await untilFree(gateway);
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
    await untilFree(gateway);
    for (const one of [otherKey, key]) {
      expect((await post(gateway.url, one, { body })).status).toBe(200);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

it("who does not read the refused rows of an import keeps no turn", async () => {
  const { client } = gateway.fixtures;
  // More than the system holds for a connection.
  const { rows } = await client.query<{ id: string }>(
    `WITH i AS (
       INSERT INTO imports (tenant_id, id, entity, mode, options, header, actor, status, created_by)
       SELECT id, gen_random_uuid(), 'contact', 'create', '{}', '{Note}', '{}', 'done', 'test' FROM tenants WHERE slug = 'ours'
       RETURNING tenant_id, id), r AS (
       INSERT INTO import_refused_rows (tenant_id, import_id, row, cells)
       SELECT tenant_id, id, n, jsonb_build_object('Note', repeat('x', 100000)) FROM i, generate_series(1, 150) n)
     SELECT id FROM i`,
  );
  const socket = connect(port(), hostname);
  try {
    socket.write(
      `GET /api/v1/crm/imports/imp-${rows[0]?.id}/errors.csv HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${key}\r\n\r\n`,
    );
    const [start] = await once(socket, "data");
    socket.pause();
    expect(String(start)).toMatch(/^HTTP\/1\.1 200 /);
    await untilFree(gateway);
    expect(socket.destroyed).toBe(false);
  } finally {
    socket.destroy();
  }
});

it.each([
  ["GET", "/api/v1/crm/nothing", 404],
  ["PUT", "/api/v1/crm/contacts", 405],
])("a made-up key is no known caller after %s %s: %i", async (method, path, status) => {
  const crowded = await startGateway({
    logLevel: "silent",
    env: { MAX_IN_FLIGHT: "4", MAX_QUEUED: "8", METRICS_PORT: "0" },
  });
  const { client } = crowded.fixtures;
  const known = [
    await crowded.keyFor((await crowded.fixtures.tenant("first")).slug),
    await crowded.keyFor((await crowded.fixtures.tenant("second")).slug),
  ];
  const madeUp = ["crm_test_made-up-1", "crm_test_made-up-2"];
  const inFlight = (state: string): Promise<number> =>
    metricOf(crowded, `crm_requests_in_flight{state="${state}"}`);
  const sockets: Socket[] = [];
  const sendEach = (credentials: readonly string[], times: number): void => {
    for (const credential of Array.from({ length: times }, () => credentials).flat()) {
      const socket = connect(Number(new URL(crowded.url).port), hostname);
      socket.on("error", () => undefined);
      socket.write(head(`x-api-key: ${credential}`, body.length) + body);
      sockets.push(socket);
    }
  };
  try {
    for (const credential of known) await post(crowded.url, credential);
    for (const credential of madeUp) {
      const headers = { "x-api-key": credential };
      expect((await fetch(new URL(path, crowded.url), { method, headers })).status).toBe(status);
    }
    await client.query("BEGIN; LOCK TABLE accounts");
    sendEach(known, 2);
    await vi.waitFor(async () => expect(await inFlight("taken")).toBe(4), { timeout: 30_000 });
    // All of them have one line, of at most three quarters of the places.
    const refused = new Promise((resolve) => {
      sendEach(madeUp, 4);
      let count = 0;
      for (const socket of sockets.slice(4)) {
        socket.once("data", () => {
          count += 1;
          if (count === 2) resolve(count);
        });
      }
    });
    await refused;
    expect(await inFlight("waiting")).toBe(6);
  } finally {
    for (const socket of sockets) socket.destroy();
    await client.query("ROLLBACK");
    await crowded.close();
  }
});
