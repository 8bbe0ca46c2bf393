import type pg from "pg";
import { StartupError } from "../lib/startup-error.ts";
import { printingSettings, serverRole } from "./session.ts";

/** A step of the distribution: what it is for, and its SQL. One on the workers runs once the others are committed. */
export type Step = {
  readonly purpose: string;
  readonly sql: string;
  readonly isOnWorkers?: true;
};

/** The table that every tenant's rows refer to: each node has a copy of it. */
const shared = "tenants";

/**
 * What is left to do so that Citus keeps each tenant's rows together on one node. Empty when nothing is.
 *
 * @throws StartupError when the database is no Citus coordinator with workers.
 */
export async function distributionSteps(client: pg.Client, shards: number): Promise<Step[]> {
  await requireWorkers(client);
  const undone = await undistributed(client);
  const tables = undone.filter((table) => table !== shared);
  const [known] = await names(
    client,
    `SELECT logicalrelid::text AS name FROM pg_dist_partition WHERE partmethod = 'h' ORDER BY 1`,
  );
  const first = known ?? tables[0];
  const keys = undone.length === 0 ? [] : await foreignKeys(client);
  return [
    ...(undone.length === 0 ? [] : [set("citus.shard_count", String(shards)), sequential]),
    // Citus wants the tables of both ends of a key to be distributed before the key.
    ...keys.map(({ table, name }) => ({
      purpose: `take the foreign key ${name} off`,
      sql: `ALTER TABLE ${table} DROP CONSTRAINT ${name}`,
    })),
    ...(undone.includes(shared)
      ? [
          {
            purpose: `copy ${shared} to each node`,
            sql: `SELECT create_reference_table('${shared}')`,
          },
        ]
      : []),
    ...tables.map((table) => ({
      purpose: `distribute ${table} by tenant`,
      sql: `SELECT create_distributed_table('${table}', 'tenant_id', colocate_with => '${table === first ? "none" : first}')`,
    })),
    ...keys.map(({ table, name, definition }) => ({
      purpose: `put the foreign key ${name} on again`,
      sql: `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`,
    })),
    ...(await roleSteps(client)),
    ...(await databaseSteps(client)),
    ...(await markSteps(client)),
  ];
}

/**
 * Runs the steps: those on tables and roles in one transaction, then those on the workers.
 *
 * @throws StartupError when a worker refuses a step; what is left is shown the next time.
 */
