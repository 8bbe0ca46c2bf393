import { afterAll, beforeAll, expect, it } from "vitest";
import { asWork, Work } from "../../src/db/work.ts";
import { FencedPool } from "../../src/db/fenced-pool.ts";
import { startPool, type TestPool } from "../support/database/pool.ts";

const [ours, theirs] = [
  "0190aaaa-0000-7000-8000-000000000001",
  "0190aaaa-0000-7000-8000-000000000002",
];

let database: TestPool;
let pool: FencedPool;

beforeAll(async () => {
  database = await startPool(2);
  ({ pool } = database);
});
afterAll(() => database.close());

/** The tenant that a statement was fenced to, and the process that ran it. */
const look = (tenantId: string) =>
  pool.forTenant(tenantId).rows("SELECT current_tenant_id(), pg_backend_pid(), pg_sleep(0.01)", []);

it("gives a tenant the spare connection that is pinned to it", async () => {
  const [mine, others] = await Promise.all([look(ours), look(theirs)]);
  expect(mine[0]?.[1]).not.toBe(others[0]?.[1]);
  for (const _ of [1, 2, 3]) {
    expect(await look(ours)).toEqual(mine);
    expect(await look(theirs)).toEqual(others);
  }
});

it("keeps the pin of a connection whose statement fails", async () => {
  const fail = (tenantId: string) =>
    pool.forTenant(tenantId).rows("SELECT 1 / (pg_sleep(0.01)::text = 'x')::integer", []);
  for (const tenantId of [theirs, ours, theirs]) {
    await Promise.allSettled([fail(ours), fail(theirs)]);
    const [found, other] = await Promise.all([look(tenantId), look(ours)]);
    expect([found[0]?.[0], other[0]?.[0]]).toEqual([tenantId, ours]);
  }
});

it("takes a connection back once, also when the work is stopped meanwhile", async () => {
  const work = new Work();
  const answers = [1, 2, 3].map(() => asWork(work, () => look(ours)));
  const settled = Promise.allSettled(answers);
  await answers[0];
  work.stop(new Error("enough"));
  await settled;
  expect(pool.load).toEqual({ taken: 0, waiting: 0 });
  const [mine, others] = await Promise.all([look(ours), look(theirs)]);
  expect([mine[0]?.[0], others[0]?.[0]]).toEqual([ours, theirs]);
  // A connection that was taken back twice would serve both.
  expect(mine[0]?.[1]).not.toBe(others[0]?.[1]);
});

it("replaces a connection that breaks", async () => {
  await look(ours);
  await database.fixtures.client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crm-gateway'",
  );
  await expect.poll(() => pool.totalCount).toBe(0);
  expect((await look(ours))[0]?.[0]).toBe(ours);
});

it("closes all connections with the pool, and those in use when they are given back", async () => {
  const closing = new FencedPool({ url: database.url, maxConnections: 2 });
  const read = () => closing.forTenant(ours).rows("SELECT pg_sleep(0.05)", []);
  await read();
  const last = read();
  await closing.close();
  expect(await last).toEqual([[""]]);
  expect(closing.totalCount).toBe(0);
  await expect(read()).rejects.toThrow("Cannot use a pool after calling end");
});
