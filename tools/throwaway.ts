import { chmod, mkdtemp, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startEmbedded } from "../src/db/embedded.ts";

/** A PostgreSQL for one run of a tool or the tests: fast, not durable, gone after `stop`. */
export type ThrowawayDatabase = {
  url: string;
  /** The folder of its files. */
  directory: string;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
};

/** Nothing here has to survive a crash. */
const careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];
const folderPrefix = "crm-gateway-run-";
/** In each folder: the process whose run it is. */
const ownerFile = "owner";

/** Linux' folder of files that are in memory alone. */
const memoryFolder = "/dev/shm";
/** The type of such a file system, as statfs has it. */
const tmpfs = 0x01021994;
/** What must be free there, and twice as much of the machine's memory. */
const roomBytes = 2_000_000_000;

/**
 * Starts an embedded PostgreSQL in a temporary folder.
 *
 * @param options.inMemory If true, its files are in memory where there is room: copies of databases are cheap there. For
 *   databases of some hundred megabytes.
 */
export async function startThrowaway(
  options: { settings?: readonly string[]; inMemory?: boolean } = {},
): Promise<ThrowawayDatabase> {
  for (const folder of [tmpdir(), memoryFolder]) await sweep(folder);
  const inMemory = options.inMemory === true && (await hasRoomInMemory());
  const dataDir = await mkdtemp(join(inMemory ? memoryFolder : tmpdir(), folderPrefix));
  try {
    await writeFile(join(dataDir, ownerFile), String(process.pid));
    // Root's PostgreSQL runs as another user, who must get to the cluster's own closed folder.
    await chmod(dataDir, 0o755);
    return await startIn(dataDir, options.settings ?? []);
  } catch (error) {
    await remove(dataDir);
    throw error;
  }
}

async function hasRoomInMemory(): Promise<boolean> {
  const folder = await statfs(memoryFolder).catch(() => null);
  if (folder === null || folder.type !== tmpfs) return false;
  return folder.bavail * folder.bsize > roomBytes && process.availableMemory() > 2 * roomBytes;
}

async function startIn(dataDir: string, settings: readonly string[]): Promise<ThrowawayDatabase> {
  const database = await startEmbedded({
    dataDir,
    flags: [...careless, ...settings].flatMap((setting) => ["-c", setting]),
  });
  return {
    url: database.url,
    directory: database.directory,
    stop: async () => {
      await database.stop();
      // It lies elsewhere when the folder for temporary files is closed to PostgreSQL's user.
      if (!database.directory.startsWith(dataDir)) await remove(dirname(database.directory));
      await remove(dataDir);
    },
  };
}

/** Ends what runs left behind in a folder that were killed before they could stop their server. */
async function sweep(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((found) => found.startsWith(folderPrefix))) {
    const dataDir = join(folder, name);
    const owner = Number(await readFile(join(dataDir, ownerFile), "utf8").catch(() => "NaN"));
    if (Number.isNaN(owner) || isAlive(owner)) continue;
    // Another user's folder stays as it is.
    await startIn(dataDir, [])
      .then((left) => left.stop())
      .catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function remove(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
