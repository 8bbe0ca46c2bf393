import type pg from "pg";
import { policyText, type Node, type Shard } from "./facts.ts";
import type { Step } from "./step.ts";

type Table = { readonly name: string; readonly policies: readonly string[] };

/** What is left to do so that the shards are fenced and planned as their tables are. Empty when nothing is. */
export async function shardSteps(client: pg.Client, nodes: readonly Node[]): Promise<Step[]> {
  const { rows } = await client.query<Table>(
    `SELECT c.relname AS name, array(SELECT ${policyText} FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
     FROM pg_class c JOIN pg_dist_partition d ON d.logicalrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity ORDER BY c.relname`,
  );
  const shards = nodes.flatMap(({ facts }) => facts?.shards ?? []);
  return rows.flatMap((table) =>
    stepsOf(
      table,
      shards.filter((shard) => shard.table === table.name),
    ),
  );
}

/** What a new table's shards need behind the table's own steps. */
export const newShardSteps = (table: string): Step[] => [
  {
    purpose: `plan for all tenants of ${table}'s shards alike`,
    sql: onShards(table, planAlike),
    isOnNodes: true,
  },
];

/** What Citus refuses to pass on to the shards of a table. */
const ofEachPart =
  /^ALTER TABLE (?:ONLY )?"?(\w+)"? (ALTER (?:COLUMN )?"?\w+"? SET (?:STORAGE|STATISTICS|COMPRESSION) -?\w+);?$/i;

/** What a statement of a migration is on the shards, if Citus would not pass it on; null for one that it does. */
export function stepOfParts(statement: string): Step | null {
  const text = statement
    .replaceAll(/--[^\n]*/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  const [, table, change] = ofEachPart.exec(text) ?? [];
  if (table === undefined || change === undefined) return null;
  return {
    purpose: `change the shards of ${table} as the table`,
    sql: onShards(table, `ALTER TABLE %1$s ${change}`),
    isOnNodes: true,
  };
}

const onShards = (table: string, sql: string): string =>
  `SELECT * FROM run_command_on_placements('${table}', $$${sql}$$)`;

const kinds = ["stakind", "staop", "stacoll"].flatMap((name) =>
  [1, 2, 3, 4, 5].map((n) => `${name}${n}`),
);
/** What `plan_tenants_alike` tells of a table: that a tenant is one of 20. A shard that is moved to another node loses it. */
const planAlike =
  "ALTER TABLE %1$s ALTER COLUMN tenant_id SET STATISTICS 0; " +
  "DELETE FROM pg_statistic s USING pg_attribute a WHERE s.starelid = '%1$s'::regclass " +
  "AND a.attrelid = s.starelid AND a.attnum = s.staattnum AND a.attname = 'tenant_id'; " +
  `INSERT INTO pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct, ${kinds.join(", ")}) ` +
  `SELECT attrelid, attnum, false, 0, 16, 20, ${kinds.map(() => 0).join(", ")} ` +
  "FROM pg_attribute WHERE attrelid = '%1$s'::regclass AND attname = 'tenant_id'";

function stepsOf({ name, policies }: Table, shards: readonly Shard[]): Step[] {
  const step = (what: string, wrong: readonly Shard[], sql: string): Step[] =>
    wrong.length === 0
      ? []
      : [
          {
            purpose: `${what} ${wrong.map((shard) => shard.name).join(", ")}`,
            sql: onShards(name, sql),
            isOnNodes: true,
          },
        ];
  const open = shards.flatMap((shard) => shard.policies).filter((one) => !policies.includes(one));
  return [
    ...step(
      "put row-level security on",
      shards.filter(({ isFenced }) => !isFenced),
      "ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY",
    ),
    // Before the table's own are put on: one of the same name may be in the way.
    ...[...new Set(open)].flatMap((policy) =>
      step(
        "take off a policy that the table does not have from",
        shards.filter((shard) => shard.policies.includes(policy)),
        `DROP POLICY IF EXISTS ${nameOf(policy)} ON %1$s`,
      ),
    ),
    ...policies.flatMap((policy) =>
      step(
        "put the table's policy on",
        shards.filter((shard) => !shard.policies.includes(policy)),
        `DROP POLICY IF EXISTS ${nameOf(policy)} ON %1$s; CREATE POLICY ${onShard(policy)}`,
      ),
    ),
    ...step(
      "plan for all tenants alike in",
      shards.filter(({ plansAlike }) => !plansAlike),
      planAlike,
    ),
  ];
}

/** A policy of the shard; for Citus the text is a format. */
const onShard = (policy: string): string =>
  `${nameOf(policy)} ON %1$s${policy.slice(nameOf(policy).length).replaceAll("%", "%%")}`;

/** The name that a policy's text begins with, in quotes where it needs them. */
const nameOf = (policy: string): string => /^(?:"(?:[^"]|"")*"|[^ ]+)/.exec(policy)?.[0] ?? "";
