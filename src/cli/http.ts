import cluster from "node:cluster";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { StartupError } from "../lib/startup-error.ts";

/** So many connections wait to be accepted, if the system allows; what does not fit tries again a second later. */
const backlog = 4_096;
/** How long requests that run may go on after the server was told to stop. */
const drainMilliseconds = 10_000;

/** How long a connection may go on to be silent then: Node takes one on which nothing has come in yet for one at work. */
const silentMilliseconds = 500;
const connections = new WeakMap<Server, Set<Socket>>();

/** Whether several processes can listen on one port, and the system deals the connections out. */
const canReusePort = process.platform === "linux" || process.platform === "freebsd";

/**
 * Listens on `host` and `port` (0: any free one). A worker listens beside the others: by a socket of its own, so that a
 * connection never hangs on another process, or by the primary's where the system has no such sockets.
 *
 * @throws StartupError when the port is taken or the host is not one of this machine's.
 */
export async function listen(server: Server, host: string, port: number): Promise<void> {
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  try {
    const isShared = cluster.isWorker && canReusePort;
    server.listen({ port, host, backlog, exclusive: isShared, reusePort: isShared });
    await once(server, "listening");
  } catch (error) {
    throw new StartupError(explain(error, host, port));
  }
}

/** Fails like {@link listen} would, before anything expensive was done. Gives the port: a free one for 0. */
export async function checkAddress(host: string, port: number): Promise<number> {
  const server = createServer();
  await listen(server, host, port);
  const found = portOf(server);
  server.close();
  await once(server, "close");
  return found;
}

/** The port a server really listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Takes no new work, finishes what runs, at most 10 seconds and not once in a hurry. */
export async function drain(server: Server, hurry: AbortSignal): Promise<void> {
  const closed = once(server, "close");
  // Requests still come on connections that were open: they are answered, and told it is the last.
  server.prependListener("request", (_, response) => response.setHeader("connection", "close"));
  server.close();
  const startedAt = performance.now();
  const timer = setInterval(() => {
    server.closeIdleConnections();
    if (performance.now() - startedAt < silentMilliseconds) return;
    for (const socket of connections.get(server) ?? []) {
      if (socket.bytesRead === 0) socket.destroy();
    }
  }, 50);
  const patience = sleep(drainMilliseconds, undefined, { signal: hurry }).catch(() => undefined);
  await Promise.race([closed, patience]);
  clearInterval(timer);
  server.closeAllConnections();
}

function explain(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is taken: set PORT to another one, or to 0 for any free one`;
    case "EACCES":
      return `Port ${port} may not be used by this user: choose a PORT above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EINVAL":
      return `HOST ${host} is not an address of this machine: use 127.0.0.1, or 0.0.0.0 for all`;
    default:
      return `Cannot listen on ${host}:${port}: ${String(error)}`;
  }
}
