import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startEmbedded } from "./embedded.ts";

/** A PostgreSQL for one run of a tool or the tests: fast, not durable, gone after `stop`. */
export type ThrowawayDatabase = {
  url: string;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
};

/** Nothing here has to survive a crash. */
const careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/** Starts an embedded PostgreSQL in a temporary folder. */
export async function startThrowaway(
  options: { settings?: readonly string[] } = {},
): Promise<ThrowawayDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), "crm-gateway-"));
  const remove = (directory: string): Promise<void> =>
    rm(directory, { recursive: true, force: true, maxRetries: 5 });
  try {
    // Root's PostgreSQL runs as another user, who must get to the cluster's own closed folder.
    await chmod(dataDir, 0o755);
    const settings = [...careless, ...(options.settings ?? [])];
    const database = await startEmbedded({
      dataDir,
      flags: settings.flatMap((setting) => ["-c", setting]),
    });
    return {
      url: database.url,
      stop: async () => {
        await database.stop();
        // It lies elsewhere when the folder for temporary files is closed to PostgreSQL's user.
        if (!database.directory.startsWith(dataDir)) await remove(dirname(database.directory));
        await remove(dataDir);
      },
    };
  } catch (error) {
    await remove(dataDir);
    throw error;
  }
}
