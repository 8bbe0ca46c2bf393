import cluster from "node:cluster";
import type { Config } from "../config.ts";
import type { Peers } from "../gate/peers.ts";
import { createGateway, type Gateway } from "../server.ts";
import { banner, urlOf } from "./banner.ts";
import { type DemoTenant, writeDemoFile } from "./demo-file.ts";
import { createHttpServer } from "../http/http-server.ts";
import { drain, listen, portOf } from "./http.ts";
import { checkReplicas } from "../db/check-server.ts";
import { logToErrors, openDatabaseAt, openMigrated } from "./open.ts";
import { serveByWorkers } from "./primary.ts";
import { connectToPrimary } from "./worker.ts";
import { type CommandContext, say } from "./run-command.ts";
import { catalog } from "../modules/catalog.ts";
import { createSchema } from "../schema.ts";

/** The preparations before requests are accepted. */
export type Prepared = {
  /** Of the migrated database, for operators' work on it. */
  readonly url: string;
  readonly demo: DemoTenant[] | null;
  /** To listen on; 0 for any free one. */
  readonly port: number;
  /** The same for metrics, if they have a port of their own. */
  readonly metricsPort: number | null;
};

/** The addresses of a process, for the banner. */
export type Served = {
  readonly port: number;
  readonly metricsUrl: string | null;
  readonly servesExplorer: boolean;
  /** The body of a request to try; null if there is none. */
  readonly example: Gateway["example"];
};

/** Runs the gateway until the command is interrupted. */
export async function serve(context: CommandContext): Promise<never> {
  const { config } = context;
  if (cluster.isWorker) {
    const { peers, start, ready } = connectToPrimary();
    await ready(await serveRequests(context, await start(), peers));
  } else {
    const prepared = await prepare(context);
    const served =
      config.workers === 1
        ? await serveRequests(context, prepared, null)
        : await serveByWorkers(context, prepared, config.workers);
    await announce(config, prepared, served);
  }
  return new Promise<never>(() => undefined);
}

/** Migrates the database and makes the demo's tenants. */
async function prepare(context: CommandContext): Promise<Prepared> {
  const { dataDir, demo: wantsDemo, port, telemetry } = context.config;
  const { port: metricsPort } = telemetry.metrics;
  const url = await openMigrated(context, say);
  await checkReplicas(context.config.replicas.urls, logToErrors);
  // Looks at the fence before any worker is started.
  const database = await openDatabaseAt(url, context.config, { maxConnections: 2 });
  try {
    if (!wantsDemo) return { url, demo: null, port, metricsPort };
    const { prepareDemo } = await import("./demo.ts");
    return { url, demo: await prepareDemo({ url, database, dataDir }), port, metricsPort };
  } finally {
    await database.close();
  }
}

/** Takes requests in this process. `peers` is null when it is the only one. */
async function serveRequests(
  context: CommandContext,
  { url, demo, port, metricsPort }: Prepared,
  peers: Peers | null,
): Promise<Served> {
  const { config, onClose, hurry } = context;
  const { noteWrite: tellOthers } = peers ?? {};
  const database = await openDatabaseAt(url, config, { replicas: config.replicas, tellOthers });
  onClose(() => database.close());
  const schema = createSchema(catalog, config.graphql);
  const gateway = createGateway({ schema, database, config, demo, peers });
  onClose(() => gateway.close());
  await database.load();
  // Before requests are taken, so that it is closed after them.
  const metricsUrl = await serveMetrics(context, gateway, metricsPort);
  const server = createHttpServer(gateway.requestListener, config.http, gateway);
  await listen(server, config.host, port);
  onClose(() => drain(server, hurry));
  // Before the server waits for the requests that run.
  onClose(async () => gateway.endStreams());
  if (config.jobs.inGateway) gateway.runJobs();
  const { servesExplorer, example } = gateway;
  return { port: portOf(server), metricsUrl, servesExplorer, example };
}

async function announce(
  { host, dataDir }: Config,
  { demo }: Prepared,
  { port, metricsUrl, servesExplorer: explorer, example }: Served,
): Promise<void> {
  const url = urlOf(host, port);
  if (demo !== null) await writeDemoFile(dataDir, { url, tenants: demo });
  // Since the process began, as the operator has waited.
  const seconds = performance.now() / 1_000;
  say(banner({ url, seconds, tenants: demo ?? [], metricsUrl, explorer, example }));
}

/** Serves the metrics on their own port, if they have one. */
async function serveMetrics(
  { config, onClose, hurry }: CommandContext,
  { metricsListener }: Gateway,
  port: number | null,
): Promise<string | null> {
  const { host } = config.telemetry.metrics;
  if (metricsListener === null || port === null) return null;
  const server = createHttpServer(metricsListener, config.http);
  await listen(server, host, port);
  onClose(() => drain(server, hurry));
  return `${urlOf(host, portOf(server))}/metrics`;
}
