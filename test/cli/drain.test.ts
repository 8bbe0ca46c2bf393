import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage, type Server } from "node:http";
import { connect } from "node:net";
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
  let finish = (): void => undefined;
  server = createServer((request, response) => {
    finish = () => void response.end("done");
    if (request.url !== "/slow") finish();
  });
  // They would stay open for good.
  server.keepAliveTimeout = 0;
  await listen(server, "127.0.0.1", 0);
  await Promise.all([ask("/"), ask("/"), ask("/")]);
  const arrived = once(server, "request");
  const slow = ask("/slow");
  await arrived;
  const drained = drain(server, never);
  await expect(ask("/")).rejects.toThrow();
  finish();
  expect(await slow).toBe("done");
  await drained;
});

test("draining does not wait for a connection on which nothing was ever sent", async () => {
  let finish = (): void => undefined;
  server = createServer((_, response) => {
    finish = () => void response.end("done");
  });
  await listen(server, "127.0.0.1", 0);
  const accepted = once(server, "connection");
  const silent = connect(portOf(server), "127.0.0.1");
  await accepted;
  const arrived = once(server, "request");
  const slow = ask("/slow");
  await arrived;
  const drained = drain(server, never);
  await once(silent, "close");
  finish();
  expect(await slow).toBe("done");
  await drained;
});

test("a second signal ends the waiting", async () => {
  server = createServer(() => undefined);
  await listen(server, "127.0.0.1", 0);
  const arrived = once(server, "request");
  const hanging = ask("/");
  await arrived;
  const hurry = new AbortController();
  const drained = drain(server, hurry.signal);
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
