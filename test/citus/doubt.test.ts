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
  started.gateway.data(
    started.key,
    `mutation { createAccount(input: {name: "${name}"}) { account { name } userErrors { message } } }`,
  );

it("a write behind one that is in doubt on its node waits until Citus settles that one", async () => {
  const { gateway, tenant } = started;
  const { client } = gateway.fixtures;
  await create("Before");
  const { rows } = await client.query<{ host: string; port: number; group: number; shard: string }>(
    `SELECT nodename AS host, nodeport AS port, groupid AS group, shard_name('change_events', shardid) AS shard
     FROM pg_dist_shard_placement JOIN pg_dist_node USING (nodename, nodeport)
     WHERE shardid = get_shard_id_for_distribution_column('change_events', $1::uuid)`,
    [tenant.uuid],
  );
  const [{ host, port, group, shard } = { host: "", port: 0, group: 0, shard: "" }] = rows;
  // As a node leaves it that stops between the two halves of a commit: the coordinator has told that all is well.
  const gid = "citus_0_1_999999999_0";
  await withClient(urlOf(gateway.databaseUrl, { host, port }), async (node) => {
    await node.query("BEGIN");
    await node.query(
      `INSERT INTO ${shard} (tenant_id, id, position, ends_transaction, entity_type, entity_id, operation, version, actor, occurred_at, changes)
       SELECT tenant_id, gen_random_uuid(), position + 1, true, entity_type, entity_id, 'updated', version + 1, actor, now(), '{}'
       FROM ${shard} WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1`,
      [tenant.uuid],
    );
    await node.query(`PREPARE TRANSACTION '${gid}'`);
  });
  await client.query("INSERT INTO pg_dist_transaction (groupid, gid) VALUES ($1, $2)", [
    group,
    gid,
  ]);
  const positions = async () => {
    const found = await client.query<{ position: number }>(
      "SELECT position::integer FROM change_events WHERE tenant_id = $1 ORDER BY position",
      [tenant.uuid],
    );
    return found.rows.map(({ position }) => position);
  };
  expect(await create("Behind")).toMatchObject({ createAccount: { account: { name: "Behind" } } });
  expect(await positions()).toEqual([1, 2, 3]);
});
