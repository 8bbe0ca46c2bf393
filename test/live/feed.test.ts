import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Actor } from "../../src/auth/actor.ts";
import { cursorAt } from "../../src/changes/position.ts";
import { openDatabase } from "../../src/db/database.ts";
import { LiveFeed, type LiveStream } from "../../src/live/feed.ts";
import type { Listening, LiveEvent } from "../../src/live/listening.ts";
import { endOfLog } from "../../src/live/log.ts";
import { readMatching } from "../../src/live/matching.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { openHoldingRoute } from "../support/database/holding-route.ts";
import { patience } from "../support/database/waiting.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { actorOf, listeningOf } from "../support/live/actor.ts";
import { moveDeal } from "../support/live/move-deal.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";

type Started = Awaited<ReturnType<typeof startTenant>>;
let started: Started;
let feed: LiveFeed;
let deals: RowWriter;
let accounts: RowWriter;
let account_id: string;

beforeAll(async () => {
  started = await startTenant("ours");
  const { gateway, key } = started;
  await gateway.fixtures.tenant("theirs");
  feed = new LiveFeed({ database: gateway.database, catalog });
  deals = new RowWriter(gateway, key, "deals");
  accounts = new RowWriter(gateway, key, "accounts");
  account_id = await accounts.made({ name: "Acme" });
});
afterAll(async () => {
  await feed.close();
  await started.gateway.close();
});

const actor = (change: Partial<Actor> = {}): Actor => actorOf(started.tenant.uuid, change);
const deal = (where: Listening["where"] = null, id: string | null = null): Partial<Listening> => ({
  record: { entity: catalog.entity("deal"), where, id },
});

const told = (events: readonly LiveEvent[] | undefined): string[] =>
  (events ?? []).map(({ event, transition }) => [event["operation"], transition].join(" "));

/** Opens a stream at the end of the log. */
async function opened(listening: Partial<Listening>, who = actor()): Promise<LiveStream> {
  const stream = feed.open(listeningOf(who, listening), null);
  await stream.opened;
  return stream;
}

/** What a listener gets of a log that has ended, from a position on. */
async function all(listening: Listening, after: string): Promise<readonly LiveEvent[]> {
  const source = feed.sourceOf(listening.actor.tenantId);
  return (await readMatching(source, listening, { after, limit: 500 })).events;
}

const end = async (): Promise<string> => String(await endOfLog(feed.sourceOf(started.tenant.uuid)));

/**
 * Moves a deal from one application to another and tells nobody: no verb does the one, and a gateway that is killed behind
 * its commit does the other.
 */
const moveSilently = (id: string, from: string | null, to: string | null): Promise<string> =>
  moveDeal(started.gateway, id, { app_id: [from, to], name: ["Secret", "Told"] });

describe("an event", () => {
  it("tells what entered, changed in and left a list of records, also by deletion", async () => {
    const after = await end();
    const stream = await opened(deal({ value: { gt: "10" } }));
    const id = await deals.made({ account_id, name: "One", value: "5" });
    for (const change of [{ value: "50" }, { name: "Two" }, { value: "7" }, { value: "11" }])
      await deals.update([{ id, ...change }]);
    await deals.delete(id);
    await deals.update([{ id, name: "Never told" }]);
    await deals.restore(id);
    const expected = [
      "updated entered",
      "updated changed",
      "updated left",
      "updated entered",
      "deleted left",
      "restored entered",
    ];
    const got: string[] = [];
    while (got.length < expected.length) got.push(...told((await stream.next()).value));
    expect(got).toEqual(expected);
    await stream.return();
    // The record stands elsewhere by now: what it was is worked out from the log.
    const listening = listeningOf(actor(), deal({ value: { gt: "10" } }));
    expect(told(await all(listening, after))).toEqual(expected);
  });

  it("is judged by filters as lists are: keys, generated columns, stamps and edges", async () => {
    const after = await end();
    const id = await deals.made({ account_id, name: "Über-Größe", contact_ids: [] });
    await deals.update([{ id, name: "Small" }]);
    const asked = async (where: Listening["where"]): Promise<string[]> =>
      told(await all(listeningOf(actor(), deal(where)), after));
    expect(await asked({ name: { contains: "uber" } })).toEqual([
      "created entered",
      "updated left",
    ]);
    expect(await asked({ version: { gte: 2 } })).toEqual(["updated entered"]);
    expect(await asked({ account: { name: { eq: "Acme" } } })).toEqual([
      "created entered",
      "updated changed",
    ]);
    expect(await asked({ contacts: { some: {} } })).toEqual([]);
    const by = listeningOf(actor(), deal(null, uuidOf(id)));
    expect(told(await all(by, after))).toEqual(["created entered", "updated changed"]);
    expect(told(await all({ ...by, operations: ["updated"] }, after))).toEqual(["updated changed"]);
  });

  it("of a record that changed applications tells each side what it could see", async () => {
    const id = await deals.made({ account_id, name: "Secret", value: "1" });
    const after = await end();
    await moveSilently(id, null, "app-1");
    await moveSilently(id, "app-1", "app-2");
    const seenBy = async (appId: string | null) => {
      const events = await all(listeningOf(actor({ appId }), deal()), after);
      return events.map(({ event, transition }) => [
        transition,
        event["changes"],
        event["appId"],
        event["actor"],
      ]);
    };
    const first = { app_id: [null, "app-1"], name: ["Secret", "Told"] };
    const second = { app_id: ["app-1", "app-2"], name: ["Secret", "Told"] };
    expect(await seenBy(null)).toEqual([
      ["changed", first, "app-1", "operator"],
      ["changed", second, "app-2", "operator"],
    ]);
    expect(await seenBy("app-1")).toEqual([
      ["entered", { app_id: [null, "app-1"], name: [null, "Told"] }, "app-1", "operator"],
      ["left", {}, null, null],
    ]);
    expect(await seenBy("app-2")).toEqual([
      ["entered", { app_id: [null, "app-2"], name: [null, "Told"] }, "app-2", "operator"],
    ]);
    expect(await seenBy("app-3")).toEqual([]);
  });
});

