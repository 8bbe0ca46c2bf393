import type pg from "pg";
import { newShardSteps } from "./shards.ts";
import { names, type Step } from "./step.ts";

/**
 * The tables that each node has a copy of: the one that all rows refer to, and the one that is read before the tenant is
 * known. All others with a tenant_id are spread by it.
 */
const copied: readonly string[] = ["tenants", "api_keys"];

type Table = {
  readonly name: string;
  /** Whether ANALYZE leaves its tenants alone already. */
  readonly plansAlike: boolean;
  /** Whether its shards can be told of their tenants, which takes a superuser. */
  readonly canTell: boolean;
};
type Key = {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
};

/** What is left to do so that the rows of each tenant are together on one node. Empty when nothing is. */
export async function tableSteps(client: pg.Client, shards?: number): Promise<Step[]> {
  const undone = await undistributed(client);
  if (undone.length === 0) return [];
  const [known] = await names(
    client,
    "SELECT logicalrelid::text AS name FROM pg_dist_partition WHERE partmethod = 'h' ORDER BY 1",
  );
  const spread = undone.filter(({ name }) => !copied.includes(name));
  const first = known ?? spread[0]?.name;
  const keys = await foreignKeys(client, undone);
  return [
    ...(shards === undefined ? [] : [set("citus.shard_count", String(shards))]),
    // Keys between distributed tables are made on one connection to each node.
    set("citus.multi_shard_modify_mode", "sequential"),
    // Citus wants the tables of both ends of a key to be distributed before the key.
    ...keys.map(({ table, name }) => ({
      purpose: `take the foreign key ${name} off`,
      sql: `ALTER TABLE ${table} DROP CONSTRAINT ${name}`,
    })),
    // The shards get this from the table; later Citus would pass it on to none.
    ...undone
      .filter(({ plansAlike }) => !plansAlike)
      .map(({ name }) => ({
        purpose: `plan for all tenants of ${name} alike`,
        sql: `ALTER TABLE ${name} ALTER COLUMN tenant_id SET STATISTICS 0`,
      })),
    ...undone
      .filter(({ name }) => copied.includes(name))
      .map(({ name }) => ({
        purpose: `copy ${name} to each node`,
        sql: `SELECT create_reference_table('${name}')`,
      })),
    ...spread.map(({ name }) => ({
      purpose: `distribute ${name} by tenant`,
      sql: `SELECT create_distributed_table('${name}', 'tenant_id', colocate_with => '${name === first ? "none" : first}')`,
    })),
    ...keys.filter(isKept).map(({ table, name, definition }) => ({
      purpose: `put the foreign key ${name} on again`,
      sql: `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`,
    })),
    ...undone.filter(({ canTell }) => canTell).flatMap(({ name }) => newShardSteps(name)),
  ];
}

/**
 * A copied table cannot refer to one that is spread. To write one that refers to another copied one, Citus demands the
 * right to write that too, and nobody but the operator writes tenants. The gateway looks itself at what a key is bound to.
 */
const isKept = ({ table }: Key): boolean => !copied.includes(table);

const set = (name: string, value: string): Step => ({
  purpose: `set ${name} to ${value}`,
  sql: `SET LOCAL ${name} = '${value}'`,
});

/** Tables with tenants' rows, and the tenants themselves, that lie on this node alone. */
async function undistributed(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `SELECT c.relname AS name, a.attstattarget IS NOT DISTINCT FROM 0 OR a.attnum IS NULL AS "plansAlike",
       a.attnum IS NOT NULL AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS "canTell"
     FROM pg_class c
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
       AND (a.attnum IS NOT NULL OR c.relname = 'tenants')
       AND NOT EXISTS (
         SELECT FROM pg_dist_partition p
         WHERE p.logicalrelid = c.oid AND (p.partmethod = 'h' OR p.repmodel = 't'))
       AND NOT EXISTS (SELECT FROM pg_dist_shard s WHERE c.relname = shard_name(s.logicalrelid, s.shardid))
     ORDER BY c.relname`,
  );
  return rows;
}

/** The keys from and to the tables. */
async function foreignKeys(client: pg.Client, tables: readonly Table[]): Promise<Key[]> {
  const { rows } = await client.query<Key>(
    `SELECT c.relname AS table, quote_ident(k.conname) AS name, pg_get_constraintdef(k.oid) AS definition
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
     WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
       AND (c.relname = ANY ($1) OR f.relname = ANY ($1)) ORDER BY 1, 2`,
    [tables.map(({ name }) => name)],
  );
  return rows;
}
