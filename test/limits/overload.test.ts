import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post, type CountedAnswer } from "../support/gateway/limits.ts";
import { send } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let keys: readonly string[];

beforeAll(async () => {
  gateway = await startGateway({
    logLevel: "silent",
    env: { MAX_IN_FLIGHT: "4", MAX_QUEUED: "4" },
  });
  const slugs = ["north-harbor", "blue-ridge"];
  keys = await Promise.all(
    slugs.map(async (slug) => gateway.keyFor((await gateway.fixtures.tenant(slug)).slug)),
  );
});
afterEach(() => vi.useRealTimers());
afterAll(() => gateway.close());

const query = "{ accounts { totalCount } }";
const [ours, theirs] = [0, 1];
const ask = (who: number) => post(gateway.url, keys[who] ?? "", { query });
const busy = {
  errors: [
    {
      message: "The gateway is busy; try again in a second.",
      extensions: { code: "UNAVAILABLE" },
    },
  ],
};

/** Has the gateway's clock stand, from so many milliseconds ahead on: seconds pass for slow machines too. */
function stopClock(ahead = 0): void {
  const now = performance.now();
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.advanceTimersByTime(now + ahead);
}

/** Whoever reads accounts waits while `work` runs. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  const { client } = gateway.fixtures;
  await client.query("BEGIN; LOCK TABLE accounts");
  try {
    await work();
  } finally {
    await client.query("ROLLBACK");
  }
}

describe("more requests than are worked on at once", () => {
  it("are refused at once when as many wait as may, and all who were admitted are answered", async () => {
    const answers: CountedAnswer[] = [];
    let all: Promise<unknown> = Promise.resolve();
    await whileLocked(async () => {
      all = Promise.all(
        Array.from({ length: 40 }, async () => {
          answers.push(await ask(ours));
        }),
      );
      // One key has three of the four turns and three of the four places in line.
      await vi.waitFor(() => expect(answers.length).toBeGreaterThanOrEqual(34), {
        timeout: 30_000,
      });
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    });
    await all;
    const refused = answers.filter(({ status }) => status === 503);
    for (const { retryAfter, answer } of refused) expect([retryAfter, answer]).toEqual(["1", busy]);
    const admitted = answers.filter(({ status }) => status === 200);
    expect(admitted.length).toBeGreaterThanOrEqual(3);
    expect(admitted.length).toBeLessThanOrEqual(6);
    expect(admitted.length + refused.length).toBe(40);
    for (const { answer } of admitted) {
      expect(at(answer, "data")).toEqual({ accounts: { totalCount: 0 } });
    }
  });

  it("do not keep out who has another key", async () => {
    let all: Promise<unknown> = Promise.resolve();
    await whileLocked(async () => {
      const storm = Array.from({ length: 20 }, () => ask(ours));
      all = Promise.all(storm);
      // What is refused shows that the key has all it gets.
      expect((await Promise.any(storm)).status).toBe(503);
      const other = await post(gateway.url, keys[theirs] ?? "", { query: "{ __typename }" });
      expect(other.status).toBe(200);
    });
    await all;
  });

  it("of made-up keys share one line, and leave turns to keys that work", async () => {
    // For as long as this takes, the other key stays known.
    stopClock();
    expect((await ask(theirs)).status).toBe(200);
    const invented = () => `crm_test_${randomUUID()}_${randomBytes(24).toString("hex")}`;
    let all: Promise<unknown> = Promise.resolve();
    const { client } = gateway.fixtures;
    // Looking a key up waits, so that each of them would keep its turn.
    await client.query("BEGIN; LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE");
    try {
      const storm = Array.from({ length: 40 }, () => post(gateway.url, invented(), { query }));
      all = Promise.all(storm);
      expect((await Promise.any(storm)).status).toBe(503);
      const { status } = await post(gateway.url, keys[theirs] ?? "", { query: "{ __typename }" });
      expect(status).toBe(200);
    } finally {
      await client.query("ROLLBACK");
    }
    await all;
  });

  it("do not reach the health check", async () => {
    let all: readonly Promise<unknown>[] = [];
    await whileLocked(async () => {
      all = Array.from({ length: 10 }, () => ask(ours));
      await Promise.any(all);
      for (const path of ["/healthz", "/readyz"]) {
        const { status } = await send(`${gateway.url}${path}`, { method: "GET" });
        expect(status).toBe(200);
      }
    });
    await Promise.all(all);
  });

  it("leave a gateway that answers as before", async () => {
    for (const who of [ours, theirs]) expect((await ask(who)).status).toBe(200);
    // The use of keys is written at any time.
    await expect.poll(() => gateway.database.pool.load).toEqual({ taken: 0, waiting: 0 });
  });
});

describe("asking whether the gateway is ready", () => {
  const ready = () => send(`${gateway.url}/readyz`, { method: "GET" });

  it("costs one statement a second, however many ask", async () => {
    await vi.waitFor(async () => expect((await ready()).status).toBe(200), {
      timeout: 60_000,
    });
    gateway.statements.clear();
    stopClock(1_000);
    const answers = await Promise.all(Array.from({ length: 200 }, ready));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const asked = gateway.statements
      .all()
      .filter(({ text }) => text.includes("_prisma_migrations"));
    expect(asked).toHaveLength(1);
  });

  it("is answered with what is missing", async () => {
    const { client } = gateway.fixtures;
    const gone = await client.query<{ migration_name: string }>(
      "UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name LIKE '%quotas' RETURNING migration_name",
    );
    await vi.waitFor(async () => expect((await ready()).status).toBe(503), { timeout: 30_000 });
    expect(JSON.parse((await ready()).body)).toEqual({
      status: "migrations missing",
      missing: gone.rows.map((row) => row.migration_name),
    });
  });
});
