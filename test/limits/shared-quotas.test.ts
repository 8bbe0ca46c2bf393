import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { openDatabase } from "../../src/db/database.ts";
import { PostgresCounters } from "../../src/limits/postgres-counters.ts";
import { RateLimiter } from "../../src/limits/rate-limiter.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { startGatewayProcess, type GatewayProcess } from "../support/processes/gateway-process.ts";
import { limitedKey, post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
let slug: string;
const processes: GatewayProcess[] = [];

const env = { RATE_LIMIT_STORE: "postgres" };

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env });
  slug = (await gateway.fixtures.tenant("north-harbor")).slug;
  const start = () => startGatewayProcess({ ...env, DATABASE_URL: gateway.databaseUrl });
  processes.push(...(await Promise.all([start(), start()])));
});
afterAll(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  await gateway.close();
});

describe("two processes on one database", () => {
  it("let a key that has 60 requests a minute send 60, of 240 that it sends to both at once", async () => {
    const key = await limitedKey(gateway, slug, 60);
    const began = Date.now();
    const answers = await Promise.all(
      Array.from({ length: 240 }, (_, index) => post(processes[index % 2]?.url ?? "", key)),
    );
    // Had it taken longer, a second minute would have begun.
    expect(Date.now() - began).toBeLessThan(60_000);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(180);
  });

  it("let it send 60 to one alone, and none to the other then", async () => {
    const key = await limitedKey(gateway, slug, 60);
    const [first, second] = processes;
    const remaining: number[] = [];
    for (let count = 0; count < 60; count += 1) {
      const answer = await post(first?.url ?? "", key);
      expect(answer.status).toBe(200);
      remaining.push(Number(answer.remaining));
    }
    expect(remaining).toEqual(Array.from({ length: 60 }, (_, index) => 59 - index));
    expect((await post(second?.url ?? "", key)).status).toBe(429);
  });
});

describe("counters in PostgreSQL", () => {
  const counter = async () => {
    const { rows } = await gateway.fixtures.client.query<{ key: string; points: number }>(
      "SELECT key, points FROM quota_counters",
    );
    return rows;
  };

  it("hand out a limit once to all who ask at the same time", async () => {
    const { pool } = gateway.database;
    const quotas = Array.from({ length: 4 }, () => new RateLimiter(new PostgresCounters(pool)));
    const takes = Array.from({ length: 1_000 }, () =>
      quotas.map((quota) => quota.take("many", 1_000, 1)),
    );
    const answers = await Promise.all(takes.flat());
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(1_000);
  });

  it("say whose they are to nobody", async () => {
    const key = await limitedKey(gateway, slug, 60);
    await post(gateway.url, key);
    for (const { key: name } of await counter()) expect(name).toMatch(/^[\w-]{43}$/);
  });

  it("are out of reach for whatever runs on behalf of a tenant", async () => {
    const tenant = await gateway.fixtures.tenant("blue-ridge");
    await post(gateway.url, await limitedKey(gateway, slug, 60));
    expect(await counter()).not.toEqual([]);
    const db = gateway.database.forTenant(tenant.uuid);
    expect(await db.rows("SELECT * FROM quota_counters", [])).toEqual([]);
    expect(await db.rows("DELETE FROM quota_counters RETURNING 1", [])).toEqual([]);
    await expect(db.rows("INSERT INTO quota_counters VALUES ('x', 0)", [])).rejects.toMatchObject({
      code: "42501",
    });
  });

  it("are swept when their minute is over", async () => {
    await gateway.fixtures.client.query("INSERT INTO quota_counters VALUES ('over', 1, 1)");
    const counters = new PostgresCounters(gateway.database.pool);
    await counters.grant("lasting", 1, 10);
    await counters.sweep();
    // The gateways sweep as well, and the minutes of other tests end.
    expect((await counter()).map(({ key }) => key)).not.toContain("over");
    expect(await counters.grant("lasting", 0, 10)).toMatchObject({ left: 9 });
  });

  it("end with their minute, though the clock was put back by an hour meanwhile", async () => {
    const counters = new PostgresCounters(gateway.database.pool);
    const key = "put back";
    expect(await counters.grant(key, 10, 10)).toMatchObject({ granted: 10, left: 0 });
    const again = await counters.grant(key, 1, 10);
    expect(again).toMatchObject({ granted: 0, left: 0 });
    expect(again?.milliseconds).toBeGreaterThan(0);
    expect(again?.milliseconds).toBeLessThanOrEqual(60_000);
    // To a clock that was put back, the minute ends in an hour.
    await gateway.fixtures.client.query(
      "UPDATE quota_counters SET expire = expire + 3600000 WHERE points = 11",
    );
    const anew = await counters.grant(key, 1, 10);
    expect(anew).toMatchObject({ granted: 1, left: 9 });
    expect(anew?.milliseconds).toBeLessThanOrEqual(60_000);
  });

  it("say when they are asked for what they cannot count, rather than be out", async () => {
    const counters = new PostgresCounters(gateway.database.pool);
    await expect(counters.grant("half", 0.5, 10)).rejects.toMatchObject({ code: "22P02" });
  });

  it("are counted by the process itself while the database is out", async () => {
    const url = new URL(gateway.databaseUrl);
    url.port = "1";
    const { pool: limits } = loadConfig({ POOL_WAIT: "1s" });
    const database = openDatabase({ url: url.href, pool: limits });
    const quota = new RateLimiter(new PostgresCounters(database.pool));
    const allowed: boolean[] = [];
    for (let count = 0; count < 4; count += 1) allowed.push((await quota.take("a", 3, 1)).allowed);
    expect(allowed).toEqual([true, true, true, false]);
    await database.close();
  });
});
