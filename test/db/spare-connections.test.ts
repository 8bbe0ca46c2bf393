import { afterAll, beforeAll, expect, it } from "vitest";
import { asWork, Work } from "../../src/db/work.ts";
import { FencedPool } from "../../src/db/fenced-pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";

const [ours, theirs] = [
  "0190aaaa-0000-7000-8000-000000000001",
  "0190aaaa-0000-7000-8000-000000000002",
];

let database: TestDatabase;
let fixtures: Fixtures;
let pool: FencedPool;

beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
  pool = new FencedPool({ url: database.url, maxConnections: 2 });
});
afterAll(async () => {
  await pool.close();
  await fixtures.close();
  await database.drop();
});

/** The tenant that a statement was fenced to, and the process that ran it. */
const look = (tenantId: string) =>
  pool.forTenant(tenantId).rows("SELECT current_tenant_id(), pg_backend_pid(), pg_sleep(0.01)", []);

it("a tenant is given the connection that is pinned to it, while it is spare", async () => {
  const [mine, others] = await Promise.all([look(ours), look(theirs)]);
  expect(mine[0]?.[1]).not.toBe(others[0]?.[1]);
  for (const _ of [1, 2, 3]) {
    expect(await look(ours)).toEqual(mine);
    expect(await look(theirs)).toEqual(others);
  }
});

it("a statement that fails leaves the pin as it was before, and is fenced to nobody else", async () => {
  const fail = (tenantId: string) =>
    pool.forTenant(tenantId).rows("SELECT 1 / (pg_sleep(0.01)::text = 'x')::integer", []);
  for (const tenantId of [theirs, ours, theirs]) {
    await Promise.allSettled([fail(ours), fail(theirs)]);
    const [found, other] = await Promise.all([look(tenantId), look(ours)]);
    expect([found[0]?.[0], other[0]?.[0]]).toEqual([tenantId, ours]);
  }
});

it("is given back once, whatever ends the work meanwhile", async () => {
  const work = new Work();
  const answers = [1, 2, 3].map(() => asWork(work, () => look(ours)));
  const settled = Promise.allSettled(answers);
  await answers[0];
  work.stop(new Error("enough"));
  await settled;
  expect(pool.load).toEqual({ taken: 0, waiting: 0 });
  expect(pool.totalCount).toBeLessThanOrEqual(2);
  expect((await look(theirs))[0]?.[0]).toBe(theirs);
});

it("one that breaks is replaced by the next who asks", async () => {
  await look(ours);
  await fixtures.client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crm-gateway'",
  );
  await expect.poll(() => pool.totalCount).toBe(0);
  expect((await look(ours))[0]?.[0]).toBe(ours);
});

it("all are closed with the pool, and those in use when they are given back", async () => {
  const closing = new FencedPool({ url: database.url, maxConnections: 2 });
  const read = () => closing.forTenant(ours).rows("SELECT pg_sleep(0.05)", []);
  await read();
  const last = read();
  await closing.close();
  expect(await last).toEqual([[""]]);
  expect(closing.totalCount).toBe(0);
  await expect(read()).rejects.toThrow("Cannot use a pool after calling end");
});
