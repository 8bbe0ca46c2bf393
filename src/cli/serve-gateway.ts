import { openDatabase } from "../db/database.ts";
import { exampleQuery } from "../graphql/example.ts";
import { createGateway } from "../server.ts";
import { banner, urlOf } from "./banner.ts";
import { type DemoTenant, writeDemoFile } from "./demo-file.ts";
import { drain, listen, portOf } from "./http.ts";
import { openMigrated } from "./open.ts";
import { type CommandContext, say } from "./run-command.ts";

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
  const gateway = createGateway({ database, config, demo });
  onClose(() => gateway.close());
  const server = await listen(config.host, config.port, gateway.requestListener);
  onClose(() => drain(server, hurry));
  const ownUrl = urlOf(config.host, portOf(server));
  if (demo !== null) await writeDemoFile(config.dataDir, { url: ownUrl, tenants: demo });
  // Since the process began, as the operator has waited.
  const seconds = performance.now() / 1_000;
  say(banner({ url: ownUrl, seconds, tenants: demo ?? [], exampleQuery }));
  return new Promise<never>(() => undefined);
}
