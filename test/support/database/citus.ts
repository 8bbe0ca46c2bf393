import { distribute, distributionSteps } from "../../../src/db/distribute.ts";
import { migrate } from "../../../src/db/migrate.ts";
import { withOwner } from "../../../src/db/with-owner.ts";

/** Few, since each database of a test has the files of all. */
const shards = 4;
/** The wait for locks that the nodes are told, as in patience.ts. */
export const lockMilliseconds = 30_000;

type Place = { readonly host?: string; readonly port?: number; readonly name?: string };

/** The URL of the same database at another server, or of another one at the same server. */
export function urlOf(url: string, { host, port, name }: Place): string {
  const other = new URL(url);
  if (host !== undefined) other.hostname = host;
  if (port !== undefined) other.port = String(port);
  if (name !== undefined) other.pathname = `/${name}`;
  return other.href;
}

/** The workers that a coordinator's database knows, by the same database's name. */
export async function workersOf(coordinator: string): Promise<string[]> {
  const nodes = await rowsOf<Place>(
    coordinator,
    "SELECT nodename AS host, nodeport AS port FROM pg_dist_node WHERE groupid <> 0 ORDER BY nodeid",
  );
  if (nodes.length === 0) throw new Error("the Citus database knows no workers");
  return nodes.map((node) => urlOf(coordinator, node));
}

/** Makes a database on each server, the coordinator's first, and makes a cluster of them. */
export async function makeCluster(servers: readonly string[], name: string): Promise<string> {
  const nodes = servers.map((server) => urlOf(server, { name }));
  await onAll(servers, `CREATE DATABASE ${name}`);
  await onAll(nodes, "CREATE EXTENSION citus");
  const [coordinator = "", ...workers] = nodes;
  await addNode(coordinator, "citus_set_coordinator_host", coordinator);
  for (const worker of workers) await addNode(coordinator, "citus_add_node", worker);
  return coordinator;
}

const addNode = (coordinator: string, how: string, node: string): Promise<unknown> =>
  rowsOf(coordinator, `SELECT ${how}($1, $2)`, [new URL(node).hostname, new URL(node).port]);

/** A migrated and distributed database that can be copied: nobody is connected to it, nor are Citus' own daemons. */
export async function makeCitusTemplate(servers: readonly string[], name: string): Promise<string> {
  const url = await makeCluster(servers, name);
  await migrate({ url });
  await distributeAll(url);
  await onAll(servers, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await onAll(
    servers,
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`,
  );
  return url;
}

/** What `crm distribute --yes` does. */
export function distributeAll(url: string): Promise<void> {
  return withOwner(url, "test", async (client) => {
    await distribute(client, await distributionSteps(client, { shards, lockMilliseconds }));
  });
}

/** Gives a copy the settings of its template, which PostgreSQL does not copy. */
export async function copySettings(server: string, from: string, to: string): Promise<void> {
  const settings = await rowsOf<{ sql: string }>(
    server,
    `SELECT format('ALTER DATABASE %I SET %s = %L', $2::text, split_part(setting, '=', 1), split_part(setting, '=', 2)) AS sql
     FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS setting
     WHERE d.datname = $1 AND s.setrole = 0`,
    [from, to],
  );
  for (const { sql } of settings) await rowsOf(server, sql);
}

/** Removes what this run or an earlier one left on the servers. */
export async function sweepCitus(servers: readonly string[]): Promise<void> {
  for (const server of servers) {
    const left = await rowsOf<{ name: string }>(
      server,
      "SELECT quote_ident(datname) AS name FROM pg_database WHERE datname LIKE 'test\\_%'",
    );
    for (const { name } of left) await rowsOf(server, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function onAll(servers: readonly string[], sql: string): Promise<void> {
  await Promise.all(servers.map((server) => rowsOf(server, sql)));
}

function rowsOf<Row extends object>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return withOwner(url, "test", async (client) => {
    const { rows } = await client.query<Row>(sql, [...values]);
    return rows;
  });
}
