import { once } from "node:events";
import http, { type RequestListener } from "node:http";
import type { Server, Socket } from "node:net";

const open: Server[] = [];
/** The connections of the servers that are open. */
export const sockets = new Set<Socket>();

/** The port on which a server listens, until `closeServers`. */
export async function listening(made: Server, host = "127.0.0.1", port = 0): Promise<number> {
  open.push(made);
  made.on("connection", (socket: Socket) => sockets.add(socket));
  made.listen(port, host);
  await once(made, "listening");
  const address = made.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** The port of a web server. */
export const serve = (listener: RequestListener, host?: string, port?: number): Promise<number> =>
  listening(http.createServer(listener), host, port);

/** Closes the server that was started last, so that nothing listens on its port. */
export const dropServer = (): void => void open.pop()?.close();

/** Closes all servers and their connections. */
export function closeServers(): void {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const one of open.splice(0)) one.close();
}
