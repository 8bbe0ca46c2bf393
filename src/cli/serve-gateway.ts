import { openDatabase } from "../db/database.ts";
import { exampleQuery } from "../graphql/explorer/example.ts";
import { createGateway, type Gateway } from "../server.ts";
import { banner, urlOf } from "./banner.ts";
import { type DemoTenant, writeDemoFile } from "./demo-file.ts";
import { createHttpServer } from "../http/http-server.ts";
import { drain, listen, portOf } from "./http.ts";
import { openMigrated } from "./open.ts";
import { type CommandContext, say } from "./run-command.ts";
import { catalog } from "../modules/catalog.ts";
import { createSchema } from "../schema.ts";

/** Runs the gateway until the command is interrupted. */
export async function serve(context: CommandContext): Promise<never> {
  const { config, onClose, hurry } = context;
  const url = await openMigrated(context, say);
  const database = openDatabase({ url, pool: config.pool });
  onClose(() => database.close());
  let demo: DemoTenant[] | null = null;
  if (config.demo) {
    const { prepareDemo } = await import("./demo.ts");
    demo = await prepareDemo({ url, database, dataDir: config.dataDir });
  }
  const gateway = createGateway({ schema: createSchema(catalog), database, config, demo });
  onClose(() => gateway.close());
  // Before requests are taken, so that it is closed after them.
  const metricsUrl = await serveMetrics(context, gateway);
  const server = createHttpServer(gateway.requestListener, config.http);
  await listen(server, config.host, config.port);
  onClose(() => drain(server, hurry));
  const ownUrl = urlOf(config.host, portOf(server));
  if (demo !== null) await writeDemoFile(config.dataDir, { url: ownUrl, tenants: demo });
  // Since the process began, as the operator has waited.
  const seconds = performance.now() / 1_000;
  say(
    banner({
      url: ownUrl,
      seconds,
      tenants: demo ?? [],
      metricsUrl,
      explorer: gateway.servesExplorer,
      exampleQuery,
    }),
  );
  return new Promise<never>(() => undefined);
}

/** Serves the metrics on their own port, if they have one. */
async function serveMetrics(
  { config, onClose, hurry }: CommandContext,
  { metricsListener }: Gateway,
): Promise<string | null> {
  const { host, port } = config.telemetry.metrics;
  if (metricsListener === null || port === null) return null;
  const server = createHttpServer(metricsListener, config.http);
  await listen(server, host, port);
  onClose(() => drain(server, hurry));
  return `${urlOf(host, portOf(server))}/metrics`;
}
