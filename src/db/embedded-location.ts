import { createHash, randomBytes } from "node:crypto";
import {
  access,
  chmod,
  constants,
  link,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { StartupError } from "../lib/startup-error.ts";
import { type Account, canEnter, chooseAccount } from "./embedded-account.ts";
import { sharedFolders } from "./embedded-binaries.ts";

/** DATA_DIR/postgres.json: where the cluster lies when PostgreSQL's user cannot enter DATA_DIR. */
const pointerSchema = z.object({ directory: z.string() });
/** Beside a cluster outside of DATA_DIR: whose it is. */
const homeSchema = z.object({ dataDir: z.string() });

/** The folder of the cluster that belongs to `dataDir`, or null when there is none yet. */
export async function findCluster(dataDir: string): Promise<string | null> {
  const pointer = await readJson(join(dataDir, "postgres.json"), pointerSchema);
  if (pointer !== null) {
    await claim(pointer.directory, dataDir);
    return pointer.directory;
  }
  const inside = join(dataDir, "postgres");
  return (await isCluster(inside)) ? await realpath(inside) : null;
}

/** Whether `directory` holds a cluster; an error when it holds something else. */
export async function isCluster(directory: string): Promise<boolean> {
  try {
    return (await stat(join(directory, "PG_VERSION"))).isFile();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw new StartupError(`The database folder ${directory} cannot be read: ${reason(error)}`);
  }
}

/**
 * Decides where the cluster of `dataDir` lies and as whom it runs. Root's clone often lies under
 * a folder closed to others: then the cluster lies elsewhere, and a pointer with a random part in
 * it stays here, so that deleting DATA_DIR means a fresh database.
 */
export async function placeCluster(
  dataDir: string,
  log: (line: string) => void,
): Promise<{ directory: string; account: Account }> {
  const existing = await findCluster(dataDir);
  const account = await chooseAccount(existing);
  if (existing !== null) {
    const parent = join(existing, "..");
    if (account !== null && !(await canEnter(account, parent))) {
      throw new StartupError(
        `The database in ${existing} belongs to ${account.name}, who cannot enter ${parent}: ` +
          `open that folder (chmod o+x) or choose another DATA_DIR`,
      );
    }
    return { directory: existing, account };
  }
  if (account === null || (await canEnter(account, dataDir))) {
    return { directory: join(dataDir, "postgres"), account };
  }
  const { value: folder } = await sharedFolders(account).next();
  if (folder === undefined) {
    throw new StartupError(
      `PostgreSQL runs as ${account.name} here, who cannot enter ${dataDir}: choose a DATA_DIR ` +
        `under a folder that is open to others, or set DATABASE_URL`,
    );
  }
  const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 8);
  const name = `data-${hash}-`;
  const earlier = (await readdir(folder)).filter((entry) => entry.startsWith(name)).length;
  const chosen = join(folder, name + randomBytes(6).toString("hex"), "postgres");
  const directory = await writePointer(dataDir, chosen);
  log(
    `${dataDir} is closed to the user ${account.name} that PostgreSQL runs as; ` +
      `the database lies in ${directory}`,
  );
  // Never deleted by us: a DATA_DIR that is not mounted today looks like a deleted one.
  if (earlier > 0) log(`Earlier databases of this folder (${earlier}): ${join(folder, name)}*`);
  return { directory, account };
}

/** Makes DATA_DIR and returns its one true name. */
export async function makeDataDir(dataDir: string): Promise<string> {
  try {
    await makeFolder(dataDir);
    await access(dataDir, constants.W_OK | constants.X_OK);
    return await realpath(dataDir);
  } catch (error) {
    throw new StartupError(
      `DATA_DIR ${dataDir} cannot be used as a folder to write in: ${reason(error)}`,
    );
  }
}

/** Node's own recursive mkdir never returns where the system keeps saying ENOENT, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path).catch(async (error: unknown) => {
    // Another process may have made it meanwhile.
    if (!(await isFolder(path))) throw error;
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** Writes the pointer, or reads the one that another process has written first. */
async function writePointer(dataDir: string, directory: string): Promise<string> {
  const path = join(dataDir, "postgres.json");
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  await mkdir(join(directory, ".."));
  await chmod(join(directory, ".."), 0o755);
  await writeFile(homeFile(directory), JSON.stringify({ dataDir }), { mode: 0o600 });
  await writeFile(draft, JSON.stringify({ directory }), { mode: 0o600 });
  try {
    // A link appears whole or not at all, and never over an existing file.
    await link(draft, path);
    return directory;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    await rm(join(directory, ".."), { recursive: true });
    return (await findCluster(dataDir)) ?? directory;
  } finally {
    await rm(draft);
  }
}

/** A moved DATA_DIR takes its cluster along; a copied one must not share it with the original. */
async function claim(directory: string, dataDir: string): Promise<void> {
  const home = await readJson(homeFile(directory), homeSchema);
  if (home === null) {
    throw new StartupError(
      `The database of ${dataDir} should lie in ${directory} but is gone: put it back, or delete ` +
        `${dataDir} to begin with an empty one`,
    );
  }
  if (home.dataDir === dataDir) return;
  const original = await readJson(join(home.dataDir, "postgres.json"), pointerSchema);
  if (original?.directory === directory && !(await isSameFolder(home.dataDir, dataDir))) {
    throw new StartupError(
      `${dataDir} is a copy of ${home.dataDir} and names its database: delete ${dataDir} to begin ` +
        `with an empty one`,
    );
  }
  await writeFile(homeFile(directory), JSON.stringify({ dataDir }), { mode: 0o600 });
}

/** Bind mounts give one folder two names. */
async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one), stat(other)]);
  return a.dev === b.dev && a.ino === b.ino;
}

function homeFile(directory: string): string {
  return join(directory, "..", "home.json");
}

/** The checked content of a JSON file, or null when there is no such file. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw new StartupError(`${path} cannot be read: ${reason(error)}`);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new StartupError(`${path} is damaged: restore it, or delete its folder to begin afresh`);
  }
}

/** Whether an error of node:fs or a socket carries this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
