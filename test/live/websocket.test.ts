import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Client } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { firstOf as first, openSocket } from "../support/live/web-socket.ts";
import { shortToken, tokenSettings } from "../support/live/short-token.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { metricOf } from "../support/gateway/metrics.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let accounts: RowWriter;
let url: string;
const clients: Client[] = [];

beforeAll(async () => {
  started = await startTenant("ours", {
    logLevel: "silent",
    env: {
      CORS_ORIGINS: "https://app.example",
      MAX_CONNECTIONS: "500",
      METRICS_PORT: "0",
      ...tokenSettings,
    },
  });
  accounts = new RowWriter(started.gateway, started.key, "accounts");
  url = `${started.gateway.url.replace("http", "ws")}/graphql`;
});
afterAll(async () => {
  for (const client of clients) await client.dispose();
  await started.gateway.close();
});

function connect(connectionParams: Readonly<Record<string, unknown>>, retryAttempts = 0): Client {
  const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts });
  clients.push(client);
  return client;
}

const raw = (headers?: Readonly<Record<string, string>>, protocols?: readonly string[]) =>
  openSocket(url, headers, protocols);
const init = (key = started.key) => ({ type: "connection_init", payload: { "x-api-key": key } });
const openStreams = () => metricOf(started.gateway, "crm_streams");
const changes = "subscription { accountChanged { transition account { name } } }";

