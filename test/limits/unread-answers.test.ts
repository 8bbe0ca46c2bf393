import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";
import { casesOf } from "../support/run/run-length.ts";
import { metricOf, untilFree } from "../support/gateway/metrics.ts";

let gateway: TestGateway;
let key: string;
let otherKey: string;

/** One may hold a quarter of it alone. */
const most = 48_000_000;
/** Bytes of an answer, roughly; over REST a description comes under two names. */
const large = 8_000_000;
/** More than this shows that an answer waits: on a slow machine the first is given up before there is a second one. */
const one = large / 2;
const inFlight = 4;
/** Many more answers than may be unread at once. */
const asked = casesOf(30, 5);

beforeAll(async () => {
  gateway = await startGateway({
    logLevel: "silent",
    // Each answer has 8 MB, and comparing takes as long again.
    compare: false,
    env: {
      MAX_IN_FLIGHT: String(inFlight),
      MAX_QUEUED: "1000",
      MAX_UNREAD_BYTES: String(most),
      METRICS_PORT: "0",
    },
  });
  const tenant = await gateway.fixtures.tenant("large");
  const account = await tenant.account({ name: "Large" });
  for (let count = 0; count < 80; count += 1) {
    await tenant.activity(account, { description: "x".repeat(99_000) });
  }
  key = await gateway.keyFor("large");
  otherKey = await gateway.keyFor((await gateway.fixtures.tenant("small")).slug);
  // From now on each has a line of its own.
  for (const known of [key, otherKey]) await post(gateway.url, known);
});
afterAll(() => gateway.close());

const query = "{ activities(first: 80) { nodes { description } } }";
const requests: Readonly<Record<string, () => string>> = {
  GraphQL: () => head("POST /graphql", JSON.stringify({ query })),
  REST: () => head("GET /api/v1/crm/activities?limit=40", ""),
};

function head(line: string, body: string, credential = key): string {
  return `${line} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${credential}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** A client that sends and reads nothing. */
function deaf(bytes: string): { readonly socket: Socket; readonly closed: Promise<unknown> } {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.pause();
  const closed = once(socket, "close");
  socket.write(bytes);
  return { socket, closed };
}

const unread = () => metricOf(gateway, "crm_unread_bytes");

/** Another caller's requests, one after the other, until `isOver`. */
async function others(isOver: () => boolean): Promise<readonly number[]> {
  const statuses: number[] = [];
  while (!isOver() || statuses.length === 0) {
    statuses.push(
      (await post(gateway.url, otherKey, { query: "{ accounts { totalCount } }" })).status,
    );
  }
  return statuses;
}

describe.each(Object.keys(requests))("large answers over %s that nobody reads", (face) => {
  const ask = (): string => requests[face]?.() ?? "";

  it.each([
    ["on many connections", () => Array.from({ length: asked }, () => deaf(ask()))],
    ["pipelined on one connection", () => [deaf(ask().repeat(asked))]],
  ])("%s, are bounded, and keep no other caller waiting", async (_, start) => {
    const clients = start();
    const seen: number[] = [];
    let isOver = false;
    const watching = (async () => {
      while (!isOver) seen.push(await unread());
    })();
    try {
      await vi.waitFor(() => expect(Math.max(...seen)).toBeGreaterThan(one), { timeout: 60_000 });
      // Those who read nothing are closed, and what they held is free again.
      const answers = others(() => isOver);
      await vi.waitFor(async () => expect(await unread()).toBeLessThan(large), { timeout: 60_000 });
      isOver = true;
      expect(new Set(await answers)).toEqual(new Set([200]));
    } finally {
      isOver = true;
      for (const { socket } of clients) socket.destroy();
      await Promise.all([watching, ...clients.map(({ closed }) => closed)]);
    }
    // What was begun while there was room may come on top.
    expect(Math.max(...seen)).toBeLessThan(most / 4 + inFlight * 1.1 * large);
    await vi.waitFor(async () => expect(await unread()).toBe(0), { timeout: 60_000 });
    // While their requests stand in line, others of the key may find it too long.
    await untilFree(gateway);
    expect((await post(gateway.url, key, { query: "{ __typename }" })).status).toBe(200);
  });

  it("and then are, arrive whole", async () => {
    const { socket, closed } = deaf(ask().replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    await vi.waitFor(async () => expect(await unread()).toBeGreaterThan(0), { timeout: 60_000 });
    let bytes = 0;
    let start = "";
    socket.on("data", (chunk) => {
      if (bytes === 0) start = chunk.toString();
      bytes += chunk.length;
    });
    socket.resume();
    await closed;
    const [headers = ""] = start.split("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
    expect(length).toBeGreaterThan(7_900_000);
    expect(bytes).toBe(headers.length + 4 + length);
    await vi.waitFor(async () => expect(await unread()).toBe(0), { timeout: 60_000 });
  });
});

it("a stream of events is counted and bounded too", async () => {
  const body = JSON.stringify({ query });
  const bytes = head("POST /graphql", body).replace(
    "\r\n\r\n",
    "\r\nAccept: text/event-stream\r\n\r\n",
  );
  const clients = Array.from({ length: 12 }, () => deaf(bytes));
  await vi.waitFor(async () => expect(await unread()).toBeGreaterThan(one), { timeout: 60_000 });
  expect((await post(gateway.url, otherKey, { query: "{ __typename }" })).status).toBe(200);
  for (const { socket } of clients) socket.destroy();
  await Promise.all(clients.map(({ closed }) => closed));
  await vi.waitFor(async () => expect(await unread()).toBe(0), { timeout: 60_000 });
});

it("that many keys of one tenant ask for again and again keep no other tenant waiting", async () => {
  const keys: string[] = [];
  while (keys.length < 12) keys.push(await gateway.keyFor("large"));
  for (const known of keys) await post(gateway.url, known);
  const body = JSON.stringify({ query });
  let isOver = false;
  const asking = keys.map(async (own) => {
    while (!isOver) {
      const { socket, closed } = deaf(head("POST /graphql", body, own));
      await Promise.race([closed, vi.waitUntil(() => isOver, { timeout: 120_000 })]);
      socket.destroy();
    }
  });
  const seen: number[] = [];
  try {
    await vi.waitFor(async () => expect(await unread()).toBeGreaterThan(one), { timeout: 60_000 });
    for (let count = 0; count < casesOf(20, 4); count += 1) {
      expect(await others(() => true)).toEqual([200]);
      seen.push(await unread());
    }
  } finally {
    isOver = true;
    await Promise.all(asking);
  }
  expect(Math.max(...seen)).toBeLessThanOrEqual((3 / 4) * most);
  await vi.waitFor(async () => expect(await unread()).toBe(0), { timeout: 60_000 });
});
