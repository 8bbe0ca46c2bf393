import { realpath, stat, truncate } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StartupError } from "../lib/startup-error.ts";
import { findBinaries } from "./embedded-binaries.ts";
import { ensureCluster, readOwner } from "./embedded-cluster.ts";
import { findCluster, isCluster, makeDataDir, placeCluster } from "./embedded-location.ts";
import { findPostmaster, startPostmaster, stopPostmaster } from "./embedded-process.ts";
import { canConnect, clusterUrl, join as joinCluster } from "./embedded-session.ts";

/** A PostgreSQL that runs in DATA_DIR and is ready to take connections. */
type EmbeddedDatabase = {
  /** URL of the database as the cluster's superuser; holds the password. */
  url: string;
  /** Where the cluster really lies: in DATA_DIR unless PostgreSQL's user cannot enter it. */
  directory: string;
  /** Whether the server was already running when we came. */
  attached: boolean;
  /** Leaves the server; the last process stops it cleanly. A second call has no effect. */
  stop(): Promise<void>;
};

/** A server that recovers from a crash may take a while before it answers. */
const patience = 120_000;

/**
 * Runs PostgreSQL in `dataDir`, making the cluster and `database` when they are missing. A server
 * that runs there already is shared, also one whose process was killed.
 *
 * @throws StartupError when the folder, the system or the data's version does not allow it.
 */
export async function startEmbedded(options: {
  dataDir: string;
  /** Name of the database; "crm" when left out. */
  database?: string;
  log?: (line: string) => void;
  /** More flags for the server, such as "-c", "fsync=off" in tests. */
  flags?: string[];
}): Promise<EmbeddedDatabase> {
  const { database = "crm", log = () => undefined, flags = [] } = options;
  const dataDir = await makeDataDir(resolve(options.dataDir));
  const { directory, account } = await placeCluster(dataDir, log);
  const binaries = await findBinaries(account, log);
  const sync = !flags.includes("fsync=off");
  await ensureCluster(directory, binaries, account, { sync });
  const owner = await readOwner(directory);
  const logFile = join(dataDir, "postgres.log");
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    const running = await findPostmaster(directory);
    if (running === null) await keepShort(logFile);
    const postmaster =
      running ?? (await startPostmaster(directory, binaries, account, { flags, logFile }));
    const membership =
      postmaster === null ? null : await joinCluster(owner, postmaster.port, database);
    if (postmaster === null || membership === null) {
      // Another process starts or stops the server at this moment: look again.
      await sleep(50);
      continue;
    }
    let stopped: Promise<void> | undefined;
    const stop = (): Promise<void> =>
      membership.leave(() => stopPostmaster(directory, postmaster.pid, binaries, account));
    return {
      url: clusterUrl(owner, postmaster.port, database),
      directory,
      attached: running !== null,
      stop: () => (stopped ??= stop()),
    };
  }
  throw inUse(directory, logFile);
}

/**
 * The server that another process runs in `dataDir`, or null when none does. Its `stop` does
 * nothing, and nothing keeps the other process from stopping the server.
 */
export async function attachEmbedded(options: {
  dataDir: string;
  /** Name of the database, which must exist; "crm" when left out. */
  database?: string;
}): Promise<EmbeddedDatabase | null> {
  const dataDir = await realpath(resolve(options.dataDir)).catch(() => null);
  const directory = dataDir === null ? null : await findCluster(dataDir);
  if (dataDir === null || directory === null || !(await isCluster(directory))) return null;
  const owner = await readOwner(directory);
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    const running = await findPostmaster(directory);
    if (running === null) return null;
    const url = clusterUrl(owner, running.port, options.database ?? "crm");
    if (running.ready && (await canConnect(url))) {
      return { url, directory, attached: true, stop: () => Promise.resolve() };
    }
    await sleep(50);
  }
  throw inUse(directory, join(dataDir, "postgres.log"));
}

function inUse(directory: string, logFile: string): StartupError {
  return new StartupError(
    `Another process runs the database in ${directory}, but it does not answer (see ${logFile})`,
  );
}

/** Keeps the server's log for the last few starts, since it is not rotated. */
async function keepShort(logFile: string): Promise<void> {
  const stats = await stat(logFile).catch(() => null);
  if (stats !== null && stats.size > 5_000_000) await truncate(logFile);
}