export async function distribute(client: pg.Client, steps: readonly Step[]): Promise<void> {
  await client.query("BEGIN");
  try {
    for (const { sql, isOnWorkers } of steps) if (isOnWorkers !== true) await client.query(sql);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
  for (const { sql, isOnWorkers } of steps) {
    if (isOnWorkers !== true) continue;
    const { rows } = await client.query<{ refused: string }>(
      `SELECT nodename || ':' || nodeport || ': ' || result AS refused FROM (${sql}) r WHERE NOT success`,
    );
    const [first] = rows;
    if (first !== undefined) throw new StartupError(`${sql}: ${first.refused}`);
  }
}

const set = (name: string, value: string): Step => ({
  purpose: `set ${name} to ${value}`,
  sql: `SET LOCAL ${name} = '${value}'`,
});
/** Keys between distributed tables are made on one connection to each node. */
const sequential = set("citus.multi_shard_modify_mode", "sequential");

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

/** Tables with tenants' rows, and the tenants themselves, that lie on this node alone. */
function undistributed(client: pg.Client): Promise<string[]> {
  return names(
    client,
    `SELECT c.relname AS name FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
       AND (c.relname = '${shared}' OR EXISTS (
         SELECT FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
       AND NOT EXISTS (
         SELECT FROM pg_dist_partition p
         WHERE p.logicalrelid = c.oid AND (p.partmethod = 'h' OR p.repmodel = 't'))
       AND NOT EXISTS (SELECT FROM pg_dist_shard s WHERE c.relname = shard_name(s.logicalrelid, s.shardid))
     ORDER BY c.relname`,
  );
}

async function foreignKeys(client: pg.Client) {
  const { rows } = await client.query<{ table: string; name: string; definition: string }>(
    `SELECT c.relname AS table, quote_ident(k.conname) AS name, pg_get_constraintdef(k.oid) AS definition
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
     WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1, 2`,
  );
  return rows;
}

/**
 * Nodes connect to each other as the role that asks, and a node's session begins with that role's own settings: what a
 * statement relies on there cannot be set by the gateway.
 */
async function roleSteps(client: pg.Client): Promise<Step[]> {
  const { rows } = await client.query<{ login: boolean; settings: string[] | null }>(
    `SELECT r.rolcanlogin AS login, s.setconfig AS settings FROM pg_roles r
     LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0 WHERE r.rolname = $1`,
    [serverRole],
  );
  const [{ login, settings } = { login: false, settings: null }] = rows;
  // PostgreSQL keeps some names in its own capitals.
  const known = new Set(settings?.map((setting) => setting.toLowerCase()));
  const wanted = { ...printingSettings, jit: "off", "pg_trgm.word_similarity_threshold": "0.5" };
  const missing = Object.entries(wanted).filter(
    ([name, value]) => !known.has(`${name}=${value}`.toLowerCase()),
  );
  return [
    ...(login
      ? []
      : [{ purpose: "let nodes connect as the role", sql: `ALTER ROLE ${serverRole} LOGIN` }]),
    ...missing.map(([name, value]) => ({
      purpose: `have each node's sessions begin with ${name} = ${value}`,
      sql: `ALTER ROLE ${serverRole} SET ${name} = '${value}'`,
    })),
  ];
}

/** What the coordinator's sessions need: the tenant travels to the nodes, and the coordinator asks itself as it asks them. */
const databaseSettings = {
  "citus.propagate_set_commands": "local",
  "citus.enable_local_execution": "off",
};

async function databaseSteps(client: pg.Client): Promise<Step[]> {
  const { rows } = await client.query<{ name: string; settings: string[] | null }>(
    `SELECT d.datname AS name, s.setconfig AS settings FROM pg_database d
     LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0
     WHERE d.datname = current_database()`,
  );
  const [{ name: database, settings } = { name: "", settings: null }] = rows;
  const known = new Set(settings);
  return Object.entries(databaseSettings)
    .filter(([name, value]) => !known.has(`${name}=${value}`))
    .map(([name, value]) => ({
      purpose: `have the coordinator's sessions begin with ${name} = ${value}`,
      sql: `ALTER DATABASE "${database}" SET ${name} = '${value}'`,
    }));
}

/** Which functions cannot leak a row through an error, and what they cost, is said on each node by itself. */
async function markSteps(client: pg.Client): Promise<Step[]> {
  const marked = `SELECT p.oid::regprocedure::text || ' LEAKPROOF COST ' || p.procost AS mark FROM pg_proc p
    WHERE p.proleakproof AND (p.pronamespace = 'pg_catalog'::regnamespace
      OR p.proname IN ('similarity_op', 'word_similarity_op', 'word_similarity_commutator_op'))`;
  const { rows } = await client.query<{ mark: string }>(`${marked} ORDER BY 1`);
  const listed = `SELECT coalesce(json_agg(m.mark), '[]') FROM (${marked}) m`;
  const answers = await client.query<{ result: string }>(
    "SELECT result FROM run_command_on_workers($1)",
    [listed],
  );
  const onWorkers = answers.rows.map(({ result }) => new Set<unknown>(JSON.parse(result)));
  return rows
    .filter(({ mark }) => onWorkers.some((marks) => !marks.has(mark)))
    .map(({ mark }) => ({
      purpose: `mark ${mark.replace(/\(.*/, "")} on the workers as it is marked here`,
      sql: `SELECT * FROM run_command_on_workers($$ALTER FUNCTION ${mark}$$)`,
      isOnWorkers: true,
    }));
}

async function names(client: pg.Client, sql: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(sql);
  return rows.map(({ name }) => name);
}
