import type pg from "pg";
import { printingSettings, serverRole } from "../session.ts";
import type { Step } from "./step.ts";

/** What is left to do so that all nodes treat the gateway's statements alike. Empty when nothing is. */
export async function nodeSteps(client: pg.Client): Promise<Step[]> {
  return [
    ...(await roleSteps(client)),
    ...(await databaseSteps(client)),
    ...(await markSteps(client)),
  ];
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
      isOnNodes: true,
    }));
}
