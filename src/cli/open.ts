import type { Config } from "../config.ts";
import { checkFence, checkServer, isDistributed } from "../db/check-server.ts";
import type { Database, DatabaseOptions } from "../db/database.ts";
import { startEmbedded } from "../db/embedded.ts";
import type { CommandContext } from "./run-command.ts";

/**
 * The URL for operators' work on the database that the configuration names: DATABASE_DIRECT_URL or DATABASE_URL, or the
 * embedded one, which is started, or shared with the process that runs it already.
 */
export async function openServer(
  { config, onClose }: CommandContext,
  log: (line: string) => void,
): Promise<string> {
  const { databaseUrl, databaseDirectUrl } = config;
  if (databaseDirectUrl !== null) {
    const isAnother = databaseDirectUrl !== databaseUrl;
    await checkServer(databaseDirectUrl, isAnother ? "DATABASE_DIRECT_URL" : "DATABASE_URL");
    return databaseDirectUrl;
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
  const database = await openDatabaseAt(await openMigrated(context, log), context.config, {
    maxConnections: 2,
  });
  context.onClose(() => database.close());
  return database;
}

/** A pool on a database that is open and migrated, as the configuration says. Its fence holds. */
export async function openDatabaseAt(
  directUrl: string,
  { databaseUrl, pool }: Config,
  options: Omit<DatabaseOptions, "url" | "directUrl" | "pool"> = {},
): Promise<Database> {
  const url = databaseUrl ?? directUrl;
  if (url !== directUrl) await checkServer(url);
  const { openDatabase } = await import("../db/database.ts");
  const database = openDatabase({
    ...options,
    url,
    directUrl,
    pool: { ...pool, isDistributed: await isDistributed(directUrl) },
  });
  try {
    await checkFence(database.pool);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** Log lines of a command whose standard output belongs to its answer. */
export function logToErrors(line: string): void {
  process.stderr.write(`${line}\n`);
}
