import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { asWork, Work } from "../../src/db/work.ts";
import { loadConfig } from "../../src/config.ts";
import type { FencedPool } from "../../src/db/fenced-pool.ts";
import { FencedPrismaClients } from "../../src/db/fenced-prisma.ts";
import { startPool } from "../support/database/pool.ts";
import type { Fixtures } from "../support/samples/fixtures.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const ours = "00000000-0000-7000-8000-000000000001";
const theirs = "00000000-0000-7000-8000-000000000002";

/** A pool whose callers wait as long as it takes, and another client of its database. */
async function open(size: number, env: Readonly<Record<string, string>> = {}) {
  const { pool: limits } = loadConfig({ POOL_WAIT: "10min", POOL_QUEUE: "4", ...env });
  const database = await startPool(size, limits);
  closers.push(database.close);
  return database;
}

/** Holds connections of a tenant until it is told to let go. */
async function hold(
  pool: FencedPool,
  tenantId: string,
  count: number,
): Promise<() => Promise<void>> {
  let letGo = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const held = Array.from({ length: count }, () => {
    let began = (): void => undefined;
    const beginning = new Promise<void>((resolve) => {
      began = resolve;
    });
    const done = pool.transaction(tenantId, async () => {
      began();
      await told;
    });
    return { beginning, done };
  });
  await Promise.all(held.map(({ beginning }) => beginning));
  return async () => {
    letGo();
    await Promise.all(held.map(({ done }) => done));
  };
}

const unavailable = expect.objectContaining({
  code: "UNAVAILABLE",
  message: expect.stringMatching(/^No connection to the database came free in time; try again/),
});
const one = [["1"]];

describe("who waits for a connection", () => {
  it("is told to come again when none comes free in time", async () => {
    const { pool } = await open(1, { POOL_WAIT: "50ms" });
    const letGo = await hold(pool, ours, 1);
    await expect(pool.forTenant(theirs).rows("SELECT 1", [])).rejects.toEqual(unavailable);
    await letGo();
    expect(await pool.forTenant(theirs).rows("SELECT 1", [])).toEqual(one);
    expect(pool.load).toEqual({ taken: 0, waiting: 0 });
  });

  it("waits as long for a transaction of Prisma's, and is told the same", async () => {
    for (const [wait, expected] of [
      ["10min", expect.objectContaining({ id: ours })],
      ["2500ms", unavailable],
    ] as const) {
      const { pool, fixtures } = await open(1, { POOL_WAIT: wait });
      await fixtures.client.query(
        "INSERT INTO tenants (id, name, slug) VALUES ($1, 'Ours', 'ours')",
        [ours],
      );
      const clients = new FencedPrismaClients(pool);
      closers.push(() => clients.close());
      await clients.load();
      const letGo = await hold(pool, theirs, 1);
      const found = clients
        .forTenant(ours)
        .$transaction((transaction) => transaction.tenant.findFirst())
        .catch((error: unknown) => error);
      // Prisma by itself waits for two seconds.
      await sleep(3_000);
      await letGo();
      expect(await found).toEqual(expected);
    }
  });

  it("is refused at once when the line is full", async () => {
    const { pool } = await open(1);
    const letGo = await hold(pool, ours, 1);
    const read = (tenantId: string) => pool.forTenant(tenantId).rows("SELECT 1", []);
    const waiting = [ours, ours, ours, theirs].map(read);
    expect(pool.load.waiting).toBe(4);
    await expect(read(theirs)).rejects.toEqual(unavailable);
    await letGo();
    expect(await Promise.all(waiting)).toEqual([one, one, one, one]);
  });

  it("has a place in line though one tenant fills its share of it", async () => {
    const { pool } = await open(1);
    const letGo = await hold(pool, ours, 1);
    const read = (tenantId: string) => pool.forTenant(tenantId).rows("SELECT 1", []);
    const waiting = [ours, ours, ours].map(read);
    await expect(read(ours)).rejects.toEqual(unavailable);
    waiting.push(read(theirs));
    await letGo();
    expect(await Promise.all(waiting)).toEqual([one, one, one, one]);
  });

  it("gets one though one tenant wants all of them", async () => {
    const { pool } = await open(4, { POOL_QUEUE: "100" });
    const letGo = await hold(pool, ours, 3);
    const storm = Array.from({ length: 20 }, () => pool.forTenant(ours).rows("SELECT 1", []));
    expect(await pool.forTenant(theirs).rows("SELECT 1", [])).toEqual(one);
    expect(pool.load.waiting).toBe(20);
    await letGo();
    expect(await Promise.all(storm)).toEqual(storm.map(() => one));
  });

  it("takes turns with the other tenants", async () => {
    const { pool } = await open(1, { POOL_QUEUE: "100" });
    const letGo = await hold(pool, ours, 1);
    const order: string[] = [];
    const read = async (tenantId: string) => {
      await pool.forTenant(tenantId).rows("SELECT 1", []);
      order.push(tenantId === ours ? "ours" : "theirs");
    };
    const all = [ours, ours, ours, theirs, theirs].map(read);
    await letGo();
    await Promise.all(all);
    expect(order).toEqual(["ours", "theirs", "ours", "theirs", "ours"]);
  });
});

