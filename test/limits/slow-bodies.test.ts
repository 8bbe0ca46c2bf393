import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";
import { metricOf } from "../support/gateway/metrics.ts";

let gateway: TestGateway;
let key: string;
let secondKey: string;
let otherKey: string;

/** A tenant may hold three quarters of it. */
const most = 6_000_000;
const length = 1_000_000;

beforeAll(async () => {
  gateway = await startGateway({
    logLevel: "silent",
    env: { MAX_UNREAD_BYTES: String(most), METRICS_PORT: "0" },
  });
  const { slug } = await gateway.fixtures.tenant("slow");
  [key, secondKey] = [await gateway.keyFor(slug), await gateway.keyFor(slug)];
  otherKey = await gateway.keyFor((await gateway.fixtures.tenant("quick")).slug);
  for (const known of [key, secondKey, otherKey]) await post(gateway.url, known);
});
afterAll(() => gateway.close());

const filled = (head: string): string => `${head}${" ".repeat(length - head.length - 1)}}`;
const faces = {
  GraphQL: { path: "/graphql", body: filled(`{"query": "{ __typename }"`), status: 200 },
  REST: { path: "/api/v1/crm/contacts", body: filled(`{"last_name": "Slow"`), status: 201 },
};

/** A client that sends all of a body but its last byte. */
function start(path: string, body: string, credential: string) {
  const { hostname, port } = new URL(gateway.url);
  const socket: Socket = connect(Number(port), hostname);
  let text = "";
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => (text += chunk.toString()));
  const closed = once(socket, "close");
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${credential}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  socket.write(body.slice(0, -1));
  return { socket, read: () => text, closed };
}

const held = () => metricOf(gateway, "crm_unread_bytes");

describe.each(Object.entries(faces))("bodies over %s whose end does not come", (_name, face) => {
  const { path, body, status } = face;

  it("are bounded; the excess is 503 and closed, the rest is taken, others are served", async () => {
    const clients = Array.from({ length: 12 }, (_, index) =>
      start(path, body, index % 2 === 0 ? key : secondKey),
    );
    const refused = () => clients.filter(({ read }) => read() !== "");
    // 4,500,000 bytes have room.
    await vi.waitFor(() => expect(refused().length).toBeGreaterThanOrEqual(8), { timeout: 30_000 });
    for (const { read } of refused()) {
      expect(read()).toMatch(/^HTTP\/1\.1 503 /);
      expect(read()).toMatch(/\r\nretry-after: 1\r\n/i);
      expect(read()).toMatch(/\r\nconnection: close\r\n/i);
    }
    expect(await held()).toBeLessThanOrEqual((3 / 4) * most);
    const other = start(path, body, otherKey);
    other.socket.write(body.slice(-1));
    await vi.waitFor(() => expect(other.read()).toMatch(`HTTP/1.1 ${status} `), {
      timeout: 30_000,
    });
    other.socket.destroy();
    for (const { socket } of clients) socket.destroy();
    await Promise.all(clients.map(({ closed }) => closed));
    await vi.waitFor(async () => expect(await held()).toBe(0), { timeout: 30_000 });
  });

  it("are counted, and taken when it comes", async () => {
    const { socket, read } = start(path, body, key);
    await vi.waitFor(async () => expect(await held()).toBe(length - 1), { timeout: 30_000 });
    socket.write(body.slice(-1));
    await vi.waitFor(() => expect(read()).toMatch(`HTTP/1.1 ${status} `), { timeout: 30_000 });
    await vi.waitFor(async () => expect(await held()).toBe(0), { timeout: 30_000 });
    socket.destroy();
  });
});
