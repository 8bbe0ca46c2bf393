import { afterAll, beforeAll, expect, it } from "vitest";
import { nodesOf } from "../../src/db/citus/facts.ts";
import { roleSteps } from "../../src/db/citus/nodes.ts";
import { distributionSteps } from "../../src/db/distribute.ts";
import { examine } from "../../src/db/doctor.ts";
import { distributeAll, lockMilliseconds } from "../support/database/citus.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";

let database: TestDatabase;
let fixtures: Fixtures;

beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
});
afterAll(async () => {
  await fixtures.close();
  await database.drop();
});

const query = (sql: string) => fixtures.client.query(sql);
/** What is off. */
const faults = async (): Promise<Readonly<Record<string, string>>> => {
  const findings = await examine({ url: database.url, lockMilliseconds });
  return Object.fromEntries(
    findings.flatMap(({ name, ok, detail }) => (ok ? [] : [[name, detail]])),
  );
};
/** Runs SQL on the workers, or on the shards of a table. */
const onWorkers = (sql: string): string => `SELECT * FROM run_command_on_workers($$${sql}$$)`;
const onShards = (table: string, sql: string): string =>
  `SELECT * FROM run_command_on_placements('${table}', $$${sql}$$)`;

/** A table with a fence, on the coordinator alone. */
const leads = `CREATE TABLE leads (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));
  ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
  SELECT plan_tenants_alike('leads');
  CREATE POLICY tenant_fence ON leads USING (tenant_id = current_tenant_id())`;

it("finds nothing wrong with a database that is distributed, and nothing left to do", async () => {
  expect(await faults()).toEqual({});
  expect(await distributionSteps(fixtures.client, { lockMilliseconds })).toEqual([]);
});

it.each([
  ["nodes: functions", onWorkers("ALTER FUNCTION texticlike(text, text) NOT LEAKPROOF")],
  ["nodes: functions", onWorkers("ALTER FUNCTION word_similarity_op(text, text) COST 1")],
  ["nodes: shards", onShards("accounts", "ALTER TABLE %1$s DISABLE ROW LEVEL SECURITY")],
  ["nodes: shards", onShards("tenants", "DROP POLICY tenant_fence ON %1$s")],
  ["nodes: shards", onShards("deals", "ALTER POLICY tenant_fence ON %1$s USING (true)")],
  ["nodes: shards", onShards("quotes", "CREATE POLICY open ON %1$s FOR SELECT USING (true)")],
  [
    "nodes: shards",
    onShards("api_keys", "ALTER TABLE %1$s ALTER COLUMN tenant_id SET STATISTICS 9"),
  ],
  ["nodes: tables", leads],
])("%s are off after %s; what is told mends it", async (name, harm) => {
  await query(harm);
  const found = await faults();
  expect(found).toEqual({ [name]: expect.stringMatching(/crm distribute --yes mends/) });
  const steps = await distributionSteps(fixtures.client, { lockMilliseconds });
  expect(found[name]).toContain(steps.find(({ sql }) => !sql.startsWith("SET"))?.sql);
  await distributeAll(database.url);
  expect(await faults()).toEqual({});
});

it("a coordinator that leaves transactions in doubt for long is told; crm distribute mends it", async () => {
  await query("ALTER SYSTEM SET citus.recover_2pc_interval = '1min'");
  await query("SELECT pg_reload_conf()");
  await expect
    .poll(faults)
    .toEqual({ "nodes: recovery": expect.stringMatching(/ALTER SYSTEM SET citus\.recover_2pc/) });
  await distributeAll(database.url);
  await expect.poll(faults).toEqual({});
});

it("a role that a worker knows otherwise is set right there; one that the coordinator does, everywhere", async () => {
  const nodes = await nodesOf(fixtures.client);
  expect(roleSteps(nodes, lockMilliseconds)).toEqual([]);
  const without = (isWrong: (isCoordinator: boolean) => boolean) =>
    nodes.map(({ facts, ...node }) => ({
      ...node,
      facts:
        facts?.role != null && isWrong(node.isCoordinator)
          ? { ...facts, role: { ...facts.role, login: false, bypasses: true } }
          : facts,
    }));
  const told = (isWrong: (isCoordinator: boolean) => boolean) =>
    roleSteps(without(isWrong), lockMilliseconds).map(({ sql }) => sql);
  expect(told(() => true)).toEqual([
    "ALTER ROLE crm_gateway LOGIN",
    "ALTER ROLE crm_gateway NOSUPERUSER NOBYPASSRLS",
  ]);
  expect(told((isCoordinator) => !isCoordinator)).toEqual([
    onWorkers("SET citus.enable_ddl_propagation = off; ALTER ROLE crm_gateway LOGIN"),
    onWorkers(
      "SET citus.enable_ddl_propagation = off; ALTER ROLE crm_gateway NOSUPERUSER NOBYPASSRLS",
    ),
  ]);
});

it("a node that does not answer, or is not active, is told", async () => {
  const port = new URL(database.url).port;
  const worker = `(SELECT max(nodeid) FROM pg_dist_node WHERE nodeport <> ${port})`;
  await query(`UPDATE pg_dist_node SET nodeport = 1 WHERE nodeid = ${worker}`);
  expect((await faults())["nodes"]).toMatch(/:1 does not answer \(.+\): start it$/);
  await query(`UPDATE pg_dist_node SET isactive = false WHERE nodeid = ${worker}`);
  expect((await faults())["nodes"]).toMatch(
    /:1 is not active: SELECT citus_activate_node\('.+', 1\)/,
  );
});
