import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpServer } from "../../src/http/http-server.ts";
import { loadConfig } from "../../src/config.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, sendBytes, sendUnfinished } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => gateway.close());

const createAccount = (name: string): string =>
  JSON.stringify({
    query:
      "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }",
    variables: { input: { name } },
  });
/** As many as are in the database, whoever wrote them. */
const accounts = async ({ fixtures }: TestGateway): Promise<number> => {
  const { rows } = await fixtures.client.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM accounts",
  );
  return rows[0]?.count ?? 0;
};
const head = (lines: readonly string[], apiKey = key): string =>
  [
    "POST /graphql HTTP/1.1",
    "Host: localhost",
    `X-Api-Key: ${apiKey}`,
    "Content-Type: application/json",
    ...lines,
    "",
    "",
  ].join("\r\n");

/** One status line, no body, and nothing of how the server works. */
function expectPlain(answer: string, status: string): void {
  const [first, ...rest] = answer.split("\r\n");
  expect(first).toBe(`HTTP/1.1 ${status}`);
  expect(rest.join(" ").replace(/date: \S+ \d+ \w+ \d+ \S+ GMT/i, "")).toMatch(
    /^(connection: close|connection: keep-alive|keep-alive: timeout=65|content-length: 0|transfer-encoding: chunked {2}0|allow: GET, POST| )*$/i,
  );
}

