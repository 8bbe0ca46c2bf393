import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listen, portOf } from "../../src/cli/http.ts";
import { loadConfig } from "../../src/config.ts";
import { createHttpServer } from "../../src/http/http-server.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { untilWaiting, waiting } from "../support/database/waiting.ts";
import { limitedKey } from "../support/gateway/limits.ts";
import { sendBytes } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let key: string;
let readOnlyKey: string;
let usedUpKey: string;

beforeAll(async () => {
  gateway = await startGateway({
    logLevel: "silent",
    env: { MAX_IN_FLIGHT: "8", MAX_QUEUED: "8" },
  });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
  readOnlyKey = await gateway.keyFor(slug, ["read:accounts"]);
  usedUpKey = await limitedKey(gateway, slug, 1);
  await sendBytes(gateway.url, request({ body: typename, key: usedUpKey }));
});
afterAll(() => gateway.close());

const typename = JSON.stringify({ query: "{ __typename }" });
const contacts = "/api/v1/crm/contacts";

type Sent = {
  readonly method?: string;
  readonly path?: string;
  readonly key?: string;
  readonly type?: string;
  readonly lines?: readonly string[];
  /** The length that is announced, if it is not that of the body. */
  readonly length?: number;
  readonly body?: string;
};

function request(sent: Sent): string {
  const { method = "POST", path = "/graphql", type = "application/json", lines = [] } = sent;
  const { body = "", length = Buffer.byteLength(body) } = sent;
  return [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    `X-Api-Key: ${sent.key ?? key}`,
    `Content-Type: ${type}`,
    `Content-Length: ${length}`,
    ...lines,
    "",
    body,
  ].join("\r\n");
}

function open(url = gateway.url): {
  readonly socket: Socket;
  read(): string;
  readonly closed: Promise<unknown>;
} {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString();
  });
  const closed = once(socket, "close");
  return { socket, read: () => text, closed };
}

/** The status of each answer in what came. */
function statuses(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
}