describe("a listener", () => {
  it("hears of its own tenant and application alone, and of what its scopes cover", async () => {
    const theirs = await started.gateway.keyFor("theirs");
    const mark = await end();
    await accounts.made({ name: "Ours" });
    await new RowWriter(started.gateway, theirs, "accounts").made({ name: "Theirs" });
    const heard = await all(listeningOf(actor()), mark);
    expect(heard.map(({ event }) => event["tenantId"])).toEqual([started.tenant.uuid]);
    expect(await all(listeningOf(actor({ appId: "app-9" })), mark)).toEqual([]);
    expect(await all(listeningOf(actor({ scopes: ["read:deals"] })), mark)).toEqual([]);
    const forbidden = [
      { types: ["Account"] },
      deal({ account: { name: { eq: "Acme" } } }),
      deal({
        not: { or: [{ contacts: { some: { account: { tenant: { id: { isNull: true } } } } } }] },
      }),
    ];
    for (const listening of forbidden) {
      const who = actor({ scopes: ["read:deals", "read:contacts"] });
      expect(() => feed.open(listeningOf(who, listening), null)).toThrow(/lacks read:/);
    }
    expect(() => feed.open(listeningOf(actor(), deal({ nothing: { eq: 1 } })), null)).toThrow(
      "where.nothing",
    );
  });

  it("is ended with its cursor when it does not read, and slows nobody", async () => {
    const mark = await end();
    const [lazy, brisk] = [await opened({}), await opened({})];
    // It has begun to listen, and waits for a first event.
    const first = lazy.next();
    let count = 0;
    for (let round = 0; round < 12; round += 1) {
      await accounts.create(Array.from({ length: 100 }, (_, index) => ({ name: `${index}` })));
      while (count < (round + 1) * 100) count += (await brisk.next()).value?.length ?? 0;
    }
    expect(count).toBe(1_200);
    const taken = (await first).value?.at(-1)?.position ?? mark;
    await expect(lazy.next()).rejects.toMatchObject({
      refusal: { code: "SLOW_CONSUMER", cursor: cursorAt(taken) },
    });
    expect(await lazy.next()).toEqual({ done: true, value: undefined });
    await brisk.return();
    // From there it goes on, at its own pace.
    const again = feed.open(listeningOf(actor()), taken);
    let position = taken;
    let rest = 0;
    for await (const events of again) {
      rest += events.length;
      position = events.at(-1)?.position ?? position;
      if (position === String(BigInt(mark) + 1_200n)) break;
    }
    expect(rest).toBe(Number(BigInt(mark) + 1_200n - BigInt(taken)));
  });

  it("that has not caught up goes on at its own pace, however far the log has grown meanwhile", async () => {
    const write = (count: number) =>
      accounts.create(Array.from({ length: count }, (_, index) => ({ name: `${index}` })));
    const taken = async (stream: LiveStream, most: number): Promise<number> => {
      let count = 0;
      while (count < most) count += (await stream.next()).value?.length ?? 0;
      return count;
    };
    const mark = await end();
    await write(600);
    const slow = feed.open(listeningOf(actor()), mark);
    expect(await taken(slow, 1)).toBe(500);
    // More than waits for one who has caught up.
    for (const count of [800, 800]) await write(count);
    expect(await taken(slow, 1)).toBe(500);
    // Others have the log read to its end before it asks for more.
    const brisk = feed.open(listeningOf(actor()), mark);
    expect(await taken(brisk, 2_200)).toBe(2_200);
    expect(await taken(slow, 1_200)).toBe(1_200);
    await slow.return();
    await brisk.return();
  });

  it("that is closed while it waits is answered at once", async () => {
    const stream = await opened({});
    const next = stream.next();
    await stream.return();
    expect(await next).toEqual({ done: true, value: undefined });
    const gone = new AbortController();
    const aborted = feed.open(listeningOf(actor()), null, { signal: gone.signal });
    const waiting = aborted.next();
    gone.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it("whose position the log has not reached is refused", async () => {
    const stream = feed.open(listeningOf(actor()), String(BigInt(await end()) + 9n));
    await expect(stream.next()).rejects.toThrow("lies behind the end of the log");
  });
});

describe("the cost", () => {
  it("of a replay by a filter is one look at what happened later to a record, not one for each page", async () => {
    const { statements } = started.gateway;
    const mark = await end();
    const rows = Array.from({ length: 250 }, (_, index) => ({ account_id, value: `${index}` }));
    const made = (await deals.create(rows)).map(({ id }) => String(id));
    for (const name of ["One", "Two", "Three", "Four"]) {
      await deals.update(made.map((id) => ({ id, name })));
    }
    statements.clear();
    const stream = feed.open(listeningOf(actor(), deal({ value: { lt: "125" } })), mark);
    let count = 0;
    while (count < 625) count += (await stream.next()).value?.length ?? 0;
    await stream.return();
    expect(count).toBe(625);
    // One for the pages of the past, and one for the last page, which it reads with all others.
    const looks = statements.all().filter(({ text }) => text.includes("undo.old"));
    expect(looks).toHaveLength(2);
  });

  it("of a filter over an edge is one judgement for all states that are alike where it looks", async () => {
    const { statements } = started.gateway;
    const mark = await end();
    const other = await accounts.made({ name: "Other" });
    const made = await deals.create(
      Array.from({ length: 60 }, (_, index) => ({ account_id: index < 40 ? account_id : other })),
    );
    for (const name of ["One", "Two"]) {
      await deals.update(made.map(({ id }) => ({ id: String(id), name })));
    }
    statements.clear();
    const events = await all(
      listeningOf(actor(), deal({ account: { name: { eq: "Acme" } } })),
      mark,
    );
    expect(events).toHaveLength(120);
    const [judging, ...more] = statements.all().filter(({ text }) => text.includes("populate"));
    expect(more).toEqual([]);
    // Of 180 states before and after: one of either account. Of their 43 columns, those that are looked at.
    expect(judging?.rows).toBe(2);
    expect(judging?.text.match(/r\."\w+"/g)).toEqual([
      'r."tenant_id"',
      'r."account_id"',
      'r."deleted_at"',
    ]);
    const [states] = statements.all().filter(({ text }) => text.includes("undo.old"));
    expect(states?.text).not.toContain('"closure_notes"');
  });

  it("of a burst is the same for 4, 100 and 1,000 listeners of a few filters", async () => {
    const { statements } = started.gateway;
    const filters = [
      {},
      deal({ value: { gt: "5" } }),
      deal({ name: { contains: "x" } }),
      { types: ["Deal"] },
    ];
    const rows = await deals.create(
      Array.from({ length: 50 }, () => ({ account_id, name: "x", value: "6" })),
    );
    const ids = rows.map(({ id }) => String(id));
    const costs: number[] = [];
    for (const listeners of [4, 100, 1_000]) {
      const streams = await Promise.all(
        Array.from({ length: listeners }, (_, index) => opened(filters[index % 4] ?? {})),
      );
      const burst = async (name: string): Promise<number[]> => {
        const heard = streams.map((stream) => stream.next());
        await deals.update(ids.map((id) => ({ id, name })));
        return Promise.all(heard.map(async (next) => (await next).value?.length ?? 0));
      };
      // From then on all of them have caught up.
      await burst(`x ${listeners}`);
      statements.clear();
      expect(new Set(await burst(`xx ${listeners}`))).toEqual(new Set([50]));
      // Reads that found nothing were for a second wake-up.
      const reads = statements
        .all()
        .filter(
          ({ text, rows: found }) => found > 0 && /^SELECT.*(change_events|populate)/s.test(text),
        );
      costs.push(reads.length);
      for (const stream of streams) await stream.return();
    }
    expect(costs).toEqual([3, 3, 3]);
  });
});

describe("events that are judged in vain", () => {
  const where = { account: { name: { eq: "Nobody" } } };
  type Heard = { points: number; position: string | null }[];
  const opening = async (heard: Heard, after: string | null, other = where) => {
    const onUnmatched = (one: Heard[number]): void => void heard.push(one);
    const stream = feed.open(listeningOf(actor(), deal(other)), after, { onUnmatched });
    await stream.opened;
    return { stream, next: stream.next() };
  };
  const pointsOf = (heard: Heard): number => heard.reduce((sum, { points }) => sum + points, 0);

  it("cost those who ask the same a part each, and whoever reads what is past all of it", async () => {
    const rows = await deals.create(
      Array.from({ length: 50 }, () => ({ account_id, name: "x", value: "6" })),
    );
    const before = await end();
    const [one, same, other]: Heard[] = [[], [], []];
    const streams = await Promise.all([
      opening(one ?? [], null),
      opening(same ?? [], null),
      opening(other ?? [], null, { account: { name: { eq: "Nobody else" } } }),
    ]);
    await deals.update(rows.map(({ id }) => ({ id, name: "Judged" })));
    const last = await end();
    await vi.waitFor(() => {
      for (const heard of [one, same, other]) expect(heard?.at(-1)?.position).toBe(last);
    }, patience);
    // An event and an edge are a tenth of a point each.
    expect(pointsOf(other ?? [])).toBeCloseTo(10);
    expect(pointsOf(one ?? [])).toBeCloseTo(5);
    expect(pointsOf(same ?? [])).toBeCloseTo(5);
    const late: Heard = [];
    // It goes on behind them without having been told anything.
    streams.push(
      await opening(late, String(BigInt(before) - 600n > 0n ? BigInt(before) - 600n : 0n)),
    );
    await vi.waitFor(() => expect(late.at(-1)?.position).toBe(last), patience);
    expect(pointsOf(late)).toBeGreaterThan(10);
    for (const { stream } of streams) await stream.return();
    for (const { next } of streams) expect(await next).toEqual({ done: true, value: undefined });
  });
});

describe("NOTIFY", () => {
  it("is sent behind commits while other processes listen, and only then", async () => {
    const { statements, databaseUrl } = started.gateway;
    const isTold = (): boolean =>
      statements.everything().some(({ text }) => text.includes("pg_notify("));
    const own = await opened({});
    statements.clear();
    for (let count = 0; count < 5; count += 1) await accounts.made({ name: "Told at once" });
    expect(isTold()).toBe(false);
    // Another process on the same database.
    const database = openDatabase({ url: databaseUrl, maxConnections: 2 });
    const other = new LiveFeed({ database, catalog });
    const stream = other.open(listeningOf(actor()), null);
    await stream.opened;
    await vi.waitFor(async () => {
      await accounts.made({ name: "Told by NOTIFY" });
      expect(isTold()).toBe(true);
    }, patience);
    expect((await stream.next()).value?.length).toBeGreaterThan(0);
    await other.close();
    await database.close();
    await vi.waitFor(async () => {
      statements.clear();
      await accounts.made({ name: "Told to nobody" });
      await accounts.made({ name: "Told to nobody" });
      expect(isTold()).toBe(false);
    }, patience);
    await own.return();
  });
});

describe("a commit that nobody told of", () => {
  it("is heard by the look at the logs, also when the connections were killed", async () => {
    const { client } = started.gateway.fixtures;
    const stream = await opened(deal());
    const ids = await deals.create(["One", "Two"].map((name) => ({ account_id, name })));
    const [first, second] = ids.map(({ id }) => String(id));
    let heard = (await stream.next()).value?.length ?? 0;
    if (heard < 2) heard += (await stream.next()).value?.length ?? 0;
    await moveSilently(first ?? "", null, "app-1");
    expect(told((await stream.next()).value)).toEqual(["updated changed"]);
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'crm-gateway%' AND pid <> pg_backend_pid()`,
    );
    expect(rowCount).toBeGreaterThan(0);
    await moveSilently(second ?? "", null, "app-1");
    expect(told((await stream.next()).value)).toEqual(["updated changed"]);
    await stream.return();
  });

  it("is heard by another connection when the one that looks gives no answer", async () => {
    const id = await deals.made({ account_id, name: "One" });
    const { databaseUrl } = started.gateway;
    const route = await openHoldingRoute(databaseUrl, "ORDER BY change_events.position DESC", 1);
    const database = openDatabase({ url: databaseUrl, directUrl: route.url, maxConnections: 2 });
    const other = new LiveFeed({ database, catalog });
    const stream = other.open(listeningOf(actor(), deal()), null);
    await stream.opened;
    const next = stream.next();
    await route.held;
    await moveSilently(id, null, "app-1");
    expect(told((await next).value)).toEqual(["updated changed"]);
    await other.close();
    await database.close();
    await route.close();
  });
});
