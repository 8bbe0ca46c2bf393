// The process of a side. It sends its port to the parent, and ends on "stop", as bench/gateway-process.ts does.
import type { Server } from "node:http";
import { listen, portOf } from "../../../src/cli/http.ts";

export async function serve(server: Server, close: () => unknown): Promise<void> {
  await listen(server, "127.0.0.1", 0);
  process.send?.(portOf(server));
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    if (message !== "stop") return;
    server.closeAllConnections();
    server.close();
    void Promise.resolve(close()).finally(() => process.exit());
  });
}