describe("an answer before the body is there", () => {
  const early: readonly (readonly [string, number, () => Sent])[] = [
    ["GraphQL, a body over 1 MB", 413, () => ({ length: 2_000_000 })],
    ["GraphQL, no credential", 401, () => ({ key: "none" })],
    ["GraphQL, another organization", 403, () => ({ lines: ["X-Organization-Id: ten-0"] })],
    ["GraphQL, no requests left", 429, () => ({ key: usedUpKey })],
    ["GraphQL, a form", 415, () => ({ type: "text/plain" })],
    ["GraphQL, content-encoding", 415, () => ({ lines: ["Content-Encoding: gzip"] })],
    ["GraphQL, an Accept that nothing meets", 406, () => ({ lines: ["Accept: text/html"] })],
    ["GraphQL, another method", 405, () => ({ method: "PUT" })],
    ...["multipart/mixed", "text/event-stream"].map(
      (type) =>
        [
          `GraphQL, another method, answered as ${type}`,
          405,
          () => ({ method: "PUT", lines: [`Accept: ${type}`] }),
        ] as const,
    ),
    ["REST, a body over 1 MB", 413, () => ({ path: contacts, length: 2_000_000 })],
    ["REST, no credential", 401, () => ({ path: contacts, key: "none" })],
    ["REST, a missing scope", 403, () => ({ path: contacts, key: readOnlyKey })],
    ["REST, no requests left", 429, () => ({ path: contacts, key: usedUpKey })],
    ["REST, a form", 415, () => ({ path: contacts, type: "text/plain" })],
    ["REST, another method", 405, () => ({ path: contacts, method: "PUT" })],
    ["REST, nothing there", 404, () => ({ path: "/api/v1/crm/nothing" })],
    ["nothing there", 404, () => ({ path: "/nothing" })],
    ["a page, another method", 405, () => ({ path: "/docs" })],
    ["the document, another method", 405, () => ({ path: "/openapi.json" })],
    ["the health check, with a body", 200, () => ({ path: "/healthz" })],
    ["a Host that is none", 400, () => ({ lines: ["Host: a b"] })],
    ["too many headers", 431, () => ({ lines: Array.from({ length: 201 }, () => "a: b") })],
    ["an expectation", 417, () => ({ lines: ["Expect: nothing"] })],
    [
      "a coding that is not known",
      400,
      () => ({ lines: ["Transfer-Encoding: gzip, chunked"], length: 0 }),
    ],
  ];

  it.each(early)(
    "%s: %i, says that the connection is closed, and closes it",
    async (_, status, sent) => {
      const { socket, read, closed } = open();
      const head = { length: 100_000, ...sent() };
      const isChunked = head.lines?.some((line) => line.startsWith("Transfer-")) === true;
      const bytes = request(head);
      socket.write(isChunked ? bytes.replace(/Content-Length: \d+\r\n/, "") : bytes);
      socket.write(isChunked ? "5\r\nabc" : "x".repeat(1_000));
      await vi.waitFor(() => expect(statuses(read())).toEqual([status]), { timeout: 60_000 });
      expect(read()).toMatch(/\r\nconnection: close\r\n/i);
      expect(read()).not.toMatch(/keep-alive/i);
      // The rest is read, the next request is not taken, and nothing is reset.
      socket.write("x".repeat(99_000));
      socket.write(request({ path: "/healthz", method: "GET" }));
      expect(await closed).toEqual([false]);
      expect(statuses(read())).toEqual([status]);
    },
  );

  it("that gives no turn: 503, and the connection is closed", async () => {
    const busy = await startGateway({
      logLevel: "silent",
      env: { MAX_IN_FLIGHT: "1", MAX_QUEUED: "1" },
    });
    const { slug } = await busy.fixtures.tenant("busy");
    const itsKey = await busy.keyFor(slug);
    const { client } = busy.fixtures;
    await client.query("BEGIN; LOCK TABLE accounts");
    const body = JSON.stringify({ query: "{ accounts { totalCount } }" });
    const others = Array.from({ length: 3 }, () => open(busy.url));
    try {
      for (const { socket } of others) socket.write(request({ body, key: itsKey }));
      // One has the turn, one stands in line.
      await Promise.any(others.map(({ socket }) => once(socket, "data")));
      const { socket, read, closed } = open(busy.url);
      socket.write(request({ length: 100_000, body: "{", key: itsKey }));
      expect(await closed).toEqual([false]);
      expect(read()).toMatch(/^HTTP\/1\.1 503 [^]*\r\nconnection: close\r\n/i);
    } finally {
      await client.query("ROLLBACK");
      for (const { socket } of others) socket.destroy();
      await busy.close();
    }
  });

  it("leaves the connection open when the body is there", async () => {
    const refused = [
      { body: typename, key: "none" },
      { body: "a=b", type: "text/plain" },
      { body: "{}", path: contacts, key: "none" },
      { body: "{}", path: contacts, method: "PUT" },
      { body: "{}", path: "/nothing" },
      { body: "{}", path: "/docs" },
    ];
    const answers = await sendBytes(
      gateway.url,
      [...refused, { body: typename }].map(request).join(""),
    );
    expect(statuses(answers)).toEqual([401, 415, 401, 405, 404, 405, 200]);
  });
});

