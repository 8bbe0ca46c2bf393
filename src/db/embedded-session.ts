import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Owner } from "./embedded-cluster.ts";

/**
 * One process's stay at a cluster that several may share. Each keeps a session with a shared
 * advisory lock; PostgreSQL releases it when the process dies in any way. The last process
 * stops the server. A gate serializes joining and leaving.
 */
type Membership = {
  /** Leaves. If no other process is left, `stopServer` runs before another one can join. */
  leave(stopServer: () => Promise<void>): Promise<void>;
};

/** First key of our advisory locks; any number that is unused in the maintenance database. */
const lockClass = 27_601;
const gateLock = `${lockClass}, 1`;
const memberLock = `${lockClass}, 2`;

/** URL of a database in the cluster, as its superuser. */
export function clusterUrl(owner: Owner, port: number, database: string): string {
  const name = encodeURIComponent(database);
  return `postgresql://${owner.user}:${owner.password}@127.0.0.1:${port}/${name}`;
}

/** Joins the cluster and makes `database` if it is missing; null when the server is not there. */
export async function join(
  owner: Owner,
  port: number,
  database: string,
): Promise<Membership | null> {
  // Advisory locks belong to one database: the maintenance one, which always exists.
  const url = clusterUrl(owner, port, "postgres");
  let client = await connect(url);
  if (client === null) return null;
  try {
    await enter(client);
    await createDatabase(client, database);
  } catch (error) {
    // A leaving process that stops the server ends our session while we wait at the gate.
    await client.end().catch(() => undefined);
    if (isPassing(error)) return null;
    throw error;
  }
  return stay(url, client);
}

function stay(url: string, first: pg.Client): Membership {
  let client = first;
  let left = false;
  // The server restarts itself after a crash of one of its processes, which ends every session.
  const rejoin = async (): Promise<void> => {
    while (!left) {
      await sleep(500, undefined, { ref: false });
      const next = await connect(url).catch(() => null);
      if (next === null) continue;
      try {
        await enter(next);
        client = next;
        watch();
        return;
      } catch {
        await next.end().catch(() => undefined);
      }
    }
  };
  const watch = (): void => {
    client.once("end", () => void rejoin());
  };
  watch();
  return {
    async leave(stopServer) {
      left = true;
      try {
        await client.query(`select pg_advisory_lock(${gateLock})`);
        if (await isAlone(client)) await stopServer();
      } catch (error) {
        // The server has gone already, or is on its way: nothing is left to stop.
        if (!isPassing(error)) throw error;
      }
      await client.end().catch(() => undefined);
    },
  };
}

async function enter(client: pg.Client): Promise<void> {
  await client.query(`select pg_advisory_lock(${gateLock})`);
  await client.query(`select pg_advisory_lock_shared(${memberLock})`);
  await client.query(`select pg_advisory_unlock(${gateLock})`);
}

async function isAlone(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ alone: boolean }>(
    `select not exists (
       select from pg_locks
       where locktype = 'advisory' and classid = ${lockClass} and objid = 2 and granted
         and pid <> pg_backend_pid()
     ) as alone`,
  );
  return rows[0]?.alone ?? true;
}

async function connect(url: string): Promise<pg.Client | null> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "crm-gateway keeper",
    connectionTimeoutMillis: 5_000,
  });
  // Losing the session is handled on "end"; without a listener it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (isPassing(error)) return null;
    throw error;
  }
}

/** Whether the server takes connections to the database of this URL. */
export async function canConnect(url: string): Promise<boolean> {
  const client = await connect(url);
  await client?.end();
  return client !== null;
}

async function createDatabase(client: pg.Client, name: string): Promise<void> {
  const found = await client.query("select from pg_database where datname = $1", [name]);
  if (found.rowCount !== 0) return;
  try {
    await client.query(`create database ${client.escapeIdentifier(name)}`);
  } catch (error) {
    if (!hasSqlState(error, "42P04", "23505")) throw error; // another process was quicker
  }
}

/** The server is stopping, starting, or has gone: anything but a mistake of ours. */
function isPassing(error: unknown): boolean {
  if (hasSqlState(error, "57P01", "57P02", "57P03", "ECONNREFUSED", "ECONNRESET", "EPIPE")) {
    return true;
  }
  return error instanceof Error && /terminated|timeout|not queryable/i.test(error.message);
}

function hasSqlState(error: unknown, ...states: string[]): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    states.includes(error.code)
  );
}
