import { fork } from "node:child_process";
import { once } from "node:events";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { createHttpServer } from "../../../src/http/http-server.ts";
import { createGateway } from "../../../src/server.ts";
import { schema } from "../gateway/schema.ts";
import { patientEnvironment } from "../run/patience.ts";
import { tellOfCitus } from "../run/tell-of-citus.ts";

/** A gateway in a process of its own. */
export type GatewayProcess = {
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
};

/**
 * Starts one on the database of DATABASE_URL, which has its migrations, on a free port, with limits that a test does not
 * meet; the rest is as the operator says.
 */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const child = fork(import.meta.filename, [], {
    env: { ...process.env, ...patientEnvironment, LOG_LEVEL: "silent", PORT: "0", ...env },
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  const [port]: unknown[] = await once(child, "message");
  return {
    url: `http://127.0.0.1:${Number(port)}`,
    stop: async () => {
      const exited = once(child, "exit");
      child.send("stop");
      await exited;
    },
    kill: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** What the child process does: it serves, and tells its port. */
async function serve(): Promise<void> {
  await tellOfCitus(loadConfig().databaseUrl ?? "");
  const config = loadConfig();
  const database = openDatabase({ url: config.databaseUrl ?? "", pool: config.pool });
  const gateway = createGateway({ schema, database, config, demo: null });
  const server = createHttpServer(gateway.requestListener, config.http, gateway);
  server.listen(config.port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : null);
  process.once("message", () => {
    server.closeAllConnections();
    server.close();
    void gateway
      .close()
      .then(() => database.close())
      .then(() => process.disconnect());
  });
}

if (import.meta.main) await serve();
