import pg from "pg";
import { StartupError } from "../lib/startup-error.ts";
import { FenceFault, faultOf } from "./fence-fault.ts";
import { hasDistributedTables } from "./fence.ts";
import type { FencedPool } from "./fenced-pool.ts";
import { withOwner } from "./with-owner.ts";

/** The oldest PostgreSQL the migrations and queries are written for. */
const oldestMajor = 15;

/**
 * Makes sure that the database of a variable can be used, before anything else touches it.
 *
 * @throws StartupError, one line that says what to mend and never shows the password.
 */
export async function checkServer(url: string, variable = "DATABASE_URL"): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>(
      "select current_setting('server_version_num') as version",
    );
    requireVersion(Number(rows[0]?.version));
  } catch (error) {
    const line = error instanceof StartupError ? error.message : explain(error, client);
    throw new StartupError(line.replaceAll("DATABASE_URL", variable));
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Checks that the servers are replicas. One that does not answer is logged, and gets no queries until it answers.
 *
 * @throws StartupError for a server that is not a replica.
 */
export async function checkReplicas(
  urls: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  for (const url of urls) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on("error", () => undefined);
    const place = `${client.host}:${client.port}`;
    let follows: boolean;
    try {
      await client.connect();
      const { rows } = await client.query<{ follows: boolean }>(
        "SELECT pg_is_in_recovery() AS follows",
      );
      follows = rows[0]?.follows === true;
    } catch (error) {
      log(`No queries go to the replica at ${place} yet: ${messageOf(error)}`);
      continue;
    } finally {
      await client.end().catch(() => undefined);
    }
    if (!follows) {
      throw new StartupError(
        `DATABASE_REPLICA_URLS: the PostgreSQL at ${place} is no replica, and would never see what is written`,
      );
    }
  }
}

/** Whether Citus spreads the tables of a database over several nodes. */
export function isDistributed(url: string): Promise<boolean> {
  return withOwner(url, "start", async (client) => {
    const { rows } = await client.query<{ distributed: boolean }>(
      `SELECT ${hasDistributedTables} AS distributed`,
    );
    return rows[0]?.distributed === true;
  });
}

/**
 * Makes sure that the pool's connections hold the fence: a first one is opened, and looked at.
 *
 * @throws StartupError, one line that says what does not hold, and how to mend it.
 */
export async function checkFence(pool: FencedPool): Promise<void> {
  try {
    await pool.query("SELECT 1");
  } catch (error) {
    const fault = error instanceof FenceFault ? error : faultOf(error);
    throw new StartupError(fault?.message ?? unusable("DATABASE_URL", messageOf(error)));
  }
}

/** Refuses a server that is too old; `version` is PostgreSQL's server_version_num, as 140011. */
export function requireVersion(version: number): void {
  const major = Math.floor(version / 10_000);
  if (major >= oldestMajor) return;
  throw new StartupError(
    `The PostgreSQL at DATABASE_URL is version ${major}, crm-gateway needs ${oldestMajor} or ` +
      `newer: upgrade it, or name another one`,
  );
}

type Target = Pick<pg.Client, "host" | "port" | "user" | "database">;

/** One line for what went wrong with a connection. */
function explain(error: unknown, target: Target): string {
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const message = messageOf(error);
  const place = target.host.startsWith("/") ? target.host : `${target.host}:${target.port}`;
  const known = explanations[code];
  if (known !== undefined) return known(place, target);
  if (/timeout|timed out/i.test(message)) return unanswered(place);
  if (/password must be a string/.test(message)) return wrongPassword(place, target);
  return unusable(`${place} (DATABASE_URL)`, message);
}

const unusable = (place: string, message: string): string =>
  `The PostgreSQL at ${place} cannot be used: ${message}`;

const unanswered = (place: string): string =>
  `No answer from PostgreSQL at ${place}: check the host and port in DATABASE_URL, and firewalls`;
const unknownHost = (_: string, target: Target): string =>
  `The host ${target.host} in DATABASE_URL is unknown: check its spelling`;
const wrongPassword = (place: string, target: Target): string =>
  `PostgreSQL at ${place} does not let ${target.user ?? "us"} in: ` +
  `check the user and password in DATABASE_URL`;

const explanations: Readonly<Record<string, (place: string, target: Target) => string>> = {
  ECONNREFUSED: (place) =>
    `Nothing listens at ${place}: start PostgreSQL there, or mend DATABASE_URL`,
  ENOENT: (place) => `There is no PostgreSQL socket in ${place}: mend DATABASE_URL`,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ETIMEDOUT: unanswered,
  EHOSTUNREACH: unanswered,
  ENETUNREACH: unanswered,
  "28P01": wrongPassword,
  "28000": wrongPassword,
  "3D000": (place, target) =>
    `There is no database ${target.database ?? ""} at ${place}: create it, or mend DATABASE_URL`,
  "53300": (place) => `PostgreSQL at ${place} has no connection left: raise its max_connections`,
  "57P03": (place) => `PostgreSQL at ${place} is starting or stopping: try again in a moment`,
};

function messageOf(error: unknown): string {
  // A name with several addresses fails with one error for each.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const text = first instanceof Error ? first.message : String(first);
  return text.replaceAll(/\s+/g, " ");
}
