import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { cursorAt } from "../../src/changes/position.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { casesOf } from "../support/run/run-length.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { metricOf } from "../support/gateway/metrics.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
/** How often a client comes and goes. */
const turns = casesOf(40, 12);
/** How much later each goes than the one before it, in milliseconds. */
const step = 10 / turns;
/** More than the system holds for a connection. */
const [events, characters] = [100, 99_000];
const query = `subscription ($after: String) { activityChanged(after: $after) { activity { description } event { changes { new } } } }`;
const variables = { after: cursorAt("0") };

beforeAll(async () => {
  started = await startTenant("ours", {
    logLevel: "silent",
    compare: false,
    env: { METRICS_PORT: "0" },
  });
  const activities = new RowWriter(started.gateway, started.key, "activities");
  const accounts = new RowWriter(started.gateway, started.key, "accounts");
  const account_id = await accounts.made({ name: "Acme" });
  for (let count = 0; count < events; count += 5) {
    await activities.create(
      Array.from({ length: 5 }, () => ({
        account_id,
        type: "note",
        subject: "Long",
        description: "x".repeat(characters),
      })),
    );
  }
});
afterAll(() => started.gateway.close());

const metric = (name: string) => metricOf(started.gateway, name);

const patience = { timeout: 100_000, interval: 250 };

/** The most bytes that waited for clients, until all streams but some are over. */
async function unreadUntil(streams: number): Promise<number> {
  let most = 0;
  await vi.waitFor(async () => {
    most = Math.max(most, await metric("crm_unread_bytes"));
    expect(await metric("crm_streams")).toBe(streams);
  }, patience);
  return most;
}

describe("clients that never read", () => {
  // Side by side, since each is given its time.
  it("are let go, hold little memory, and slow nobody, over server-sent events and WebSocket", async () => {
    const { hostname, port } = new URL(started.gateway.url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.pause();
    const body = JSON.stringify({ query, variables });
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${started.key}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const webSocket = new WebSocket(
      `${started.gateway.url.replace("http", "ws")}/graphql`,
      "graphql-transport-ws",
    );
    webSocket.on("error", () => undefined);
    await once(webSocket, "open");
    const payload = { "x-api-key": started.key };
    webSocket.send(JSON.stringify({ type: "connection_init", payload }));
    await once(webSocket, "message");
    webSocket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query, variables } }));
    webSocket.pause();
    await vi.waitFor(async () => expect(await metric("crm_streams")).toBe(2), patience);
    const reader = await EventStream.open(started.gateway.url, started.key, { query, variables });
    expect(await reader.data(events)).toHaveLength(events);
    const unread = await unreadUntil(1);
    // An event each, which was read for the other ones as well, and the megabyte that a WebSocket may leave; of 20.
    expect(unread).toBeLessThan(3_000_000);
    const closed = [socket, webSocket].map((one) => once(one, "close"));
    socket.resume();
    webSocket.resume();
    const [, code] = await Promise.all(closed);
    expect(code?.[0]).toBe(1006);
    await reader.close();
    await unreadUntil(0);
  });
});

describe("a client that goes while its subscription opens", () => {
  const short = "subscription { activityChanged { cursor } }";

  it("leaves no stream, over WebSocket", async () => {
    const url = `${started.gateway.url.replace("http", "ws")}/graphql`;
    for (let turn = 0; turn < turns; turn += 1) {
      const socket = new WebSocket(url, "graphql-transport-ws");
      socket.on("error", () => undefined);
      await once(socket, "open");
      const payload = { "x-api-key": started.key };
      socket.send(JSON.stringify({ type: "connection_init", payload }));
      await once(socket, "message");
      for (let id = 0; id < 5; id += 1) {
        socket.send(
          JSON.stringify({ id: String(id), type: "subscribe", payload: { query: short } }),
        );
      }
      setTimeout(() => socket.terminate(), turn * step);
      await once(socket, "close");
    }
    expect(await unreadUntil(0)).toBeLessThan(1_000_000);
  });

  it("leaves none over server-sent events", async () => {
    const { hostname, port } = new URL(started.gateway.url);
    const body = JSON.stringify({ query: short });
    for (let turn = 0; turn < turns; turn += 1) {
      const sockets = Array.from({ length: 5 }, () => {
        const socket = connect(Number(port), hostname);
        socket.on("error", () => undefined);
        socket.write(
          `POST /graphql HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${started.key}\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        return socket;
      });
      setTimeout(() => sockets.forEach((socket) => socket.resetAndDestroy()), turn * step);
      await Promise.all(sockets.map((socket) => once(socket, "close")));
    }
    expect(await unreadUntil(0)).toBeLessThan(1_000_000);
  });
});
