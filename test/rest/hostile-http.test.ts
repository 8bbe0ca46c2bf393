import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, sendBytes, sendUnfinished } from "../support/gateway/raw-http.ts";
import {
  isPlainRefusal,
  makeRestWrites,
  restWrites,
  type RestWrites,
} from "../support/rest/hostile-writes.ts";

let gateway: TestGateway;
let writes: RestWrites;
let before: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "error" });
  writes = await makeRestWrites(gateway, "north");
  before = await writes.state();
});
afterAll(() => gateway.close());
describe.each(restWrites)("%s", (write) => {
  const textOf = (): string => JSON.stringify(writes.body(write));
  const expectRefusal = (
    answer: Awaited<ReturnType<typeof send>>,
    status: number,
    message: RegExp,
  ): void => {
    expect([answer.status, answer.body]).toEqual([status, expect.stringMatching(message)]);
    expect(isPlainRefusal(answer)).toBe(true);
  };

  it("that is not UTF-8: 400", async () => {
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const [start, end] = [Buffer.from('{"last_name":"'), Buffer.from('"}')];
      const body = Buffer.concat([start, Buffer.from(bytes), end]);
      expectRefusal(await writes.send(write, { body }), 400, /not valid UTF-8/);
    }
    const utf16 = Buffer.from(textOf(), "utf16le");
    expectRefusal(await writes.send(write, { body: utf16 }), 400, /not valid JSON/);
  });

  it("over 1 MB, at once and in chunks: 413", async () => {
    const large = Buffer.from(JSON.stringify({ last_name: "x".repeat(1_000_000) }));
    expectRefusal(await writes.send(write, { body: large }), 413, /1,000,000 bytes/);
    const chunks = Array.from({ length: 40 }, () => Buffer.alloc(100_000, " "));
    const body = [...chunks, Buffer.from(textOf())];
    expectRefusal(await writes.send(write, { body }), 413, /1,000,000 bytes/);
  });

  it("over 1 MB that goes on after it was refused: 413, and the connection is closed", async () => {
    const chunk = `${(100_000).toString(16)}\r\n${" ".repeat(100_000)}\r\n`;
    const answer = await sendUnfinished(
      gateway.url,
      writes.head(write, ["Transfer-Encoding: chunked"]),
      (socket) => {
        socket.on("drain", () => socket.write(chunk));
        socket.write(chunk.repeat(20));
      },
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each([
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/merge-patch+json",
    "application/jsonp",
    "application/json; charset=iso-8859-1",
    "application/json, text/plain",
    "",
    null,
  ])("of the type %s: 415", async (type) => {
    expectRefusal(await writes.send(write, { type, body: textOf() }), 415, /content-type/);
  });

  it.each(["gzip", "br", "deflate", "GZIP, identity"])("encoded as %s: 415", async (encoding) => {
    const headers = [["content-encoding", encoding]] as const;
    const body = gzipSync(textOf());
    expectRefusal(await writes.send(write, { body, headers }), 415, /content-encoding/);
  });

  it("that ends before its length, or before its last chunk: 400", async () => {
    const body = textOf();
    const length = `Content-Length: ${body.length + 1}`;
    const short = await sendBytes(gateway.url, writes.head(write, [length]) + body);
    expect(short).toMatch(/^HTTP\/1\.1 400 /);
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n`;
    const head = writes.head(write, ["Transfer-Encoding: chunked"]);
    expect(await sendBytes(gateway.url, head + chunk)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("whose client hangs up before it is whole", async () => {
    const body = textOf();
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    await new Promise((resolve) => {
      socket.write(writes.head(write, [`Content-Length: ${body.length + 1}`]) + body, resolve);
    });
    socket.resetAndDestroy();
    await once(socket, "close");
    expect((await send(`${gateway.url}/healthz`, { method: "GET" })).status).toBe(200);
  });

  it("with 20 KB of headers, or 2,500 of them: 431", async () => {
    const body = textOf();
    const length = `Content-Length: ${body.length}`;
    const many = Array.from({ length: 2_500 }, (_, index) => `a: ${index % 10}`);
    for (const headers of [[`X-Large: ${"x".repeat(20_000)}`], many]) {
      const request = writes.head(write, [length, ...headers]) + body;
      expect(await sendBytes(gateway.url, request)).toMatch(/^HTTP\/1\.1 431 /);
    }
  });

  it("with a key twice, the same or another: 401", async () => {
    const other = await gateway.keyFor("north");
    for (const again of [writes.key, other]) {
      const headers = [["x-api-key", again]] as const;
      const answer = await writes.send(write, { body: textOf(), headers });
      expectRefusal(answer, 401, /^\{"error":"Invalid API key( or token)?"\}$/);
    }
  });

  it("with an idempotency key that is none: 400", async () => {
    for (const key of ["", "a\tb", "x".repeat(256), "é"]) {
      const headers = [["idempotency-key", key]] as const;
      expectRefusal(await writes.send(write, { body: textOf(), headers }), 400, /Idempotency-Key/);
    }
  });

  it("with parameters in its query that it does not have: 400", async () => {
    for (const query of [
      "limit=1",
      "__proto__=1",
      "constructor=1",
      "a".repeat(10_000),
      "%00=%FF",
    ]) {
      const request = writes.head(write, ["Connection: close", `Content-Length: 2`]);
      const answer = await sendBytes(
        gateway.url,
        `${request.replace(" HTTP", `?${query} HTTP`)}{}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*Invalid request payload/);
    }
  });
});

