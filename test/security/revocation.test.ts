import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { revokeKey } from "../../src/modules/api-key/operator.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { startSecond } from "../support/writes/races.ts";
import { send } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let second: Awaited<ReturnType<typeof startSecond>>;
let slug: string;
let adminKey: string;

beforeAll(async () => {
  gateway = await startGateway();
  second = await startSecond(gateway.databaseUrl, "error");
  ({ slug } = await gateway.fixtures.tenant("north-harbor"));
  adminKey = await gateway.keyFor(slug);
});
afterAll(async () => {
  await second.close();
  await gateway.close();
});

/** The status that a key gets at a gateway. */
async function status(url: string, key: string): Promise<number> {
  const answer = await send(`${url}/graphql`, {
    headers: [
      ["content-type", "application/json"],
      ["x-api-key", key],
    ],
    body: '{"query":"{ __typename }"}',
  });
  return answer.status;
}

/** Asks both gateways all the time, until neither has let the key in for a second after a moment that is told later. */
class Watch {
  readonly #lastAccepted = [0, 0];
  readonly #done: Promise<unknown>;
  #moment = Number.POSITIVE_INFINITY;

  constructor(key: string) {
    this.#done = Promise.all(
      [gateway.url, second.url].map(async (url, index) => {
        let refusedSince = Number.POSITIVE_INFINITY;
        while (performance.now() - Math.max(refusedSince, this.#moment) < 1_000) {
          const sentAt = performance.now();
          if ((await status(url, key)) === 200) {
            this.#lastAccepted[index] = sentAt;
            refusedSince = Number.POSITIVE_INFINITY;
          } else {
            refusedSince = Math.min(refusedSince, sentAt);
          }
          await sleep(20);
        }
      }),
    );
  }

  /** Resolves once both have let the key in. */
  async started(): Promise<void> {
    while (Math.min(...this.#lastAccepted) === 0) await sleep(10);
  }

  /** How many milliseconds after `moment` each gateway last let the key in. */
  async lastAcceptedAfter(moment: number): Promise<number[]> {
    this.#moment = moment;
    await this.#done;
    return this.#lastAccepted.map((time) => time - moment);
  }
}

const idOf = (key: string): string => `key-${key.split("_")[2]}`;

// Each mostly waits.
describe("a key stops working in every process within 5 seconds", () => {
  it.concurrent("of being revoked through one of them, which sees it at once", async () => {
    const key = await gateway.keyFor(slug);
    const watch = new Watch(key);
    await watch.started();
    const revoke = `mutation { revokeApiKey(id: "${idOf(key)}") { apiKey { id } } }`;
    await gateway.data(adminKey, revoke);
    const revokedAt = performance.now();
    const [here = 0, there = 0] = await watch.lastAcceptedAfter(revokedAt);
    expect(here).toBeLessThanOrEqual(0);
    expect(there).toBeLessThanOrEqual(5_000);
  });

  it.concurrent("of being revoked on the command line, beside both", async () => {
    const key = await gateway.keyFor(slug);
    const watch = new Watch(key);
    await watch.started();
    await revokeKey(gateway.database, idOf(key));
    const revokedAt = performance.now();
    for (const time of await watch.lastAcceptedAfter(revokedAt)) {
      expect(time).toBeLessThanOrEqual(5_000);
    }
  });

  it.concurrent("of being rotated without grace, while the new one works at once", async () => {
    const key = await gateway.keyFor(slug);
    const watch = new Watch(key);
    await watch.started();
    const rotate = `mutation { rotateApiKey(id: "${idOf(key)}", graceMinutes: 0) { secret } }`;
    const fresh = String(at(await gateway.data(adminKey, rotate), "rotateApiKey", "secret"));
    const rotatedAt = performance.now();
    expect([await status(gateway.url, fresh), await status(second.url, fresh)]).toEqual([200, 200]);
    for (const time of await watch.lastAcceptedAfter(rotatedAt)) {
      expect(time).toBeLessThanOrEqual(5_000);
    }
  });

  it.concurrent("of the end of its grace, and not before", async () => {
    const key = await gateway.keyFor(slug);
    const watch = new Watch(key);
    await watch.started();
    await gateway.data(adminKey, `mutation { rotateApiKey(id: "${idOf(key)}") { secret } }`);
    expect([await status(gateway.url, key), await status(second.url, key)]).toEqual([200, 200]);
    // The shortest grace is a minute: the rest of it is made a second.
    const { rows } = await gateway.fixtures.client.query<{ left: string }>(
      `UPDATE api_keys SET expires_at = clock_timestamp() + interval '1 second' WHERE id = $1
       RETURNING extract(epoch FROM expires_at) - extract(epoch FROM clock_timestamp()) AS left`,
      [key.split("_")[2]],
    );
    const endsAt = performance.now() + Number(rows[0]?.left) * 1_000;
    const times = await watch.lastAcceptedAfter(endsAt);
    for (const time of times) expect(time).toBeLessThanOrEqual(5_000);
  });

  it.concurrent("of its expiry, which is held against the clock and not against what was looked up", async () => {
    const key = await gateway.keyFor(slug);
    const watch = new Watch(key);
    await watch.started();
    // Later than each of the two looks the key up anew.
    const { rows } = await gateway.fixtures.client.query<{ expires_at: Date }>(
      "UPDATE api_keys SET expires_at = now() + interval '6 seconds' WHERE id = $1 RETURNING expires_at",
      [key.split("_")[2]],
    );
    // In this order: what comes between the two clocks makes the end later, not earlier.
    const now = Date.now();
    const endsAt = performance.now() + Number(rows[0]?.expires_at) - now;
    // Clocks of two kinds, in milliseconds.
    for (const time of await watch.lastAcceptedAfter(endsAt)) expect(time).toBeLessThan(10);
  });
});
