import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A way to a server on which answers get lost. */
export type LossyRoute = {
  /** The server's URL by this way. */
  readonly url: string;
  /** Breaks the connections of the next answers when they come back, so that nobody hears them. */
  lose(answers: number): void;
  /** How many answers came back from the server, lost ones too. */
  answers(): number;
  close(): void;
};

/** Opens one to a server. */
export async function openLossyRoute(serverUrl: string): Promise<LossyRoute> {
  const target = new URL(serverUrl);
  const port = Number(target.port);
  const sockets = new Set<Socket>();
  let [toLose, answers] = [0, 0];
  const server = createServer((near) => {
    const far = connect(port, target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true));
      // What is lost looks like an error to both ends.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on("data", (chunk: Buffer) => {
      if (chunk.toString("latin1").startsWith("HTTP/1.1 ")) answers += 1;
      if (toLose === 0) near.write(chunk);
      else {
        toLose -= 1;
        // Both ways in which a lost peer shows.
        if (toLose % 2 === 0) near.resetAndDestroy();
        else near.destroy();
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  target.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: target.origin,
    lose: (count) => {
      toLose = count;
    },
    answers: () => answers,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
