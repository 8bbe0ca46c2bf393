import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { StartupError } from "../lib/startup-error.ts";
import { type Account, runningAs } from "./embedded-account.ts";
import type { Binaries } from "./embedded-binaries.ts";
import { hasCode, isCluster, readJson } from "./embedded-location.ts";
import { lastLines, processLives } from "./embedded-process.ts";

const run = promisify(execFile);

/** The major version whose data folders these binaries can open. */
const majorVersion = "18";

const ownerSchema = z.object({ user: z.string(), password: z.string() });

/** The cluster's superuser; its password is random and lies in the cluster's folder, mode 0600. */
export type Owner = z.infer<typeof ownerSchema>;

/** Reads the superuser of an existing cluster, once its major version is known to fit. */
export async function readOwner(directory: string): Promise<Owner> {
  const version = (await readFile(join(directory, "PG_VERSION"), "utf8")).trim();
  if (version !== majorVersion) {
    throw new StartupError(
      `The database in ${directory} was made by PostgreSQL ${version}, this is ${majorVersion}: ` +
        `choose another DATA_DIR, or dump and restore with the PostgreSQL that made it`,
    );
  }
  const owner = await readJson(join(directory, ownerFile), ownerSchema);
  if (owner === null) {
    throw new StartupError(`${join(directory, ownerFile)} is missing: it holds the password`);
  }
  return owner;
}

const ownerFile = "owner.json";

/**
 * Makes the cluster unless it is there. It grows in a folder beside and takes its name only when
 * complete, so that an interrupted first start leaves nothing but rubbish, which the next removes.
 */
export async function ensureCluster(
  directory: string,
  binaries: Binaries,
  account: Account,
  options: { sync: boolean },
): Promise<void> {
  if (await isCluster(directory)) return;
  await removeRubbish(directory);
  const staging = `${directory}.init-${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(staging, { mode: 0o700 });
    await giveTo(account, staging);
    await initialize(staging, binaries, account, options);
    await rename(join(staging, "data"), directory);
    if (options.sync) await syncFolder(dirname(directory));
  } catch (error) {
    // Another process was quicker: its cluster is the cluster.
    if (await isCluster(directory)) return;
    if (hasCode(error, "ENOTEMPTY") || hasCode(error, "ENOTDIR")) {
      throw new StartupError(`${directory} holds something that is not a database: move it away`);
    }
    throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Text sorts as people expect (a A b B) through ICU. Trigrams and regular expressions still ask
 * the C library what a letter is: under plain C they would drop everything beyond ASCII.
 */
const characterTypes = ["C.UTF-8", "en_US.UTF-8", "UTF-8"];

async function initialize(
  staging: string,
  binaries: Binaries,
  account: Account,
  options: { sync: boolean },
): Promise<void> {
  const owner: Owner = { user: "crm_owner", password: randomBytes(24).toString("hex") };
  const data = join(staging, "data");
  const passwordFile = join(staging, "password");
  await writeFile(passwordFile, owner.password, { mode: 0o600 });
  await giveTo(account, passwordFile);
  const fixed = [
    `--pgdata=${data}`,
    `--username=${owner.user}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=icu",
    "--icu-locale=und",
    "--data-checksums",
    ...(options.sync ? [] : ["--no-sync"]),
  ];
  let complaint = "";
  for (const characterType of characterTypes) {
    try {
      const flags = [...fixed, `--lc-ctype=${characterType}`];
      await run(binaries.initdb, flags, runningAs(account));
      const path = join(data, ownerFile);
      await writeFile(path, JSON.stringify(owner), { mode: 0o600 });
      await giveTo(account, path);
      return;
    } catch (error) {
      complaint = error instanceof Error ? error.message : String(error);
      if (!complaint.includes("invalid locale")) break;
    }
  }
  throw new StartupError(`The database could not be made in ${staging}: ${lastLines(complaint)}`);
}

async function giveTo(account: Account, path: string): Promise<void> {
  if (account !== null) await chown(path, account.uid, account.gid);
}

async function removeRubbish(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.init-`;
  for (const name of await readdir(dirname(directory))) {
    if (!name.startsWith(prefix)) continue;
    const [pid] = name.slice(prefix.length).split("-");
    if (processLives(Number(pid))) continue;
    await rm(join(dirname(directory), name), { recursive: true, force: true });
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