describe("who waits for a lock", () => {
  it("is told so by PostgreSQL before the statement's time is up", async () => {
    const { pool, fixtures } = await open(1, { LOCK_TIMEOUT: "50ms", STATEMENT_TIMEOUT: "1min" });
    await fixtures.client.query("BEGIN; LOCK TABLE accounts");
    await expect(
      pool.forTenant(ours).rows("SELECT count(*) FROM accounts", []),
    ).rejects.toMatchObject({ code: "55P03" });
    await fixtures.client.query("ROLLBACK");
    expect(await pool.forTenant(ours).rows("SELECT count(*) FROM accounts", [])).toEqual([["0"]]);
  });
});

/** Work that the test ends. */
function work(): { readonly work: Work; readonly abort: { abort(reason: Error): void } } {
  const made = new Work();
  return { abort: { abort: (why) => made.stop(why) }, work: made };
}

const forever = "SELECT pg_sleep(600)";
const reason = new Error("enough");

describe("work that ends", () => {
  const running = async ({ client }: Fixtures): Promise<number> => {
    const { rowCount } = await client.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query = $1 AND state <> 'idle'",
      [forever],
    );
    return rowCount ?? 0;
  };
  const untilRunning = async (fixtures: Fixtures): Promise<void> => {
    await vi.waitFor(async () => expect(await running(fixtures)).toBe(1), {
      timeout: 60_000,
      interval: 5,
    });
  };

  it("has its statement cancelled in the database, and the connection serves the next", async () => {
    const { pool, fixtures } = await open(1);
    const current = work();
    const answer = asWork(current.work, () => pool.forTenant(ours).rows(forever, []));
    await untilRunning(fixtures);
    const [before] = await pidsOf(fixtures);
    current.abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    // What a process does is told a moment after its client has heard of it.
    await vi.waitFor(async () => expect(await running(fixtures)).toBe(0), { timeout: 60_000 });
    expect(await pool.forTenant(theirs).rows("SELECT 1", [])).toEqual(one);
    expect(await pidsOf(fixtures)).toEqual([before]);
  });

  it("has its transaction rolled back whole", async () => {
    const { pool, fixtures } = await open(1);
    const current = work();
    const done = asWork(current.work, () =>
      pool.transaction(ours, async (transaction) => {
        transaction.send("SELECT set_config('app.seen', 'yes', false)", []);
        await transaction.rows(forever, []);
      }),
    );
    await untilRunning(fixtures);
    current.abort.abort(reason);
    await expect(done).rejects.toBe(reason);
    const [[seen, open_] = []] = await pool
      .forTenant(ours)
      .rows("SELECT current_setting('app.seen', true), pg_current_xact_id_if_assigned()", []);
    expect([seen === "yes", open_]).toEqual([false, null]);
  });

  it("sends nothing more, not even the commit", async () => {
    const { pool } = await open(1);
    const current = work();
    const done = asWork(current.work, () =>
      pool.transaction(ours, async (transaction) => {
        await transaction.rows("SELECT set_config('app.seen', 'yes', false)", []);
        current.abort.abort(reason);
      }),
    );
    await expect(done).rejects.toBe(reason);
    expect(
      await pool.forTenant(ours).rows("SELECT current_setting('app.seen', true) = 'yes'", []),
    ).not.toEqual([["t"]]);
    await expect(
      asWork(current.work, () => pool.forTenant(ours).rows("SELECT 1", [])),
    ).rejects.toBe(reason);
  });

  it("leaves the line", async () => {
    const { pool } = await open(1);
    const letGo = await hold(pool, ours, 1);
    const current = work();
    const answer = asWork(current.work, () => pool.forTenant(ours).rows("SELECT 1", []));
    expect(pool.load.waiting).toBe(1);
    current.abort.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(pool.load.waiting).toBe(0);
    await letGo();
  });

  it("never hits the statements of others, however often it happens", async () => {
    const { pool } = await open(2, { POOL_QUEUE: "1000" });
    const others = Array.from({ length: 200 }, async (_, index) => {
      const tenantId = index % 2 === 0 ? ours : theirs;
      return pool.forTenant(tenantId).rows("SELECT current_tenant_id(), pg_sleep(0.002)", []);
    });
    const cancelled = Array.from({ length: 40 }, async () => {
      const current = work();
      const answer = asWork(current.work, () =>
        pool.forTenant(ours).rows("SELECT pg_sleep(600)", []),
      );
      answer.catch(() => undefined);
      await sleep(Math.random() * 200);
      current.abort.abort(reason);
      await expect(answer).rejects.toBe(reason);
    });
    const answers = await Promise.all(others);
    expect(answers.map(([row]) => row?.[0])).toEqual(
      answers.map((_, index) => (index % 2 === 0 ? ours : theirs)),
    );
    await Promise.all(cancelled);
  });
});

