import pg from "pg";
import { StartupError } from "../lib/startup-error.ts";
import { poolDefaults } from "../config.ts";
import { nodesOf } from "./citus/facts.ts";
import { databaseSteps, markSteps, recoverySteps, roleSteps } from "./citus/nodes.ts";
import { shardSteps } from "./citus/shards.ts";
import { names, type Step } from "./citus/step.ts";
import { tableSteps } from "./citus/tables.ts";

type Options = {
  /** How many shards each table has; it cannot be changed later. */
  readonly shards?: number;
  /** The longest wait for a row's lock. */
  readonly lockMilliseconds?: number;
};

/**
 * What is left to do so that Citus keeps each tenant's rows together on one node. Empty when nothing is.
 *
 * @throws StartupError when the database is no Citus coordinator with workers.
 */
export async function distributionSteps(client: pg.Client, options: Options): Promise<Step[]> {
  await requireWorkers(client);
  const { lockMilliseconds = poolDefaults.lockMilliseconds } = options;
  const nodes = await nodesOf(client);
  return [
    ...(await tableSteps(client, options.shards)),
    ...roleSteps(nodes, lockMilliseconds),
    ...(await databaseSteps(client)),
    ...markSteps(nodes),
    ...(await shardSteps(client, nodes)),
    ...(await recoverySteps(client)),
  ];
}

/**
 * Runs the steps: those on tables and roles in one transaction, then those on the nodes, then those of the server.
 *
 * @throws StartupError when a node refuses a step; what is left is shown the next time.
 */
export async function distribute(client: pg.Client, steps: readonly Step[]): Promise<void> {
  await client.query("BEGIN");
  try {
    for (const { sql, isOnNodes, isOfServer } of steps) {
      if (isOnNodes !== true && isOfServer !== true) await client.query(sql);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
  await runOnNodes(client, steps);
  for (const { sql, isOfServer } of steps) if (isOfServer === true) await runOnServer(client, sql);
}

async function runOnServer(client: pg.Client, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw new StartupError(`${sql}: ${error.message}; set it where the server is configured`);
  }
}

/** Runs those of the steps that come behind the others. @throws StartupError when a node refuses one */
export async function runOnNodes(client: pg.Client, steps: readonly Step[]): Promise<void> {
  for (const { sql, isOnNodes } of steps) {
    if (isOnNodes !== true) continue;
    const { rows } = await client.query<{ refused: string }>(
      `SELECT nodename || ':' || nodeport || ': ' || result AS refused FROM (${sql}) r WHERE NOT success`,
    );
    const [first] = rows;
    if (first !== undefined) throw new StartupError(`${sql}: ${first.refused}`);
  }
}

async function requireWorkers(client: pg.Client): Promise<void> {
  const [version] = await names(
    client,
    "SELECT extversion AS name FROM pg_extension WHERE extname = 'citus'",
  );
  if (version === undefined) {
    throw new StartupError(
      "This database has no Citus: install it on all nodes, and run CREATE EXTENSION citus in each",
    );
  }
  const nodes = await names(
    client,
    "SELECT node_name AS name FROM citus_get_active_worker_nodes()",
  );
  if (nodes.length > 0) return;
  throw new StartupError(
    "Citus has no workers here: SELECT citus_set_coordinator_host('HOST'), then citus_add_node('HOST', PORT) for each",
  );
}