describe("headers", () => {
  it.each([20_000, 300_000])("of %i bytes: 431", async (size) => {
    const large = `X-Large: ${"x".repeat(size)}`;
    expectPlain(
      await sendUnfinished(gateway.url, head([large])),
      "431 Request Header Fields Too Large",
    );
  });

  it.each([201, 2_500])(
    "%i of them, small ones: 431, none is dropped and the rest served",
    async (count) => {
      const many = Array.from({ length: count }, (_, index) => `a: ${index % 10}`);
      const answer = await sendBytes(
        gateway.url,
        `GET /healthz HTTP/1.1\r\nHost: localhost\r\n${many.join("\r\n")}\r\n\r\n`,
      );
      expectPlain(answer, "431 Request Header Fields Too Large");
    },
  );

  it("190 of them are read", async () => {
    const headers = Array.from({ length: 190 }, (_, index) => [`x-${index}`, "a"] as const);
    const { status } = await send(`${gateway.url}/healthz`, { method: "GET", headers });
    expect(status).toBe(200);
  });

  it("after a chunked body count as well: 431, and no write", async () => {
    const body = createAccount("Trailer");
    const answer = await sendUnfinished(
      gateway.url,
      `${head(["Transfer-Encoding: chunked"])}${body.length.toString(16)}\r\n${body}\r\n0\r\nX-Large: ${"x".repeat(100_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(await accounts(gateway)).toBe(0);
  });
});

describe("what does not arrive in time: 408", () => {
  let impatient: TestGateway;
  let itsKey: string;

  beforeAll(async () => {
    impatient = await startGateway({ env: { RECEIVE_TIMEOUT: "500ms" } });
    const { slug } = await impatient.fixtures.tenant("blue-ridge");
    itsKey = await impatient.keyFor(slug);
  });
  afterAll(() => impatient.close());

  it("is 12 s at most for headers, and for a body", () => {
    const { http } = loadConfig({});
    const server = createHttpServer(() => undefined, http);
    expect(server.headersTimeout).toBe(12_000);
    // Bodies are timed one by one, since uploads may last: the tests below.
    expect(server.requestTimeout).toBe(0);
    expect(server.keepAliveTimeout).toBe(65_000);
    expect(server.timeout).toBe(120_000);
    expect(server.maxConnections).toBe(10_000);
  });

  it("no request at all", async () => {
    expectPlain(await sendUnfinished(impatient.url, ""), "408 Request Timeout");
  });

  it("headers that never end", async () => {
    const answer = await sendUnfinished(
      impatient.url,
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    );
    expectPlain(answer, "408 Request Timeout");
  });

  it("headers that come byte by byte", async () => {
    const answer = await sendUnfinished(
      impatient.url,
      "GET /healthz HTTP/1.1\r\nX-A: ",
      (socket) => {
        const timer = setInterval(() => socket.write("a"), 20);
        socket.once("close", () => clearInterval(timer));
      },
    );
    expectPlain(answer, "408 Request Timeout");
  });

  it.each(["Content-Length: 1000", "Transfer-Encoding: chunked"])(
    "a body that stops, %s: no write",
    async (length) => {
      const start = length.startsWith("C") ? "{" : "1\r\n{\r\n";
      expectPlain(
        await sendUnfinished(impatient.url, head([length], itsKey) + start),
        "408 Request Timeout",
      );
      expect(await accounts(impatient)).toBe(0);
    },
  );

  it("a body that comes byte by byte, though the operation is in it already: no write", async () => {
    const body = createAccount("Slow");
    const answer = await sendUnfinished(
      impatient.url,
      head([`Content-Length: ${body.length + 100_000}`], itsKey) + body,
      (socket) => {
        const timer = setInterval(() => socket.write(" "), 20);
        socket.once("close", () => clearInterval(timer));
      },
    );
    expectPlain(answer, "408 Request Timeout");
    expect(await accounts(impatient)).toBe(0);
  });
});

describe("bodies that go on after they were refused", () => {
  const chunk = `${(100_000).toString(16)}\r\n${" ".repeat(100_000)}\r\n`;
  const goOn = (socket: Socket): void => {
    socket.on("drain", () => socket.write(chunk));
    socket.write(chunk.repeat(20));
  };

  it("over 1 MB: 413, and the connection is closed", async () => {
    const answer = await sendUnfinished(gateway.url, head(["Transfer-Encoding: chunked"]), goOn);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("without a credential: 401, and the connection is closed", async () => {
    const request = head(["Transfer-Encoding: chunked"], "none");
    expect(await sendUnfinished(gateway.url, request, goOn)).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe("bodies that are not whole: 400 and no write", () => {
  it("the sender ends before the length it gave", async () => {
    const body = createAccount("Truncated");
    const answer = await sendBytes(
      gateway.url,
      head([`Content-Length: ${body.length + 1}`]) + body,
    );
    expectPlain(answer, "400 Bad Request");
    expect(await accounts(gateway)).toBe(0);
  });

  it("the sender ends before the last chunk", async () => {
    const body = createAccount("Truncated");
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n`;
    expectPlain(
      await sendBytes(gateway.url, head(["Transfer-Encoding: chunked"]) + chunk),
      "400 Bad Request",
    );
    expect(await accounts(gateway)).toBe(0);
  });

  it("the sender hangs up", async () => {
    const body = createAccount("Gone");
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    await new Promise((resolve) => {
      socket.write(head([`Content-Length: ${body.length + 1}`]) + body, resolve);
    });
    socket.resetAndDestroy();
    await once(socket, "close");
    expect(await accounts(gateway)).toBe(0);
  });
});

describe("bytes that are no HTTP: a plain 400", () => {
  const requests: readonly (readonly [string, string])[] = [
    ["garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
    ["another protocol", "GET /graphql SIP/2.0\r\n\r\n"],
    ["an unknown method", "BREW /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["no Host", "GET /graphql HTTP/1.1\r\n\r\n"],
    [
      "two lengths",
      "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ["a length that is none", "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n{}"],
    [
      "a length and chunks",
      "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "chunks under gzip",
      "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    ],
    [
      "a chunk without a size",
      "POST /graphql HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    ],
    [
      "a header with a control character",
      "GET /graphql HTTP/1.1\r\nHost: a\r\nX-A: \x01\x02\x00\r\n\r\n",
    ],
    ["a folded header", "GET /graphql HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"],
    ["a space before the colon", "GET /graphql HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["lines that end in LF", "GET /graphql HTTP/1.1\nHost: a\nX : b\n\n"],
  ];

  it.each(requests)("%s", async (_name, bytes) => {
    expectPlain(await sendBytes(gateway.url, bytes), "400 Bad Request");
    expect((await send(`${gateway.url}/healthz`, { method: "GET" })).status).toBe(200);
  });

  it("CONNECT: 405, as other methods", async () => {
    const answer = await sendUnfinished(
      gateway.url,
      "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    );
    expectPlain(answer, "405 Method Not Allowed");
  });

  it("an upgrade is not made: the request is answered as it is", async () => {
    const answer = await sendBytes(
      gateway.url,
      "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("connections", () => {
  it("over MAX_CONNECTIONS are closed, and the others served", async () => {
    const small = await startGateway({ env: { MAX_CONNECTIONS: "2" } });
    try {
      const { hostname, port } = new URL(small.url);
      const open = async () => {
        const socket = connect(Number(port), hostname);
        socket.on("error", () => undefined);
        await once(socket, "connect");
        return socket;
      };
      const [first, second] = [await open(), await open()];
      expect(await sendUnfinished(small.url, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("");
      const answered = once(first, "data");
      first.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
      expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 /);
      for (const socket of [first, second]) {
        socket.destroy();
        await once(socket, "close");
      }
      await expect
        .poll(() => sendBytes(small.url, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"))
        .toMatch(/^HTTP\/1\.1 200 /);
    } finally {
      await small.close();
    }
  });

  it("stay open from one request to the next", async () => {
    const get = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    const answers = await sendBytes(gateway.url, get.repeat(3));
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
  });
});
