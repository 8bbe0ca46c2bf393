import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDatabase, type Database } from "../../src/db/database.ts";
import { LiveFeed } from "../../src/live/feed.ts";
import { endOfLog } from "../../src/live/log.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { Random } from "../../src/seed/random.ts";
import { dawdle } from "../support/changes/dawdle.ts";
import { patience } from "../support/database/waiting.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { actorOf, listeningOf } from "../support/live/actor.ts";
import { expectedOf, randomAsked } from "../support/live/oracle.ts";
import { Subscriber } from "../support/live/subscriber.ts";
import { casesOf, runSeed } from "../support/run/run-length.ts";
import { crowd } from "../support/writes/crowd.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { boundKey, rowsOf } from "../support/writes/writes.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let other: Database;
let feeds: readonly [LiveFeed, LiveFeed];
/** The end of the log when all was written; a last event behind it shows that all came through. */
let end = 0n;
const isWrites = ({ position }: { readonly position: string }): boolean => BigInt(position) <= end;
const subscribers: Subscriber[] = [];

/** Nothing may go wrong on the way, but that a busy machine takes long: a connection that does is replaced. */
const troubles: unknown[] = [];
const fail = (error: unknown): void => {
  if (!String(error).includes("gave no answer for")) troubles.push(error);
};

beforeAll(async () => {
  started = await startTenant("ours", { maxConnections: 12 });
  const { gateway, tenant, key } = started;
  await gateway.fixtures.client.query(dawdle);
  other = openDatabase({ url: gateway.databaseUrl, maxConnections: 4 });
  // One hears of commits at once, as they are its own process's; the other by NOTIFY.
  feeds = [
    new LiveFeed({ database: gateway.database, catalog, onTrouble: fail }),
    new LiveFeed({ database: other, catalog, onTrouble: fail }),
  ];
  const bound = await boundKey(gateway, key, { app_id: "app-1" });
  const writing = Promise.all([
    crowd(gateway, key, { seed: runSeed, callers: 5, writesOfEach: casesOf(60, 10) }),
    crowd(gateway, bound, { seed: runSeed + 1, callers: 3, writesOfEach: casesOf(60, 10) }),
  ]);
  const random = new Random(`live ${runSeed}`);
  const accounts = await firstAccounts();
  for (let count = 0; count < 20; count += 1) {
    const appId = random.maybe(0.4, ["app-1"]);
    const asked = randomAsked(random, actorOf(tenant.uuid, { appId }), accounts);
    subscribers.push(new Subscriber(feeds, asked, new Random(`live ${runSeed} ${count}`)));
  }
  const following = subscribers.map((subscriber) => subscriber.follow());
  await writing;
  end = await endOfLog(feeds[0].sourceOf(tenant.uuid));
  await untilAllCameThrough();
  for (const subscriber of subscribers) subscriber.stop();
  await Promise.all(following);
});
afterAll(async () => {
  for (const subscriber of subscribers) subscriber.stop();
  for (const feed of feeds) await feed.close();
  await other.close();
  await started.gateway.close();
});

/** Once there are some. */
async function firstAccounts(): Promise<string[]> {
  return vi.waitFor(async () => {
    const ids = await accountIds();
    expect(ids).not.toEqual([]);
    return ids;
  }, patience);
}

async function accountIds(): Promise<string[]> {
  const rows = await rowsOf(
    started.gateway,
    "SELECT id FROM accounts WHERE tenant_id = $1",
    started.tenant.uuid,
  );
  return rows.map(({ id }) => String(id));
}

/** Once subscribers have as many events as they must, and both feeds have given the last event to one beside them. */
async function untilAllCameThrough(): Promise<void> {
  const { gateway, tenant } = started;
  const asked = subscribers.map((subscriber) => subscriber.asked);
  const expected = await expectedOf(gateway.fixtures.client, tenant.uuid, asked);
  await vi.waitFor(() => {
    for (const [index, subscriber] of subscribers.entries())
      expect(subscriber.events.length, String(subscriber)).toBeGreaterThanOrEqual(
        expected[index]?.length ?? 0,
      );
  }, patience);
  const streams = feeds.map((feed) => feed.open(listeningOf(actorOf(tenant.uuid)), null));
  await Promise.all(streams.map(({ opened }) => opened));
  await new RowWriter(gateway, started.key, "accounts").made({ name: "The last one" });
  for (const stream of streams) {
    expect((await stream.next()).value).toHaveLength(1);
    await stream.return();
  }
}

describe(`20 subscribers beside 8 writers (CRM_TEST_SEED=${runSeed})`, () => {
  it("got exactly what they asked for and may see, in order, with what it did to their lists", async () => {
    const { gateway, tenant } = started;
    const asked = subscribers.map((subscriber) => subscriber.asked);
    const expected = await expectedOf(gateway.fixtures.client, tenant.uuid, asked);
    for (const [index, subscriber] of subscribers.entries()) {
      const got = subscriber.events.map(({ position, transition }) => ({ position, transition }));
      expect(got.filter(isWrites), String(subscriber)).toEqual(expected[index]?.filter(isWrites));
    }
    expect(subscribers.reduce((sum, { events }) => sum + events.length, 0)).toBeGreaterThan(0);
    expect(troubles).toEqual([]);
    expect(subscribers.every(({ disconnects }) => disconnects > 0)).toBe(true);
  });

  it("got the events as the log has them", async () => {
    const rows = await rowsOf(
      started.gateway,
      "SELECT position::text, id, app_id, changes FROM change_events WHERE tenant_id = $1",
      started.tenant.uuid,
    );
    const stored = new Map(rows.map((row) => [String(row["position"]), row]));
    for (const { events } of subscribers) {
      for (const { position, event } of events) {
        const row = stored.get(position);
        expect(event["id"]).toBe(row?.["id"]);
        expect(JSON.parse(JSON.stringify(event["changes"]))).toEqual(row?.["changes"]);
      }
    }
  });
});