describe("a client that ends its side after its requests", () => {
  const named = (name: string): string =>
    request({ body: JSON.stringify({ query: `{ ${name}: accounts { totalCount } }` }) });

  it("gets its answer", async () => {
    const answer = await sendBytes(gateway.url, named("one"));
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*"one":\{"totalCount":0\}/);
  });

  it("gets all its answers, in order, over GraphQL and REST", async () => {
    const list = request({ method: "GET", path: `${contacts}?limit=3` });
    const create = request({ path: contacts, body: JSON.stringify({ last_name: "Half" }) });
    const answers = await sendBytes(
      gateway.url,
      [named("one"), create, named("two"), list, named("three")].join(""),
    );
    expect(statuses(answers)).toEqual([200, 201, 200, 200, 200]);
    const order = ['"one"', '"last_name":"Half"', '"two"', '"pagination"', '"three"'];
    const places = order.map((text) => answers.indexOf(text));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });

  it("gets them before it is told that its last request is none", async () => {
    const cut = named("two").slice(0, -5);
    expect(statuses(await sendBytes(gateway.url, named("one") + cut))).toEqual([200, 400]);
    const garbage = "BREW / HTTP/1.1\r\n\r\n";
    expect(statuses(await sendBytes(gateway.url, named("one") + garbage))).toEqual([200, 400]);
  });

  it("gets an answer that takes long; whether it is still there is asked meanwhile", async () => {
    const { client } = gateway.fixtures;
    await client.query("BEGIN; LOCK TABLE accounts");
    const { socket, read, closed } = open();
    socket.end(named("one"));
    await vi.waitFor(() => expect(statuses(read())).toContain(102), { timeout: 60_000 });
    await client.query("ROLLBACK");
    await closed;
    expect(statuses(read()).at(-1)).toBe(200);
    expect(statuses(read()).filter((status) => status !== 102)).toHaveLength(1);
  });

  it("and has gone has its query cancelled", async () => {
    const { client } = gateway.fixtures;
    await client.query("BEGIN; LOCK TABLE accounts");
    try {
      const { socket, closed } = open();
      socket.write(named("one"));
      await untilWaiting(gateway);
      socket.destroy();
      await closed;
      await expect.poll(() => waiting(gateway)).toBe(0);
    } finally {
      await client.query("ROLLBACK");
    }
  });
});

describe("many requests on one connection", () => {
  it("the 10,000th is answered and told to be the last, and the connection is closed", async () => {
    const server = createHttpServer((_, response) => response.end("x"), loadConfig({}).http);
    await listen(server, "127.0.0.1", 0);
    try {
      const socket = connect(portOf(server), "127.0.0.1");
      const closed = once(socket, "close");
      let answered = 0;
      let last = "";
      const batch = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50);
      socket.on("data", (chunk) => {
        last = chunk.toString();
        answered += statuses(last).length;
        if (answered % 50 === 0) socket.write(batch);
      });
      socket.write(batch);
      expect(await closed).toEqual([false]);
      expect(answered).toBe(10_000);
      expect(last).toMatch(/connection: close[^]*x$/i);
    } finally {
      server.close();
    }
  });

  it("that are sent at once, thousands of them, end it", async () => {
    const { socket, read, closed } = open();
    socket.on("error", () => undefined);
    socket.write(request({ body: typename, key: "none" }).repeat(2_000));
    await closed.catch(() => undefined);
    expect(statuses(read()).length).toBeLessThan(2_000);
    const alive = await sendBytes(gateway.url, request({ path: "/healthz", method: "GET" }));
    expect(statuses(alive)).toEqual([200]);
  });
});

describe("what a client accepts", () => {
  const graphql = "application/graphql-response+json";
  it.each([
    ["application/json;q=0", 406, "application/json"],
    ["*/*;q=0", 406, "application/json"],
    [`${graphql};q=0, application/json;q=0.0`, 406, "application/json"],
    [`application/json;q=0, ${graphql}`, 200, graphql],
    [`application/json;q=0, */*`, 200, graphql],
    [`application/json;q=0.2, ${graphql};q=0.9`, 200, graphql],
    [`application/json;q=0.9, ${graphql};q=0.2`, 200, "application/json"],
    [`${graphql}, application/json;q=0.9`, 200, graphql],
    ["*/*", 200, "application/json"],
  ])("%s: %i, %s", async (accept, status, type) => {
    const answer = await sendBytes(
      gateway.url,
      request({ body: typename, lines: [`Accept: ${accept}`] }),
    );
    expect(statuses(answer)).toEqual([status]);
    expect(answer).toContain(`Content-Type: ${type}; charset=utf-8`);
  });

  it.each([
    ["gzip;q=0", false],
    ["identity", false],
    ["br, gzip;q=0.5", true],
    ["*", true],
  ])("Accept-Encoding: %s", async (accepted, isSmall) => {
    const answer = await sendBytes(
      gateway.url,
      request({ method: "HEAD", path: "/openapi.json", lines: [`Accept-Encoding: ${accepted}`] }),
    );
    expect(/content-encoding: gzip/i.test(answer)).toBe(isSmall);
  });
});
