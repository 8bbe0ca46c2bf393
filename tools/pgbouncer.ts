import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { chooseAccount, runningAs } from "../src/db/embedded-account.ts";

const places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"];
const advice = "`apt-get install -y pgbouncer`, or set PGBOUNCER to the path of one";

/**
 * Where PgBouncer is. Null, with a line that says so, where there is none and nobody insists.
 * POOLER_TESTS=required (.ci/run sets it) makes that an error.
 */
export function findPgBouncer(): string | null {
  const { PGBOUNCER, POOLER_TESTS } = env;
  if (PGBOUNCER !== undefined && PGBOUNCER !== "") {
    if (existsSync(PGBOUNCER)) return PGBOUNCER;
    throw new Error(`PGBOUNCER is ${PGBOUNCER}, where there is no file: ${advice}`);
  }
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (POOLER_TESTS === "required") {
    throw new Error(`POOLER_TESTS=required and there is no PgBouncer: ${advice}`);
  }
  console.warn(`Left out the tests behind PgBouncer, as there is none: ${advice}`);
  return null;
}

/** A PgBouncer in front of one database. */
export type PgBouncer = {
  /** The database's URL by way of it. */
  readonly url: string;
  stop(): Promise<void>;
};

export type PgBouncerOptions = {
  readonly executable: string;
  readonly databaseUrl: string;
  /** When a connection to PostgreSQL serves the next client. */
  readonly mode: "session" | "transaction";
  /** Connections to PostgreSQL. */
  readonly size?: number;
  /** Further lines of its configuration. */
  readonly settings?: readonly string[];
};

/** Starts one. It takes every client, and knows the login of the database itself. */
export async function startPgBouncer(options: PgBouncerOptions): Promise<PgBouncer> {
  const { executable, databaseUrl, mode, size = 4, settings = [] } = options;
  const target = new URL(databaseUrl);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "crm-pgbouncer-"));
  const file = join(folder, "pgbouncer.ini");
  const { username, password } = target;
  const login = [
    `user=${decodeURIComponent(username)}`,
    ...(password === "" ? [] : [`password=${decodeURIComponent(password)}`]),
  ].join(" ");
  await writeFile(
    file,
    [
      "[databases]",
      `* = host=${target.hostname} port=${target.port} ${login}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = any",
      `pool_mode = ${mode}`,
      `default_pool_size = ${size}`,
      "max_client_conn = 500",
      ...settings,
    ].join("\n"),
  );
  // It does not run as root either.
  const account = await chooseAccount(null);
  if (account !== null) {
    for (const path of [folder, file]) await chown(path, account.uid, account.gid);
  }
  await chmod(file, 0o600);
  const child = spawn(executable, [file], {
    ...runningAs(account),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, "close");
  const hasEnded = ended.then(() => true);
  while (!(await answers(port))) {
    if (await Promise.race([hasEnded, sleep(20, false)]))
      throw new Error(`PgBouncer ended: ${log}`);
  }
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(port);
  return {
    url: url.href,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** A port that stays free until it is used, since it is none of those that systems give out by themselves. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
