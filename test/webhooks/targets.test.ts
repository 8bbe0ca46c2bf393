import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createServer } from "node:net";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { StartupError } from "../../src/lib/startup-error.ts";
import { readTarget } from "../../src/webhooks/target/policy.ts";
import { keptBytes, readBytes, Targets } from "../../src/webhooks/target/targets.ts";
import {
  closeServers,
  dropServer,
  listening,
  serve,
  sockets,
} from "../support/webhooks/servers.ts";
import { startDnsServer, type Zone } from "../support/webhooks/dns-server.ts";
import { selfSigned } from "../support/webhooks/self-signed.ts";

type Row = { readonly target: string; readonly steps: string[][] | null; readonly gets: string };

/** The rows of docs/webhook-targets.md. */
const rows: readonly Row[] = readFileSync(
  new URL("../../docs/webhook-targets.md", import.meta.url),
  "utf8",
)
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [, target = "", beside = "", gets = ""] = /^\| `(.+?)`(.*?) \| (.+) \|$/.exec(line) ?? [];
    const [, resolved] = / resolves to (.+)$/.exec(beside) ?? [];
    const steps = resolved?.split(", then ").map((step) => step.split(" and ")) ?? null;
    return { target, steps, gets };
  });

const zone: Zone = new Map(
  rows.flatMap(({ target, steps }) =>
    steps === null ? [] : [[new URL(target).hostname, steps] as const],
  ),
);
const server = await startDnsServer(zone);
const none = { names: [], suffixes: [], networks: [] };
const production = new Targets(
  { isProduction: true, allowHosts: none },
  { resolver: server.resolver },
);
const development = new Targets(
  { isProduction: false, allowHosts: none },
  { resolver: server.resolver },
);

/** Targets in production with the variable set. */
function allowing(hosts: string, isProduction = true): Targets {
  const { allowHosts } = loadConfig({ WEBHOOK_ALLOW_HOSTS: hosts }).webhooks;
  return new Targets({ isProduction, allowHosts }, { resolver: server.resolver });
}

afterEach(closeServers);
afterAll(() => {
  server.stop();
  for (const targets of [production, development]) targets.close();
});

describe("a target, when it is saved", () => {
  test("the table has at least 40 forms", () => {
    expect(rows.length).toBeGreaterThan(80);
  });

  const taken = rows.filter(({ gets }) => gets.startsWith("taken"));
  const refused = rows.filter((row) => !taken.includes(row));
  const rebound = taken.filter(({ steps }) => steps !== null && steps.length > 1);

  test.each(refused)("$target: $gets", async ({ target, gets }) => {
    const said = await production.check(target);
    expect(gets.split(", or ").some((choice) => said?.includes(choice))).toBe(true);
    // It is refused again where it would be connected to.
    const posted = await production.post(target, {}, "{}");
    expect(posted).toHaveProperty("failure", expect.stringMatching(/^Refused: /));
  });

  test.each(taken)("$target: $gets", async ({ target, gets }) => {
    expect(await production.check(target)).toBeNull();
    const [, name = null] = / as (\S+)$/.exec(gets) ?? [];
    const { hostname } = new URL(target);
    expect(name ?? hostname).toBe(hostname);
  });

  // Each was looked up once by the test before.
  test.each(rebound)("$target, when it is connected to: $gets", async ({ target, gets }) => {
    const [, refusal = ""] = / connected to: (.+)$/.exec(gets) ?? [];
    const posted = await production.post(target, {}, "{}");
    expect(posted).toMatchObject({ failure: expect.stringContaining(refusal) });
    expect(refusal).not.toBe("");
  });

  test("http and loopback are taken outside of production, private networks are not", async () => {
    const near = ["http://localhost:3000/hook", "http://127.0.0.1:3000", "https://[::1]:3000"];
    for (const target of near) expect(await development.check(target), target).toBeNull();
    const far = ["http://10.0.0.1", "http://169.254.169.254", "http://[::ffff:127.0.0.1]"];
    for (const target of far) expect(await development.check(target), target).not.toBeNull();
  });

  test("a URL of 2,049 characters is refused", async () => {
    const start = "https://93.184.216.34/";
    expect(await production.check(start.padEnd(2_048, "a"))).toBeNull();
    expect(await production.check(start.padEnd(2_049, "a"))).toMatch(/longer than 2048/);
  });
});