describe("a body that comes byte by byte", () => {
  let impatient: TestGateway;

  beforeAll(async () => {
    impatient = await startGateway({ env: { RECEIVE_TIMEOUT: "500ms" } });
  });
  afterAll(() => impatient.close());

  it.each(restWrites)("of %s: 408 in the end, and no write", async (write) => {
    const own = await makeRestWrites(impatient, write.toLowerCase().replace(" ", "-"));
    const kept = await own.state();
    const body = JSON.stringify(own.body(write));
    const answer = await sendUnfinished(
      impatient.url,
      own.head(write, [`Content-Length: ${body.length + 100_000}`]) + body,
      (socket) => {
        const timer = setInterval(() => socket.write(" "), 20);
        socket.once("close", () => clearInterval(timer));
      },
    );
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(await own.state()).toBe(kept);
  });
});

describe("what is hardly HTTP", () => {
  const get = (target: string, host = "localhost") =>
    sendUnfinished(
      gateway.url,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${writes.key}\r\nConnection: close\r\n\r\n`,
    );

  it.each([
    "/api/../graphql",
    "/api/%2e%2e/graphql",
    "/api/v1/crm/accounts/../../../../graphql",
    "//api/v1/crm/accounts",
    "/%61pi/v1/crm/accounts",
    "/api\\v1\\crm\\accounts",
    "http://localhost//api/v1/crm/accounts",
    "http://[/api/v1/crm/accounts",
  ])("the target %s reaches nothing, and the server lives", async (target) => {
    expect(await get(target)).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(await get("http://example.com/api/v1/crm/accounts")).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each(["[", "a b", "a/b", "x:y", "localhost:99999"])("the Host %s: 400", async (host) => {
    const answer = await get("/api/v1/crm/accounts", host);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain("node_modules");
  });

  it("a body of 2 MB to what takes none is not read, and the answer comes", async () => {
    for (const [method, status] of [
      ["GET", 200],
      ["DELETE", 400],
    ] as const) {
      const url = `${gateway.url}/api/v1/crm/accounts${method === "GET" ? "" : "/1"}`;
      const headers = [["x-api-key", writes.key]] as const;
      const answer = await send(url, { method, headers, body: Buffer.alloc(2_000_000, "x") });
      expect([method, answer.status]).toEqual([method, status]);
    }
  });
});

it("nothing of all that was written", async () => {
  expect(await writes.state()).toBe(before);
});
