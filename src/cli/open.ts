import { checkServer } from "../db/check-server.ts";
import type { Database } from "../db/database.ts";
import { startEmbedded } from "../db/embedded.ts";
import type { CommandContext } from "./run-command.ts";

/**
 * The URL of the database that the configuration names: DATABASE_URL, or the embedded one, which
 * is started, or shared with the process that runs it already.
 */
export async function openServer(
  { config, onClose }: CommandContext,
  log: (line: string) => void,
): Promise<string> {
  if (config.databaseUrl !== null) {
    await checkServer(config.databaseUrl);
    return config.databaseUrl;
  }
  const starting = startEmbedded({ dataDir: config.dataDir, log });
  // Registered before it runs, so that a signal meanwhile leaves nothing behind.
  onClose(async () => (await starting.catch(() => null))?.stop());
  return (await starting).url;
}

/** The same, with all migrations applied. */
export async function openMigrated(
  context: CommandContext,
  log: (line: string) => void,
): Promise<string> {
  const url = await openServer(context, log);
  const { migrate } = await import("../db/migrate.ts");
  await migrate({ url, log });
  return url;
}

/** A pool on the migrated database, closed when the command ends. */
export async function openPool(
  context: CommandContext,
  log: (line: string) => void,
): Promise<Database> {
  const url = await openMigrated(context, log);
  const { openDatabase } = await import("../db/database.ts");
  const database = openDatabase({ url, maxConnections: 2 });
  context.onClose(() => database.close());
  return database;
}

/** Log lines of a command whose standard output belongs to its answer. */
export function logToErrors(line: string): void {
  process.stderr.write(`${line}\n`);
}