describe("WEBHOOK_ALLOW_HOSTS", () => {
  test.each([
    ["hooks.corp.example", "https://hooks.corp.example/", true],
    ["hooks.corp.example", "https://hooks.corp.example:81/", true],
    ["hooks.corp.example", "https://other.corp.example.internal/", false],
    [".corp.internal", "https://hooks.corp.internal/", true],
    ["*.corp.internal", "https://a.b.corp.internal/", true],
    [".corp.internal", "https://corp.internal/", false],
    [".corp.internal", "https://notcorp.internal/", false],
    ["receiver", "https://receiver/", true],
    ["10.20.0.0/16", "https://10.20.30.40/", true],
    ["10.20.0.0/16", "https://10.21.0.1/", false],
    ["10.20.0.0/16, fd12::/16", "https://[fd12::5]/", true],
    ["10.20.30.40", "https://10.20.30.40/", true],
    ["10.20.30.40", "https://10.20.30.41/", false],
    ["10.0.0.0/8", "https://[::ffff:10.0.0.1]/", false],
    ["hooks.corp.example", "http://hooks.corp.example/", false],
  ])("%s: %s is taken: %s", (hosts, target, isTaken) => {
    const { allowHosts } = loadConfig({ WEBHOOK_ALLOW_HOSTS: hosts }).webhooks;
    expect("url" in readTarget(target, { isProduction: true, allowHosts })).toBe(isTaken);
  });

  test.each(["*", "http://hooks.corp.example", "10.0.0.0/33", "10.0/8", "a b!", "hooks..corp"])(
    "refuses %s",
    (hosts) => {
      expect(() => loadConfig({ WEBHOOK_ALLOW_HOSTS: hosts })).toThrow(StartupError);
    },
  );

  test("a name that is allowed does not lead to a cloud's metadata", async () => {
    zone.set("10.corp.example", [["10.1.1.1"]]);
    zone.set("metadata.corp.example", [["169.254.169.254"]]);
    // By its network, a name need not be allowed itself.
    const targets = allowing("10.0.0.0/8");
    expect(await targets.check("https://10.corp.example/")).toBeNull();
    expect(await targets.check("https://metadata.corp.example/")).toMatch(/link-local/);
  });
});