async function pidsOf({ client }: Fixtures): Promise<readonly number[]> {
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'crm-gateway'",
  );
  return rows.map(({ pid }) => pid);
}

describe("what work counts", () => {
  it("is its statements, its transactions' own, and neither the pin nor those of others", async () => {
    const { pool } = await open(2);
    const { work: current } = work();
    await asWork(current, async () => {
      await pool.forTenant(ours).rows("SELECT 1", []);
      await pool.callFunction("find_api_key", [ours]);
      await pool.transaction(theirs, (transaction) => transaction.rows("SELECT 1", []));
    });
    await pool.forTenant(ours).rows("SELECT 1", []);
    // SELECT, BEGIN, SELECT, COMMIT
    expect(current.statements).toBe(4);
  });
});

describe("an operation with more statements than the pool has connections", () => {
  it("waits for itself alone, as long as it takes, and leaves connections to the others", async () => {
    const { pool } = await open(10, { POOL_WAIT: "50ms" });
    const { work: current } = work();
    const slow = Array.from({ length: 40 }, () =>
      asWork(current, () => pool.forTenant(ours).rows("SELECT 1 FROM pg_sleep(0.03)", [])),
    );
    await vi.waitFor(() => expect(pool.load.taken).toBe(4), { timeout: 60_000, interval: 1 });
    expect(pool.load.waiting).toBe(0);
    expect(await pool.forTenant(ours).rows("SELECT 1", [])).toEqual(one);
    // All of them together take far longer than anybody waits for a connection.
    expect(await Promise.all(slow)).toEqual(slow.map(() => one));
    expect(pool.load).toEqual({ taken: 0, waiting: 0 });
  });

  it("sends none of those that waited when it ends", async () => {
    const { pool, fixtures } = await open(10);
    const current = work();
    const slow = Array.from({ length: 20 }, () =>
      asWork(current.work, () => pool.forTenant(ours).rows(forever, [])),
    );
    const answers = Promise.allSettled(slow);
    await vi.waitFor(() => expect(current.work.statements).toBe(4), {
      timeout: 60_000,
      interval: 1,
    });
    current.abort.abort(reason);
    expect(await answers).toEqual(slow.map(() => ({ status: "rejected", reason })));
    expect(current.work.statements).toBe(4);
    expect(await pidsOf(fixtures)).toHaveLength(4);
  });
});
