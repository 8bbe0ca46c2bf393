import { Agent, createServer, get, type IncomingMessage, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { checkAddress, drain, listen, portOf } from "../../src/cli/http.ts";

const never = new AbortController().signal;
let server: Server;
const agent = new Agent({ keepAlive: true, maxSockets: 10 });

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(path: string): Promise<string> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ port: portOf(server), host: "127.0.0.1", path, agent }, resolve).on("error", reject);
  });
  return text(response);
}

test("draining finishes what runs, takes nothing new and does not wait for idle connections", async () => {
  server = createServer((request, response) => {
    void sleep(request.url === "/slow" ? 400 : 0).then(() => response.end("done"));
  });
  await listen(server, "127.0.0.1", 0);
  await Promise.all([ask("/"), ask("/"), ask("/")]);
  const slow = ask("/slow");
  await sleep(100);
  const drained = drain(server, never);
  await sleep(50);
  await expect(ask("/")).rejects.toThrow();
  const started = performance.now();
  expect(await slow).toBe("done");
  await drained;
  expect(performance.now() - started).toBeLessThan(2_000);
});

test("a second signal ends the waiting", async () => {
  server = createServer(() => undefined);
  await listen(server, "127.0.0.1", 0);
  const hanging = ask("/");
  await sleep(50);
  const hurry = new AbortController();
  const drained = drain(server, hurry.signal);
  await sleep(50);
  hurry.abort();
  await expect(hanging).rejects.toThrow();
  await drained;
});

test("an address can be checked without keeping it", async () => {
  server = createServer(() => undefined);
  await listen(server, "127.0.0.1", 0);
  const port = portOf(server);
  await expect(checkAddress("127.0.0.1", port)).rejects.toThrow(/is taken/);
  server.close();
  await checkAddress("127.0.0.1", port);
});