describe("a request", () => {
  test("arrives as it was given, and its answer is told", async () => {
    const seen: unknown[] = [];
    const port = await serve((request, response) => {
      let text = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (text += chunk));
      request.on("end", () => {
        const { method, url, headers } = request;
        seen.push([method, url, headers["webhook-id"], headers["content-type"], text]);
        response.writeHead(202, { "retry-after": "7" }).end("thanks");
      });
    });
    const url = `http://127.0.0.1:${port}/hook?a=1`;
    const posted = await development.post(url, { "webhook-id": "msg_1" }, '{"ü":1}');
    expect(seen).toEqual([["POST", "/hook?a=1", "msg_1", "application/json", '{"ü":1}']]);
    expect(posted).toMatchObject({ status: 202, body: "thanks", retryAfter: 7_000 });
  });

  test("goes to the address that was checked, with one look-up for a connection", async () => {
    const got: string[] = [];
    const told = (name: string) => (_request: unknown, response: http.ServerResponse) => {
      got.push(name);
      response.end();
    };
    const port = await serve(told("first"));
    await serve(told("second"), "127.0.0.2", port);
    zone.set("moving.example.com", [["127.0.0.1"], ["127.0.0.2"]]);
    const targets = allowing("127.0.0.1", false);
    const url = `http://moving.example.com:${port}/`;
    // Its connection is kept: no second look-up, and no other address.
    for (let time = 0; time < 3; time += 1) {
      expect(await targets.post(url, {}, "{}")).toMatchObject({ status: 200 });
    }
    expect(got).toEqual(["first", "first", "first"]);
    expect(server.asked("moving.example.com")).toBe(1);
    expect(sockets.size).toBe(1);
    targets.close();
  });

  test("does not reach a loopback server that a name leads to on the second look-up", async () => {
    let reached = 0;
    const port = await serve((_request, response) => {
      reached += 1;
      response.end();
    });
    zone.set("turning.example.com", [["93.184.216.34"], ["127.0.0.1"]]);
    const url = `https://turning.example.com:${port}/`;
    expect(await production.check(url)).toBeNull();
    expect(await production.post(url, {}, "{}")).toMatchObject({
      failure: expect.stringContaining("the gateway's own machine"),
    });
    expect([reached, sockets.size]).toEqual([0, 0]);
  });

  test("does not follow redirects", async () => {
    let reached = 0;
    const port = await serve((request, response) => {
      reached += 1;
      if (request.url === "/") response.writeHead(307, { location: "/other" });
      response.end();
    });
    const posted = await development.post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect([posted, reached]).toMatchObject([{ status: 307 }, 1]);
  });

  test("reads 64 KB of an answer that never ends, keeps 1 KB, and lets go of the connection", async () => {
    const closed = Promise.withResolvers<number>();
    const port = await serve((_request, response) => {
      let sent = 0;
      const more = (): void => {
        while (!response.destroyed && response.write("é".repeat(8_192))) sent += 16_384;
        sent += 16_384;
      };
      response.on("drain", more);
      response.on("close", () => closed.resolve(sent));
      more();
    });
    const posted = await development.post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect(posted).toMatchObject({ status: 200, body: "é".repeat(keptBytes / 2) });
    // The kernel's buffers hold some more.
    expect(await closed.promise).toBeLessThan(readBytes + 20_000_000);
  });

  test("cuts no character of the answer in two, and stores no U+0000", async () => {
    const port = await serve((_request, response) => response.end(`\0${"é".repeat(600)}`));
    const posted = await development.post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect(posted).toMatchObject({ body: `\uFFFD${"é".repeat(511)}` });
  });

  test("that the host closes an idle connection on is sent again on a new one", async () => {
    let requests = 0;
    const made = http.createServer((request, response) => {
      requests += 1;
      // The second one comes on the connection of the first, which ends without an answer.
      if (requests === 2) request.socket.destroy();
      else response.end();
    });
    const port = await listening(made);
    const url = `http://127.0.0.1:${port}/`;
    expect(await development.post(url, {}, "{}")).toMatchObject({ status: 200 });
    expect(await development.post(url, {}, "{}")).toMatchObject({ status: 200 });
    expect([requests, sockets.size]).toEqual([3, 2]);
  });

  test.each([
    ["head that never ends", "HTTP/1.1 200 OK\r\n", `a: ${"b".repeat(8_000)}\r\n`],
    ["head of countless lines", "HTTP/1.1 200 OK\r\n", "a: b\r\n".repeat(1_000)],
    ["row of interim answers that never ends", "", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)],
    [
      "trailer that never ends",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
      `a: ${"b".repeat(8_000)}\r\n`,
    ],
    [
      "name of a chunk that never ends",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;a=",
      "b".repeat(8_000),
    ],
  ])("lets go of a host with a %s, long before it is late", async (_name, begin, more) => {
    const closed = Promise.withResolvers<number>();
    const port = await listening(
      createServer((socket) => {
        let sent = 0;
        const send = (): void => {
          while (socket.writable && socket.write(more)) sent += more.length;
          sent += more.length;
        };
        socket.on("error", () => undefined).on("close", () => closed.resolve(sent));
        socket.on("drain", send);
        socket.once("data", () => {
          socket.write(begin);
          send();
        });
      }),
    );
    const posted = await development.post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect(posted).toMatchObject({
      failure: expect.stringMatching(/no HTTP \(HPE_|closed before/),
    });
    // The kernel's buffers hold some more.
    expect(await closed.promise).toBeLessThan(20_000_000);
  });

  test("takes the answer that comes behind interim ones", async () => {
    const port = await serve((_request, response) => {
      response.writeProcessing();
      response.writeContinue();
      response.writeEarlyHints({ link: "</a>; rel=preload" }, () => response.end("done"));
    });
    const posted = await development.post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect(posted).toMatchObject({ status: 200, body: "done" });
  });

  test.each([
    ["never answers", () => undefined],
    ["sends its answer byte by byte", dripping],
    ["sends its headers byte by byte", drippingHead],
    ["sends interim answers alone", interimAlone],
  ])("to a host that %s ends in time", async (_name, listener) => {
    const hurried = new Targets(
      { isProduction: false, allowHosts: none },
      { resolver: server.resolver, requestSeconds: 0.3 },
    );
    const port = await serve(listener);
    const posted = await hurried.post(`http://127.0.0.1:${port}/`, {}, "{}");
    expect(posted).toMatchObject({ failure: "The host gave no whole answer within 0.3 seconds." });
  });

  test("ends when its signal says so, with the signal's reason", async () => {
    const arrived = Promise.withResolvers<void>();
    const port = await serve(() => arrived.resolve());
    const stop = new AbortController();
    const { signal } = stop;
    const posted = development.post(`http://127.0.0.1:${port}/`, {}, "{}", { signal });
    await arrived.promise;
    stop.abort(new Error("the worker stops"));
    await expect(posted).rejects.toThrow("the worker stops");
  });
});

