import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { urlOf } from "../support/database/citus.ts";
import { withClient } from "../support/database/with-client.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let started: Awaited<ReturnType<typeof startTenant>>;

beforeAll(async () => {
  started = await startTenant("doubt");
});
afterAll(() => started.gateway.close());

const create = (name: string) =>
  started.rest.post("/api/v1/crm/accounts", { name }, { "idempotency-key": name });

const query = async (text: string): Promise<unknown[]> => {
  const { rows } = await started.gateway.fixtures.client.query({ text, rowMode: "array" });
  return rows.flat();
};

/**
 * Leaves a transaction as a node does that stops between the two halves of a commit, of which the coordinator has told that
 * all is well. `work` gets the name that the tenant's part of a table has on its node.
 */
async function leaveInDoubt(
  table: string,
  work: (node: pg.Client, shard: string) => Promise<unknown>,
): Promise<void> {
  const { gateway, tenant } = started;
  const { client } = gateway.fixtures;
  type Place = { host: string; port: number; group: number; shard: string };
  const { rows } = await client.query<Place>(
    `SELECT nodename AS host, nodeport AS port, groupid AS group, shard_name(logicalrelid, shardid) AS shard
     FROM pg_dist_shard JOIN pg_dist_shard_placement USING (shardid) JOIN pg_dist_node USING (nodename, nodeport)
     WHERE shardid = get_shard_id_for_distribution_column($1, $2::uuid)`,
    [table, tenant.uuid],
  );
  const [{ host, port, group, shard } = { host: "", port: 0, group: 0, shard: "" }] = rows;
  const gid = `citus_0_1_999999999_${table === "change_events" ? 0 : 1}`;
  await withClient(urlOf(gateway.databaseUrl, { host, port }), async (node) => {
    await work(node, shard);
    await node.query(`PREPARE TRANSACTION '${gid}'`);
  });
  await client.query("INSERT INTO pg_dist_transaction (groupid, gid) VALUES ($1, $2)", [
    group,
    gid,
  ]);
}

it("a write behind one that is in doubt on its node waits until Citus settles that one", async () => {
  expect(await create("Before")).toMatchObject({ status: 201 });
  await leaveInDoubt("change_events", async (node, shard) => {
    await node.query("BEGIN");
    await node.query(
      `INSERT INTO ${shard} (tenant_id, id, position, ends_transaction, entity_type, entity_id, operation, version, actor, occurred_at, changes)
       SELECT tenant_id, gen_random_uuid(), position + 1, true, entity_type, entity_id, 'updated', version + 1, actor, now(), '{}'
       FROM ${shard} ORDER BY position DESC LIMIT 1`,
    );
  });
  expect(await create("Behind")).toMatchObject({ status: 201 });
  expect(await query("SELECT position::integer FROM change_events ORDER BY position")).toEqual([
    1, 2, 3,
  ]);
});

it("a write that is in doubt itself is done once, though it is sent again", async () => {
  const first = await create("Doubtful");
  await leaveInDoubt("idempotency_keys", async (node, shard) => {
    await node.query(`CREATE TABLE kept AS SELECT * FROM ${shard}`);
    await node.query(`DELETE FROM ${shard}`);
    await node.query("BEGIN");
    await node.query(`INSERT INTO ${shard} SELECT * FROM kept`);
  });
  expect((await create("Doubtful")).body).toEqual(first.body);
  expect(await query("SELECT count(*)::integer FROM accounts WHERE name = 'Doubtful'")).toEqual([
    1,
  ]);
});
