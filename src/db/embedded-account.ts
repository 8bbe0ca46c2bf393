import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { StartupError } from "../lib/startup-error.ts";

const run = promisify(execFile);

/** The operating system user PostgreSQL runs as; null stands for our own. */
export type Account = { uid: number; gid: number; name: string } | null;

/** Environment for every program we start: ours would carry PGDATA, PGOPTIONS or a locale along. */
const programEnvironment = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** Options for spawn and execFile that make a program run as `account`. */
export function runningAs(account: Account): {
  uid?: number;
  gid?: number;
  cwd: string;
  env: Record<string, string>;
} {
  // PostgreSQL warns when it cannot enter the folder it was started in, which may be closed to it.
  const common = { cwd: "/", env: programEnvironment };
  return account === null ? common : { ...common, uid: account.uid, gid: account.gid };
}

/**
 * PostgreSQL refuses to run as root: there it gets the owner of the cluster that exists already,
 * else the user `postgres` (made when missing), else `nobody`.
 */
export async function chooseAccount(clusterDirectory: string | null): Promise<Account> {
  if (process.getuid?.() !== 0) return null;
  const owner = clusterDirectory === null ? null : ownerOf(clusterDirectory);
  if (owner !== null && owner.uid !== 0) return owner;
  const account =
    (await findAccount("postgres")) ?? (await createAccount("postgres")) ?? (await nobody());
  try {
    await run("/bin/sh", ["-c", ":"], runningAs(account));
  } catch {
    throw new StartupError(
      `PostgreSQL does not run as root, and this process may not become the user ` +
        `${account.name}: start as an ordinary user, or set DATABASE_URL`,
    );
  }
  return account;
}

/** Whether `account` can really enter `directory`, through all of its parents. */
export async function canEnter(account: Account, directory: string): Promise<boolean> {
  try {
    await run("/bin/sh", ["-c", 'cd "$1"', "sh", directory], runningAs(account));
    return true;
  } catch {
    return false;
  }
}

function ownerOf(directory: string): Exclude<Account, null> | null {
  const stats = statSync(directory, { throwIfNoEntry: false });
  return stats === undefined ? null : { uid: stats.uid, gid: stats.gid, name: `uid ${stats.uid}` };
}

async function findAccount(name: string): Promise<Exclude<Account, null> | null> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout), name };
  } catch {
    return null;
  }
}

async function createAccount(name: string): Promise<Exclude<Account, null> | null> {
  const options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"];
  try {
    await run("useradd", [...options, name], { env: programEnvironment });
  } catch {
    // No useradd here, a read-only /etc, or another process was quicker: look again either way.
  }
  return findAccount(name);
}

async function nobody(): Promise<Exclude<Account, null>> {
  return (await findAccount("nobody")) ?? { uid: 65534, gid: 65534, name: "nobody" };
}
