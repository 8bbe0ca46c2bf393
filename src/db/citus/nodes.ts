import type pg from "pg";
import { printingSettings, serverRole } from "../session.ts";
import type { Node } from "./facts.ts";
import { names, type Step } from "./step.ts";

/**
 * What the role needs. Nodes connect to each other as the role that asks, and a node's session begins with that role's own
 * settings: what a statement relies on there cannot be set by the gateway.
 */
export function roleSteps(nodes: readonly Node[], lockMilliseconds: number): Step[] {
  const wanted = {
    ...printingSettings,
    jit: "off",
    "pg_trgm.word_similarity_threshold": "0.5",
    // Without a unit, as Citus writes it to the workers.
    lock_timeout: String(lockMilliseconds),
  };
  const steps = [
    stepOf(nodes, {
      purpose: "let nodes connect as the role",
      isMissing: ({ role }) => role?.login !== true,
      change: "LOGIN",
    }),
    stepOf(nodes, {
      purpose: "have row-level security hold the role",
      isMissing: ({ role }) => role?.bypasses === true,
      change: "NOSUPERUSER NOBYPASSRLS",
    }),
    ...Object.entries(wanted).map(([name, value]) =>
      stepOf(nodes, {
        purpose: `have each node's sessions begin with ${name} = ${value}`,
        isMissing: ({ role }) => !hasSetting(role?.settings ?? [], name, value),
        change: `SET ${name} = '${value}'`,
      }),
    ),
  ];
  return steps.filter((step) => step !== null);
}

type RoleChange = {
  readonly purpose: string;
  readonly isMissing: (facts: NonNullable<Node["facts"]>) => boolean;
  readonly change: string;
};

/** Citus passes a change of a role on to the workers. Where only they lack it, it is made there. */
function stepOf(nodes: readonly Node[], { purpose, isMissing, change }: RoleChange): Step | null {
  const lacking = nodes.filter(({ facts }) => facts !== null && isMissing(facts));
  if (lacking.length === 0) return null;
  const sql = `ALTER ROLE ${serverRole} ${change}`;
  if (lacking.some(({ isCoordinator }) => isCoordinator)) return { purpose, sql };
  return { purpose: `${purpose}${on(lacking)}`, sql: onWorkers(alone(sql)), isOnNodes: true };
}

/** PostgreSQL keeps some names in its own capitals. */
const hasSetting = (settings: readonly string[], name: string, value: string): boolean =>
  settings.some((setting) => setting.toLowerCase() === `${name}=${value}`.toLowerCase());

const onWorkers = (sql: string): string => `SELECT * FROM run_command_on_workers($$${sql}$$)`;

/** A worker would pass it on to the other nodes, which run it at the same time. */
const alone = (sql: string): string => `SET citus.enable_ddl_propagation = off; ${sql}`;

const on = (nodes: readonly Node[]): string =>
  ` on ${nodes.map(({ place }) => place).join(" and ")}`;

/**
 * What operators' sessions need: the coordinator asks its own copies as it asks those of others, else Citus refuses to alter
 * a table that was read before (migrations). The gateway's connections say the same for themselves. Not
 * `citus.propagate_set_commands`: Citus would send a text of several statements whole, when one of them is SET LOCAL.
 */
const databaseSettings = { "citus.enable_local_execution": "off" };

/** What the database on the coordinator lacks. */
export async function databaseSteps(client: pg.Client): Promise<Step[]> {
  const { rows } = await client.query<{ name: string; settings: string[] | null }>(
    `SELECT quote_ident(d.datname) AS name, s.setconfig AS settings FROM pg_database d
     LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0
     WHERE d.datname = current_database()`,
  );
  const [{ name: database, settings } = { name: "", settings: null }] = rows;
  const known = new Set(settings);
  return Object.entries(databaseSettings)
    .filter(([name, value]) => !known.has(`${name}=${value}`))
    .map(([name, value]) => ({
      purpose: `have the coordinator's sessions begin with ${name} = ${value}`,
      sql: `ALTER DATABASE ${database} SET ${name} = '${value}'`,
    }));
}

/** Less than the usual LOCK_TIMEOUT. */
const settledMilliseconds = 2_000;

/**
 * A transaction that a node was told of and did not commit before it stopped is in doubt there: its rows are locked, and
 * not seen, until the coordinator settles it. It looks for such transactions once a minute unless it is told otherwise, and
 * that long the writers of the tenant would be refused.
 */
export async function recoverySteps(client: pg.Client): Promise<Step[]> {
  const setting = "citus.recover_2pc_interval";
  const [now] = await names(
    client,
    `SELECT setting AS name FROM pg_settings WHERE name = '${setting}'`,
  );
  const milliseconds = Number(now);
  if (milliseconds > 0 && milliseconds <= settledMilliseconds) return [];
  const wanted = `${settledMilliseconds / 1_000}s`;
  return [
    {
      purpose: `have what a stopped node left in doubt settled within ${wanted}`,
      sql: `ALTER SYSTEM SET ${setting} = '${wanted}'`,
      isOfServer: true,
    },
    { purpose: "have the server read that", sql: "SELECT pg_reload_conf()", isOfServer: true },
  ];
}

/** Which functions cannot leak a row through an error, and what they cost, is said on each node by itself. */
export function markSteps(nodes: readonly Node[]): Step[] {
  const coordinator = nodes.find(({ isCoordinator }) => isCoordinator)?.facts;
  return (coordinator?.marks ?? []).flatMap((mark) => {
    const lacking = nodes.filter(({ facts }) => facts !== null && !facts.marks.includes(mark));
    if (lacking.length === 0) return [];
    const purpose = `mark ${mark.replace(/\(.*/, "")} as it is marked here${on(lacking)}`;
    return [{ purpose, sql: onWorkers(`ALTER FUNCTION ${mark}`), isOnNodes: true as const }];
  });
}
