import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to PostgreSQL that a certain statement does not get through. */
export type HoldingRoute = {
  /** The database's URL by this way. */
  readonly url: string;
  /** Once such a statement has come. */
  readonly held: Promise<void>;
  close(): Promise<void>;
};

/** Opens a way on which everything passes but what the first clients, or all, send from a statement with that text on. */
export async function openHoldingRoute(
  databaseUrl: string,
  text: string,
  clients = Infinity,
): Promise<HoldingRoute> {
  const target = new URL(databaseUrl);
  const port = Number(target.port);
  const { hostname } = target;
  const held = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((near) => {
    const far = connect(port, hostname);
    count += 1;
    const isMeant = count <= clients;
    let isHeld = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (chunk: Buffer) => {
      isHeld ||= isMeant && chunk.includes(text);
      if (isHeld) held.resolve();
      else far.write(chunk);
    });
    far.pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  target.hostname = "127.0.0.1";
  target.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: target.href,
    held: held.promise,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