function dripping(_request: http.IncomingMessage, response: http.ServerResponse): void {
  const dropping = setInterval(() => response.write("a"), 20);
  response.on("close", () => clearInterval(dropping));
}

function drippingHead(_request: http.IncomingMessage, { socket }: http.ServerResponse): void {
  socket?.write("HTTP/1.1 200 OK\r\na: ");
  const dropping = setInterval(() => socket?.write("a"), 20);
  socket?.on("close", () => clearInterval(dropping));
}

function interimAlone(_request: http.IncomingMessage, response: http.ServerResponse): void {
  response.writeProcessing();
}

describe("what fails is said in words", () => {
  const failing = async (url: string): Promise<unknown> => {
    const posted = await development.post(url, {}, "{}");
    return "failure" in posted ? posted.failure : posted;
  };

  test("a closed port", async () => {
    const port = await listening(createServer());
    dropServer();
    expect(await failing(`http://127.0.0.1:${port}/`)).toMatch(/^Nothing listens/);
  });

  test("a name that DNS does not know, with all that is told being the name's fault", async () => {
    expect(await failing("http://unknown.example.com/")).toBe("DNS knows no such host.");
  });

  test("a certificate that nobody trusts", async () => {
    let reached = 0;
    const secure = https.createServer(selfSigned, (_request, response) => {
      reached += 1;
      response.end();
    });
    const port = await listening(secure);
    expect(await failing(`https://localhost:${port}/`)).toMatch(
      /signed by itself, and not trusted/,
    );
    expect(reached).toBe(0);
  });

  test.each([
    ["no HTTP", "SSH-2.0-OpenSSH_9.6\r\n", /no HTTP/],
    ["an end in the middle", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", /closed before/],
    ["an upgrade", "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", /closed/],
    ["nothing", "", /closed before/],
    ["headers without end", `HTTP/1.1 200 OK\r\na: ${"b".repeat(40_000)}`, /no HTTP/],
  ])("a host that answers %s", async (_name, text, said) => {
    const port = await listening(
      createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => socket.end(text));
      }),
    );
    expect(await failing(`http://127.0.0.1:${port}/`)).toMatch(said);
  });
});
