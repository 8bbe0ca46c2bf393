// A gateway in a process of its own, as it is served, and a client of it: node bench/gateway-process.ts <url>
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createHttpServer } from "../src/http/http-server.ts";
import { listen, portOf } from "../src/cli/http.ts";
import { loadConfig } from "../src/config.ts";
import { openDatabase } from "../src/db/database.ts";
import { createGateway } from "../src/server.ts";
import { catalog } from "../src/modules/catalog.ts";
import { createSchema } from "../src/schema.ts";

export type GatewayProcess = {
  readonly port: number;
  readonly pid: number;
  /** How it ended, if it did: its exit code, or the signal that ended it. */
  readonly exited: Promise<string>;
  /** Sends an operation. @throws if the answer has an error. */
  post(key: string, query: string, variables: unknown): Promise<void>;
  /** Milliseconds of CPU that the process took so far. */
  cpu(): Promise<number>;
  /** Milliseconds by which its event loop was late, at the 99th percentile since the last call. */
  delay(): Promise<number>;
  /** Bytes of memory that it has. */
  memory(): Promise<number>;
  /** Stops the process, if it still runs. It is killed after 10 s. */
  stop(): Promise<void>;
};

/** Limits that no measurement meets, unless it is of them. */
const withoutLimits = {
  REQUESTS_PER_MINUTE: "1000000000",
  POINTS_PER_MINUTE: "1000000000",
  MAX_IN_FLIGHT: "1000",
};

/** Starts one; the file is this one, or the same of another clone to compare with. */
export async function startGatewayProcess(
  databaseUrl: string,
  file: string = import.meta.filename,
  env: Readonly<Record<string, string>> = withoutLimits,
): Promise<GatewayProcess> {
  const child = fork(file, [databaseUrl], {
    execArgv: process.execArgv,
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit").then(([code, signal]: unknown[]) => String(signal ?? code));
  const answer = async (): Promise<number> => {
    const [message]: unknown[] = await once(child, "message");
    return Number(message);
  };
  const port = await answer();
  // One connection for each client, kept.
  const agent = new Agent({ keepAlive: true });
  const send = (headers: Readonly<Record<string, string>>, body: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { agent, port, host: "127.0.0.1", path: "/graphql", method: "POST", headers };
      request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(Buffer.concat(chunks).toString()));
      })
        .on("error", reject)
        .end(body);
    });
  return {
    port,
    pid: child.pid ?? 0,
    exited,
    post: async (key, query, variables) => {
      const headers = { "content-type": "application/json", "x-api-key": key };
      const text = await send(headers, JSON.stringify({ query, variables }));
      const refused = text.includes('"userErrors":[{') || !text.startsWith('{"data":');
      if (refused) throw new Error(text.slice(0, 1_000));
    },
    cpu: async () => {
      child.send("cpu");
      return answer();
    },
    delay: async () => {
      child.send("delay");
      return answer();
    },
    memory: async () => {
      child.send("memory");
      return answer();
    },
    stop: async () => {
      agent.destroy();
      if (child.connected) child.send("stop", () => undefined);
      const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The child process: it serves, sends its port to the parent, and its CPU time on request. */
async function serve(databaseUrl: string): Promise<void> {
  const config = loadConfig({ ...process.env, NODE_ENV: "production", LOG_LEVEL: "error" });
  const database = openDatabase({ url: databaseUrl, pool: config.pool, replicas: config.replicas });
  const compiled = process.env["COMPILED"] !== "off";
  const schema = createSchema(catalog);
  const gateway = createGateway({ schema, database, config, demo: null, compiled });
  const server = createHttpServer(gateway.requestListener, config.http, gateway);
  if (process.env["JOBS"] === "on") gateway.runJobs();
  await database.load();
  await listen(server, "127.0.0.1", 0);
  process.send?.(portOf(server));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // A terminal's interrupt goes to the parent too, which ends this one in its own time, or is gone.
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit());
  process.on("message", (message) => {
    const { user, system } = process.cpuUsage();
    if (message === "cpu") process.send?.((user + system) / 1_000);
    if (message === "delay") {
      process.send?.(delay.percentile(99) / 1_000_000);
      delay.reset();
    }
    if (message === "memory") process.send?.(process.memoryUsage.rss());
    if (message !== "stop") return;
    server.closeAllConnections();
    server.close();
    void gateway
      .close()
      .then(() => database.close())
      .finally(() => process.disconnect());
  });
}

if (import.meta.main) await serve(process.argv[2] ?? "");
