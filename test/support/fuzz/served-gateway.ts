// A gateway in a process of its own, as it is served, whose memory can be looked at:
// node --expose-gc test/support/fuzz/served-gateway.ts <database url> <NODE_ENV>
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { createHttpServer } from "../../../src/http/http-server.ts";
import { listen, portOf } from "../../../src/cli/http.ts";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { createGateway } from "../../../src/server.ts";
import { patientEnvironment } from "../run/patience.ts";
import { startComparison } from "../compile/comparison.ts";
import { schema } from "../gateway/schema.ts";
import { tellOfCitus } from "../run/tell-of-citus.ts";

export type ServedGateway = {
  readonly url: string;
  /** Bytes of the heap that are in use after a collection. */
  heap(): Promise<number>;
  /** Milliseconds of CPU that it has used so far. */
  cpu(): Promise<number>;
  /** What it wrote to its log, which tells of errors only. */
  log(): string;
  isAlive(): boolean;
  stop(): Promise<void>;
};

/** Starts one. */
export async function serveGateway(
  databaseUrl: string,
  environment: "production" | "test",
): Promise<ServedGateway> {
  const child = fork(import.meta.filename, [databaseUrl, environment], {
    execArgv: ["--expose-gc", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-100_000);
  });
  const gone = once(child, "exit").then(() =>
    Promise.reject(new Error(`the gateway is gone: ${log}`)),
  );
  gone.catch(() => undefined);
  const answer = async (): Promise<number> => {
    const [message]: unknown[] = await Promise.race([once(child, "message"), gone]);
    return Number(message);
  };
  const told = (what: "heap" | "cpu"): Promise<number> => {
    child.send(what);
    return answer();
  };
  const port = await answer();
  return {
    url: `http://127.0.0.1:${port}`,
    heap: () => told("heap"),
    cpu: () => told("cpu"),
    log: () => log,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.send("stop");
      await exited;
    },
  };
}

async function serve(databaseUrl: string, environment: string): Promise<void> {
  await tellOfCitus(databaseUrl);
  // Quotas and the line before the door are other tests': here every request is to be read.
  const config = loadConfig({ ...patientEnvironment, NODE_ENV: environment, LOG_LEVEL: "error" });
  const database = openDatabase({ url: databaseUrl, pool: config.pool });
  // The comparison reports differences in the log.
  const comparison = startComparison(databaseUrl, schema);
  const { onCompiled } = comparison;
  const gateway = createGateway({ schema, database, config, demo: null, onCompiled });
  const server = createHttpServer(gateway.requestListener, config.http);
  await listen(server, "127.0.0.1", 0);
  process.send?.(portOf(server));
  process.on("message", (message) => {
    if (message === "heap") void collected().then((bytes) => process.send?.(bytes));
    if (message === "cpu") process.send?.(cpuMilliseconds());
    if (message !== "stop") return;
    server.closeAllConnections();
    server.close();
    void gateway
      .close()
      .then(() => Promise.all([database.close(), comparison.close()]))
      .then(() => process.disconnect());
  });
  // The test that started it is gone.
  process.on("disconnect", () => process.exit());
}

/** What only a second collection finds had something to do first. */
async function collected(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await sleep(50);
  }
  return process.memoryUsage().heapUsed;
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

if (import.meta.main) await serve(process.argv[2] ?? "", process.argv[3] ?? "");
