import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import { LiveFeed } from "../../src/live/feed.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { openHoldingRoute } from "../support/database/holding-route.ts";
import { patience } from "../support/database/waiting.ts";
import { listeningOf } from "../support/live/actor.ts";
import { dealsWhere, TenantFeed, told } from "../support/live/tenant-feed.ts";

let live: TenantFeed;

beforeAll(async () => {
  live = await TenantFeed.start();
});
afterAll(() => live.close());

describe("the cost", () => {
  it("of a replay by a filter is one look at what happened later to a record, not one for each page", async () => {
    const { statements } = live.started.gateway;
    const mark = await live.end();
    const rows = Array.from({ length: 250 }, (_, index) => ({
      account_id: live.account_id,
      value: `${index}`,
    }));
    const made = (await live.deals.create(rows)).map(({ id }) => String(id));
    for (const name of ["One", "Two", "Three", "Four"]) {
      await live.deals.update(made.map((id) => ({ id, name })));
    }
    statements.clear();
    const stream = live.feed.open(
      listeningOf(live.actor(), dealsWhere({ value: { lt: "125" } })),
      mark,
    );
    let count = 0;
    while (count < 625) count += (await stream.next()).value?.length ?? 0;
    await stream.return();
    expect(count).toBe(625);
    // One for the pages of the past, and one for the last page, which it reads with all others.
    const looks = statements.all().filter(({ text }) => text.includes("undo.old"));
    expect(looks).toHaveLength(2);
  });

  it("of a filter over an edge is one judgement for all states that are alike where it looks", async () => {
    const { statements } = live.started.gateway;
    const mark = await live.end();
    const other = await live.accounts.made({ name: "Other" });
    const made = await live.deals.create(
      Array.from({ length: 60 }, (_, index) => ({
        account_id: index < 40 ? live.account_id : other,
      })),
    );
    for (const name of ["One", "Two"]) {
      await live.deals.update(made.map(({ id }) => ({ id: String(id), name })));
    }
    statements.clear();
    const events = await live.all(
      listeningOf(live.actor(), dealsWhere({ account: { name: { eq: "Acme" } } })),
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
    const { statements } = live.started.gateway;
    const filters = [
      {},
      dealsWhere({ value: { gt: "5" } }),
      dealsWhere({ name: { contains: "x" } }),
      { types: ["Deal"] },
    ];
    const rows = await live.deals.create(
      Array.from({ length: 50 }, () => ({ account_id: live.account_id, name: "x", value: "6" })),
    );
    const ids = rows.map(({ id }) => String(id));
    const costs: number[] = [];
    for (const listeners of [4, 100, 1_000]) {
      const streams = await Promise.all(
        Array.from({ length: listeners }, (_, index) => live.opened(filters[index % 4] ?? {})),
      );
      const burst = async (name: string): Promise<number[]> => {
        const heard = streams.map((stream) => stream.next());
        await live.deals.update(ids.map((id) => ({ id, name })));
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
    const stream = live.feed.open(listeningOf(live.actor(), dealsWhere(other)), after, {
      onUnmatched,
    });
    await stream.opened;
    return { stream, next: stream.next() };
  };
  const pointsOf = (heard: Heard): number => heard.reduce((sum, { points }) => sum + points, 0);

  it("cost those who ask the same a part each, and whoever reads what is past all of it", async () => {
    const rows = await live.deals.create(
      Array.from({ length: 50 }, () => ({ account_id: live.account_id, name: "x", value: "6" })),
    );
    const before = await live.end();
    const [one, same, other]: Heard[] = [[], [], []];
    const streams = await Promise.all([
      opening(one ?? [], null),
      opening(same ?? [], null),
      opening(other ?? [], null, { account: { name: { eq: "Nobody else" } } }),
    ]);
    await live.deals.update(rows.map(({ id }) => ({ id, name: "Judged" })));
    const last = await live.end();
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
    const { statements, databaseUrl } = live.started.gateway;
    const isTold = (): boolean =>
      statements.everything().some(({ text }) => text.includes("pg_notify("));
    const own = await live.opened({});
    statements.clear();
    for (let count = 0; count < 5; count += 1) await live.accounts.made({ name: "Told at once" });
    expect(isTold()).toBe(false);
    // Another process on the same database.
    const database = openDatabase({ url: databaseUrl, maxConnections: 2 });
    const other = new LiveFeed({ database, catalog });
    const stream = other.open(listeningOf(live.actor()), null);
    await stream.opened;
    await vi.waitFor(async () => {
      await live.accounts.made({ name: "Told by NOTIFY" });
      expect(isTold()).toBe(true);
    }, patience);
    expect((await stream.next()).value?.length).toBeGreaterThan(0);
    await other.close();
    await database.close();
    await vi.waitFor(async () => {
      statements.clear();
      await live.accounts.made({ name: "Told to nobody" });
      await live.accounts.made({ name: "Told to nobody" });
      expect(isTold()).toBe(false);
    }, patience);
    await own.return();
  });
});

describe("a commit that nobody told of", () => {
  it("is heard by the look at the logs, also when the connections were killed", async () => {
    const { client } = live.started.gateway.fixtures;
    const stream = await live.opened(dealsWhere());
    const ids = await live.deals.create(
      ["One", "Two"].map((name) => ({ account_id: live.account_id, name })),
    );
    const [first, second] = ids.map(({ id }) => String(id));
    let heard = (await stream.next()).value?.length ?? 0;
    if (heard < 2) heard += (await stream.next()).value?.length ?? 0;
    await live.moveSilently(first ?? "", null, "app-1");
    expect(told((await stream.next()).value)).toEqual(["updated changed"]);
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name LIKE 'crm-gateway%' AND pid <> pg_backend_pid()`,
    );
    expect(rowCount).toBeGreaterThan(0);
    await live.moveSilently(second ?? "", null, "app-1");
    expect(told((await stream.next()).value)).toEqual(["updated changed"]);
    await stream.return();
  });

  it("is heard by another connection when the one that looks gives no answer", async () => {
    const id = await live.deals.made({ account_id: live.account_id, name: "One" });
    const { databaseUrl } = live.started.gateway;
    const route = await openHoldingRoute(databaseUrl, "ORDER BY change_events.position DESC", 1);
    const database = openDatabase({ url: databaseUrl, directUrl: route.url, maxConnections: 2 });
    const other = new LiveFeed({ database, catalog });
    const stream = other.open(listeningOf(live.actor(), dealsWhere()), null);
    await stream.opened;
    const next = stream.next();
    await route.held;
    await live.moveSilently(id, null, "app-1");
    expect(told((await next).value)).toEqual(["updated changed"]);
    await other.close();
    await database.close();
    await route.close();
  });
});