describe("GraphQL over WebSocket", () => {
  it("gives the events of a subscription", async () => {
    const events = connect({ "x-api-key": started.key }).iterate({ query: changes });
    const next = events.next();
    const event = { accountChanged: { transition: "entered", account: { name: "Acme" } } };
    let told: unknown = null;
    void next.then(({ value }) => (told = value?.data));
    while (told === null) {
      await accounts.made({ name: "Acme" });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(told).toEqual(event);
    await events.return?.();
  });

  it("answers queries and mutations as POST does, exact numbers too", async () => {
    const client = connect({ Authorization: `Bearer ${started.key}` });
    const value = "12345678901234567890.123456789";
    const socket = raw();
    await socket.opened;
    socket.send(init());
    await socket.next(1);
    const query = `mutation ($fields: JSON) { createAccount(input: { name: "Exact", custom_fields: $fields }) { account { customFields } userErrors { message } } }`;
    const payload = JSON.stringify({ query, variables: { fields: {} } }).replace(
      `"fields":{}`,
      `"fields":{"n":${value}}`,
    );
    socket.send(`{"id":"1","type":"subscribe","payload":${payload}}`);
    await socket.next(2);
    const sent = JSON.stringify(socket.messages[1]);
    expect(sent).toContain('"userErrors":[]');
    expect(
      await first(client, `{ accounts(where: { name: { eq: "Exact" } }) { totalCount } }`),
    ).toEqual({ accounts: { totalCount: 1 } });
    const text = await (
      await fetch(`${started.gateway.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": started.key },
        body: JSON.stringify({
          query: `{ accounts(where: { name: { eq: "Exact" } }) { nodes { customFields } } }`,
        }),
      })
    ).text();
    expect(text).toContain(value);
    socket.socket.close();
  });

  it("gives answers of any length, and goes on when their client does not wait for them", async () => {
    const description = "x".repeat(9_000);
    const id = await accounts.made({ name: "Long", description });
    const fields = Array.from(
      { length: 20 },
      (_, at) => `a${at}: account(id: $id) { description }`,
    );
    const query = `query ($id: ID!) { ${fields.join(" ")} }`;
    const client = connect({ "x-api-key": started.key });
    const found = Object.values(Object(await first(client, query, { id })));
    expect(found).toEqual(Array.from({ length: 20 }, () => ({ description })));
    for (const isCut of [false, true]) {
      const socket = raw();
      await socket.opened;
      socket.send(init());
      await socket.next(1);
      socket.send({ type: "subscribe", id: "1", payload: { query, variables: { id } } });
      if (isCut) socket.socket.terminate();
      else socket.send({ type: "complete", id: "1" });
      socket.socket.close();
      await socket.closed;
    }
    expect(await first(client, "{ __typename }")).toEqual({ __typename: "Query" });
  });

  it("tells what is wrong with an operation, and goes on", async () => {
    const client = connect({ "x-api-key": started.key });
    for (const [query, code] of [
      ["{ nothing }", "BAD_USER_INPUT"],
      ["subscription { changes { cursor } accountChanged { cursor } }", "BAD_USER_INPUT"],
      [`subscription { changes(after: "x") { cursor } }`, "BAD_USER_INPUT"],
      ["", "BAD_USER_INPUT"],
    ] as const) {
      expect(await first(client, query)).toMatchObject([{ extensions: { code } }]);
    }
    const poor = connect({ "x-api-key": await started.gateway.keyFor("ours", ["read:deals"]) });
    expect(await first(poor, changes)).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
    expect(await first(poor, "{ deals { totalCount } }")).toEqual({ deals: { totalCount: 0 } });
  });

  it("resumes behind a cursor, and comes again by itself when the server stops", async () => {
    const other = await startTenant("theirs", { logLevel: "silent" });
    const made = new RowWriter(other.gateway, other.key, "accounts");
    await made.made({ name: "First" });
    const codes: unknown[] = [];
    const client = createClient({
      url: `${other.gateway.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { "x-api-key": other.key },
      retryAttempts: 1,
      retryWait: () => Promise.resolve(),
      on: {
        closed: (event) => codes.push(event instanceof Object && "code" in event && event.code),
      },
    });
    const query = `subscription ($after: String) { accountChanged(after: $after) { cursor account { name } } }`;
    const { cursorAt } = await import("../../src/changes/position.ts");
    const events = client.iterate({ query, variables: { after: cursorAt("0") } });
    expect((await events.next()).value).toMatchObject({
      data: { accountChanged: { account: { name: "First" } } },
    });
    other.gateway.endStreams();
    // It tries again, and finds that the server stops: 503 instead of a WebSocket.
    await expect(events.next()).rejects.toBeDefined();
    expect(codes[0]).toBe(1012);
    await client.dispose();
    await other.gateway.close();
  });
});

// Side by side, since each waits until a credential is looked at again, or is not there in time.
describe.concurrent("what ends a WebSocket", () => {
  let revoked: string;
  let narrowed: string;
  beforeAll(async () => {
    revoked = await started.gateway.keyFor("ours");
    narrowed = await started.gateway.keyFor("ours", ["read:accounts", "read:deals"]);
  });

  /** By the database's owner, as another process does it. */
  const change = (key: string, set: string) =>
    started.gateway.database.asOwner((client) =>
      client.query(`UPDATE api_keys SET ${set} WHERE id = $1`, [key.split("_")[2]]),
    );

  it("is closed when it never says who it is", async () => {
    expect(await raw().closed).toBe(4408);
  });

  it("ends with 4401 when its key is revoked", async () => {
    const socket = raw();
    await socket.opened;
    socket.send(init(revoked));
    await socket.next(1);
    socket.send({ id: "1", type: "subscribe", payload: { query: changes } });
    await change(revoked, "revoked_at = now()");
    expect(await socket.closed).toBe(4401);
  });

  it("ends with 4401 when its token expires", async () => {
    /** The code that it closes with; null if the token expired before it was taken, as on a busy machine. */
    const closing = async (seconds: number): Promise<number | null> => {
      const socket = raw();
      await socket.opened;
      const authorization = `Bearer ${await shortToken(started.tenant.id, seconds)}`;
      socket.send({ type: "connection_init", payload: { authorization } });
      const answer = await Promise.race([socket.next(1), socket.closed]);
      if (answer === 4401) return null;
      expect(answer).toEqual({ type: "connection_ack" });
      socket.send({ id: "1", type: "subscribe", payload: { query: changes } });
      return socket.closed;
    };
    expect((await closing(4)) ?? (await closing(30))).toBe(4401);
  });

  it("ends an operation whose scope its key has no longer, and goes on", async () => {
    const socket = raw();
    await socket.opened;
    socket.send(init(narrowed));
    await socket.next(1);
    socket.send({ id: "1", type: "subscribe", payload: { query: changes } });
    await change(narrowed, "scopes = '{read:deals}'");
    expect(await socket.next(2)).toMatchObject({
      id: "1",
      type: "error",
      payload: [{ extensions: { code: "FORBIDDEN", missingScopes: ["read:accounts"] } }],
    });
    socket.send({ id: "2", type: "subscribe", payload: { query: "{ deals { totalCount } }" } });
    expect(await socket.next(3)).toMatchObject({ id: "2", type: "next" });
    socket.socket.close();
  });
});

describe("a WebSocket that is not as it should be", () => {
  it.each([
    ["no credential", { type: "connection_init" }, 4401],
    ["an unknown key", { type: "connection_init", payload: { "x-api-key": "crm_test_no" } }, 4401],
    [
      "a credential that is no text",
      { type: "connection_init", payload: { "x-api-key": 1 } },
      4401,
    ],
    ["no init", { id: "1", type: "subscribe", payload: { query: "{ a }" } }, 4401],
    ["no JSON", "{", 4400],
    ["no known message", { type: "start", id: "1" }, 4400],
    ["deep nesting", `{"type":"ping","payload":${"[".repeat(100_000)}`, 4400],
    ["a giant frame", "x".repeat(1_100_000), 1009],
  ])("is closed: %s", async (_name, message, code) => {
    const socket = raw();
    await socket.opened;
    socket.send(message);
    expect(await socket.closed).toBe(code);
  });

  it("is one of a tenth of all connections at most, while it has not said who it is", async () => {
    const strangers = Array.from({ length: 50 }, () => raw());
    await Promise.all(strangers.map(({ opened }) => opened));
    const more = raw();
    const [, response]: { statusCode?: number }[] = await once(more.socket, "unexpected-response");
    expect(response?.statusCode).toBe(503);
    // Those who have a credential are served meanwhile, and the others' time runs out.
    expect((await fetch(`${started.gateway.url}/healthz`)).status).toBe(200);
    expect(new Set(await Promise.all(strangers.map(({ closed }) => closed)))).toEqual(
      new Set([4408]),
    );
    const again = raw();
    await again.opened;
    again.socket.close();
  });

  it("is closed when it inits twice, or subscribes twice under one id", async () => {
    const twice = raw();
    await twice.opened;
    twice.send(init());
    twice.send(init());
    expect(await twice.closed).toBe(4429);
    const same = raw();
    await same.opened;
    same.send(init());
    await same.next(1);
    for (let count = 0; count < 2; count += 1) {
      same.send({ id: "1", type: "subscribe", payload: { query: changes } });
    }
    expect(await same.closed).toBe(4409);
  });

  it("gives the events of the second operation alone when the first of its id was ended before it had opened", async () => {
    const socket = raw();
    await socket.opened;
    socket.send(init(await started.gateway.keyFor("ours")));
    await socket.next(1);
    const named = (alias: string) => ({
      id: "1",
      type: "subscribe",
      payload: { query: `subscription { accountChanged { ${alias}: cursor } }` },
    });
    // The first neither answers nor lives on: its end would end the second as well.
    for (const message of [named("first"), { id: "1", type: "complete" }, named("second")]) {
      socket.send(message);
    }
    // Nobody is told when it has opened: what is written before is not for it.
    while (socket.messages.length < 4) await accounts.made({ name: "For the second" });
    for (const message of socket.messages.slice(1)) {
      expect(message).toMatchObject({
        id: "1",
        type: "next",
        payload: { data: { accountChanged: { second: expect.any(String) } } },
      });
    }
    await expect.poll(openStreams).toBe(1);
    socket.send({ id: "1", type: "complete" });
    await expect.poll(openStreams).toBe(0);
    socket.socket.close();
  });

  it("is closed when it names no protocol", async () => {
    expect(await raw({}, []).closed).toBe(4406);
  });

  it("does not open for a page of another origin, and opens for those that are allowed", async () => {
    const foreign = raw({ origin: "https://evil.example" });
    const [, response]: { statusCode?: number }[] = await once(
      foreign.socket,
      "unexpected-response",
    );
    expect(response?.statusCode).toBe(403);
    for (const origin of ["https://app.example", started.gateway.url]) {
      const own = raw({ origin });
      await own.opened;
      own.socket.close();
    }
  });

  it("is another path's business, and so is another upgrade", async () => {
    const socket = new WebSocket(`${url}/other`, "graphql-transport-ws");
    socket.on("error", () => undefined);
    const [, response]: { statusCode?: number }[] = await once(socket, "unexpected-response");
    expect(response?.statusCode).toBe(404);
    const { request } = await import("node:http");
    const status = await new Promise((resolve) => {
      request(
        `${started.gateway.url}/healthz`,
        { headers: { connection: "upgrade", upgrade: "h2c" } },
        (answer) => resolve(answer.statusCode),
      ).end();
    });
    expect(status).toBe(200);
  });

  it("leaves no stream behind when it is cut while one is opened", async () => {
    const key = await started.gateway.keyFor("ours");
    // As many streams in all as the credential may have open, and as many again.
    for (let round = 0; round < 20; round += 1) {
      const cut = raw();
      await cut.opened;
      cut.send(init(key));
      await cut.next(1);
      for (let id = 0; id < 10; id += 1) {
        cut.send({ id: String(id), type: "subscribe", payload: { query: changes } });
      }
      // The end comes right behind the messages.
      await new Promise((resolve) => cut.socket.send(JSON.stringify({ type: "ping" }), resolve));
      cut.socket.terminate();
      await cut.closed;
    }
    await expect.poll(openStreams).toBe(0);
  });

  it("takes no more operations at once than it may", async () => {
    const socket = raw();
    await socket.opened;
    socket.send(init(await started.gateway.keyFor("ours")));
    await socket.next(1);
    for (let id = 0; id < 101; id += 1) {
      socket.send({ id: String(id), type: "subscribe", payload: { query: changes } });
    }
    const refusal = await socket.next(2);
    expect(refusal).toMatchObject({
      type: "error",
      payload: [{ extensions: { code: "RATE_LIMITED" } }],
    });
    socket.socket.close();
  });
});

describe("a gateway that runs the operations of a manifest alone", () => {
  it("runs a listed subscription, by its id, and no other one", async () => {
    const folder = await mkdtemp(join(tmpdir(), "manifest-"));
    const path = join(folder, "operations.json");
    const query = "subscription ($after: String) { changes(after: $after) { cursor } }";
    await writeFile(path, JSON.stringify({ listed: query }));
    const env = { OPERATIONS: path, INTROSPECTION: "off" };
    const other = await startTenant("listed", { logLevel: "silent", env });
    const client = createClient({
      url: `${other.gateway.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { "x-api-key": other.key },
      retryAttempts: 0,
    });
    try {
      // It runs, since it complains of the cursor.
      const named = { query: "", documentId: "listed", variables: { after: "x" } };
      const complaint = [{ message: expect.stringContaining("after: not a cursor") }];
      await expect(client.iterate(named).next()).rejects.toMatchObject(complaint);
      const unlisted = { query: "subscription { changes { cursor node { id } } }" };
      const refusal = [{ message: expect.stringContaining("operations of its manifest") }];
      await expect(client.iterate(unlisted).next()).rejects.toMatchObject(refusal);
      const stream = await EventStream.open(other.gateway.url, other.key, { query });
      expect(stream.status).toBe(200);
      await stream.close();
    } finally {
      await client.dispose();
      await other.gateway.close();
      await rm(folder, { recursive: true });
    }
  });
});
