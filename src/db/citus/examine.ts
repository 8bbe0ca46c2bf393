import type pg from "pg";
import { poolDefaults } from "../../config.ts";
import { serverRole } from "../session.ts";
import { nodesOf, type Node } from "./facts.ts";
import { databaseSteps, markSteps, recoverySteps, roleSteps } from "./nodes.ts";
import { shardSteps } from "./shards.ts";
import type { Step } from "./step.ts";
import { tableSteps } from "./tables.ts";

/** One check of all nodes: what is off, each with the command that mends it. */
type NodeCheck = {
  readonly name: string;
  readonly faults: readonly string[];
  readonly fine: string;
};

/** Checks each node of Citus for what the server relies on. It only reads. */
export async function examineNodes(
  client: pg.Client,
  lockMilliseconds = poolDefaults.lockMilliseconds,
): Promise<NodeCheck[]> {
  const nodes = await nodesOf(client);
  const answering = `${nodes.filter(({ facts }) => facts !== null).length} nodes`;
  return [
    {
      name: "nodes",
      faults: await silentNodes(client, nodes),
      fine: `${answering} answer, and let ${serverRole} in`,
    },
    {
      name: "nodes: tables",
      faults: faultsOf(await tableSteps(client)),
      fine: "every table of tenants is distributed",
    },
    {
      name: "nodes: role",
      faults: faultsOf([...roleSteps(nodes, lockMilliseconds), ...(await databaseSteps(client))]),
      fine: `${serverRole} has its settings on ${answering}, and row-level security holds it`,
    },
    {
      name: "nodes: recovery",
      faults: faultsOf(await recoverySteps(client)),
      fine: "what a stopped node leaves in doubt is settled soon",
    },
    {
      name: "nodes: functions",
      faults: faultsOf(markSteps(nodes)),
      fine: `marked alike on ${answering}`,
    },
    {
      name: "nodes: shards",
      faults: faultsOf(await shardSteps(client, nodes)),
      fine: "fenced and planned as their tables",
    },
  ];
}

/** The longest list of faults; `crm distribute` shows the others. */
const most = 3;

function faultsOf(steps: readonly Step[]): string[] {
  // Its own settings are of use only with the others.
  const faults = steps.filter(({ sql }) => !sql.startsWith("SET LOCAL"));
  const told = faults.slice(0, most).map(({ purpose, sql }) => `${purpose}: ${sql}`);
  if (faults.length === 0) return [];
  return [
    ...told,
    `crm distribute --yes mends ${faults.length === 1 ? "it" : `all ${faults.length}`}`,
  ];
}

async function silentNodes(client: pg.Client, nodes: readonly Node[]): Promise<string[]> {
  const { rows: known } = await client.query<{ place: string; active: boolean }>(
    "SELECT nodename || ':' || nodeport AS place, isactive AS active FROM pg_dist_node ORDER BY nodeid",
  );
  const faults = [
    ...known
      .filter(({ active }) => !active)
      .map(({ place }) => {
        const [host = "", port = ""] = place.split(/:(?=\d+$)/);
        return `${place} is not active: SELECT citus_activate_node('${host}', ${port})`;
      }),
    ...nodes
      .filter(({ facts }) => facts === null)
      .map(({ place, fault }) => `${place} does not answer (${fault}): start it`),
  ];
  if (!nodes.some(({ isCoordinator }) => isCoordinator)) {
    faults.push("the coordinator is no node: SELECT citus_set_coordinator_host('HOST')");
  }
  return faults.length > 0 ? faults : await closedNodes(client);
}

/** Nodes that do not let the server's role in. */
async function closedNodes(client: pg.Client): Promise<string[]> {
  await client.query("BEGIN");
  try {
    await client.query(`SET LOCAL ROLE ${serverRole}`);
    const { rows } = await client.query<{ place: string; result: string }>(
      `SELECT nodename || ':' || nodeport AS place, result FROM run_command_on_workers('SELECT 1') WHERE NOT success`,
    );
    return rows.map(
      ({ place, result }) =>
        `${place} does not let ${serverRole} in (${result}): add it to pg_hba.conf there, from Citus' nodes alone`,
    );
  } finally {
    await client.query("ROLLBACK");
  }
}
