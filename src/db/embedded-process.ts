import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { StartupError } from "../lib/startup-error.ts";
import { type Account, runningAs } from "./embedded-account.ts";
import type { Binaries } from "./embedded-binaries.ts";

const run = promisify(execFile);

/** A running PostgreSQL server, as its postmaster.pid tells. */
type Postmaster = { pid: number; port: number; ready: boolean };

/** Sane for a small server; everything else is PostgreSQL's default. */
const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "192MB",
  effective_cache_size: "1GB",
  work_mem: "8MB",
  maintenance_work_mem: "128MB",
  max_wal_size: "2GB",
  random_page_cost: "1.1",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
};

/** Whether a process of this id exists, ours or another user's. */
export function processLives(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The server that runs on `directory`, or null. Removes a postmaster.pid that names a stranger. */
export async function findPostmaster(directory: string): Promise<Postmaster | null> {
  const path = join(directory, "postmaster.pid");
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  if (text === "") await removeEmpty(path);
  if (!processLives(pid)) return null;
  if (await servesAnother(pid, directory)) {
    // Left by a crash, and the id was given to another process since: PostgreSQL would refuse.
    await rm(path, { force: true });
    return null;
  }
  return { pid, port: Number(lines[3]), ready: lines[7] === "ready" };
}

/** A power cut can leave it empty, and PostgreSQL does not start over that. */
async function removeEmpty(path: string): Promise<void> {
  const stats = await stat(path).catch(() => null);
  if (stats !== null && stats.size === 0 && Date.now() - stats.mtimeMs > 10_000) await rm(path);
}

/** True only when the process certainly is not the server of `directory`. */
async function servesAnother(pid: number, directory: string): Promise<boolean> {
  if (process.platform === "win32") return false;
  try {
    const words =
      process.platform === "linux"
        ? (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0")
        : (await run("ps", ["-o", "command=", "-p", String(pid)])).stdout.split(/\s/);
    return process.platform === "linux"
      ? !words.includes(directory)
      : !words.some((word) => word.includes("postgres"));
  } catch {
    return false;
  }
}

const passingTrouble =
  /could not create any TCP\/IP sockets|pre-existing shared memory|postmaster.pid" is empty/;

/**
 * Starts a server on `directory` and waits until it takes connections. Null when another process
 * started one at the same time.
 */
export async function startPostmaster(
  directory: string,
  binaries: Binaries,
  account: Account,
  options: { flags: string[]; logFile: string },
): Promise<Postmaster | null> {
  for (let attempt = 1; ; attempt++) {
    const started = await attemptStart(directory, binaries, account, options);
    if (typeof started !== "string") return started;
    if (started.includes('postmaster.pid" already exists')) return null;
    // The port was taken between our look and PostgreSQL's, a killed server's children still run,
    // or another process starts a server at this moment.
    const passing = passingTrouble.test(started);
    if (!passing || attempt === 20) {
      throw new StartupError(
        `PostgreSQL did not start on ${directory}: ${lastLines(started)} (see ${options.logFile})`,
      );
    }
    await sleep(100);
  }
}

/** The server, or its output if it did not start. */
async function attemptStart(
  directory: string,
  binaries: Binaries,
  account: Account,
  options: { flags: string[]; logFile: string },
): Promise<Postmaster | string> {
  const port = await freePort();
  const log = await open(options.logFile, "a", 0o600);
  const { size: logged } = await log.stat();
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // A session of its own: Ctrl-C goes to our whole group, and we drain before the database stops.
  // Its log is a file, so that it outlives us when another process uses it too.
  const child = spawn(
    binaries.postgres,
    ["-D", directory, "-p", String(port), ...flags, ...options.flags],
    { ...runningAs(account), detached: true, stdio: ["ignore", log.fd, log.fd] },
  );
  let exited = false;
  child.once("exit", () => (exited = true)).once("error", () => (exited = true));
  child.unref();
  await log.close();
  while (!exited) {
    const text = await readFile(join(directory, "postmaster.pid"), "utf8").catch(() => "");
    const lines = text.split("\n");
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === "ready") {
      return { pid: Number(lines[0]), port, ready: true };
    }
    await sleep(5);
  }
  return (await readFile(options.logFile)).subarray(logged).toString("utf8");
}

/** Fast shutdown: ends sessions, writes a checkpoint, and returns once the server has gone. */
export async function stopPostmaster(
  directory: string,
  pid: number,
  binaries: Binaries | null,
  account: Account,
): Promise<void> {
  if (process.platform === "win32" && binaries !== null) {
    // Windows has no signals: pg_ctl speaks to the server in another way.
    const control = join(binaries.directory, "bin", "pg_ctl.exe");
    await run(control, ["stop", "-D", directory, "-m", "fast", "-w"], runningAs(account));
    return;
  }
  signal(pid, "SIGINT");
  const patience = performance.now() + 60_000;
  let pressed = false;
  while ((await isFile(join(directory, "postmaster.pid"))) && processLives(pid)) {
    if (!pressed && performance.now() > patience) {
      pressed = true;
      signal(pid, "SIGQUIT");
    }
    await sleep(10);
  }
  // The pid file is removed last, and then the process ends. A zombie stays if no process collects orphans.
  for (let turn = 0; turn < 50 && processLives(pid); turn++) await sleep(10);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function signal(pid: number, name: "SIGINT" | "SIGQUIT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone already.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}

/** The end of a program's output on one line. */
export function lastLines(text: string): string {
  return text.trim().split("\n").slice(-3).join(" ").replaceAll(/\s+/g, " ");
}
