import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cursorAt } from "../../src/changes/position.ts";
import type { LiveStream } from "../../src/live/feed.ts";
import type { Listening } from "../../src/live/listening.ts";
import { listeningOf } from "../support/live/actor.ts";
import { dealsWhere, TenantFeed, told } from "../support/live/tenant-feed.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";

let live: TenantFeed;

beforeAll(async () => {
  live = await TenantFeed.start();
  await live.started.gateway.fixtures.tenant("theirs");
});
afterAll(() => live.close());

describe("an event", () => {
  it("tells what entered, changed in and left a list of records, also by deletion", async () => {
    const after = await live.end();
    const stream = await live.opened(dealsWhere({ value: { gt: "10" } }));
    const id = await live.deals.made({ account_id: live.account_id, name: "One", value: "5" });
    for (const change of [{ value: "50" }, { name: "Two" }, { value: "7" }, { value: "11" }])
      await live.deals.update([{ id, ...change }]);
    await live.deals.delete(id);
    await live.deals.update([{ id, name: "Never told" }]);
    await live.deals.restore(id);
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
    const listening = listeningOf(live.actor(), dealsWhere({ value: { gt: "10" } }));
    expect(told(await live.all(listening, after))).toEqual(expected);
  });

  it("is judged by filters as lists are: keys, generated columns, stamps and edges", async () => {
    const after = await live.end();
    const id = await live.deals.made({
      account_id: live.account_id,
      name: "Über-Größe",
      contact_ids: [],
    });
    await live.deals.update([{ id, name: "Small" }]);
    const asked = async (where: Listening["where"]): Promise<string[]> =>
      told(await live.all(listeningOf(live.actor(), dealsWhere(where)), after));
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
    const by = listeningOf(live.actor(), dealsWhere(null, uuidOf(id)));
    expect(told(await live.all(by, after))).toEqual(["created entered", "updated changed"]);
    expect(told(await live.all({ ...by, operations: ["updated"] }, after))).toEqual([
      "updated changed",
    ]);
  });

  it("of a record that changed applications tells each side what it could see", async () => {
    const id = await live.deals.made({ account_id: live.account_id, name: "Secret", value: "1" });
    const after = await live.end();
    await live.moveSilently(id, null, "app-1");
    await live.moveSilently(id, "app-1", "app-2");
    const seenBy = async (appId: string | null) => {
      const events = await live.all(listeningOf(live.actor({ appId }), dealsWhere()), after);
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
    const theirs = await live.started.gateway.keyFor("theirs");
    const mark = await live.end();
    await live.accounts.made({ name: "Ours" });
    await new RowWriter(live.started.gateway, theirs, "accounts").made({ name: "Theirs" });
    const heard = await live.all(listeningOf(live.actor()), mark);
    expect(heard.map(({ event }) => event["tenantId"])).toEqual([live.started.tenant.uuid]);
    expect(await live.all(listeningOf(live.actor({ appId: "app-9" })), mark)).toEqual([]);
    expect(await live.all(listeningOf(live.actor({ scopes: ["read:deals"] })), mark)).toEqual([]);
    const forbidden = [
      { types: ["Account"] },
      dealsWhere({ account: { name: { eq: "Acme" } } }),
      dealsWhere({
        not: { or: [{ contacts: { some: { account: { tenant: { id: { isNull: true } } } } } }] },
      }),
    ];
    for (const listening of forbidden) {
      const who = live.actor({ scopes: ["read:deals", "read:contacts"] });
      expect(() => live.feed.open(listeningOf(who, listening), null)).toThrow(/lacks read:/);
    }
    expect(() =>
      live.feed.open(listeningOf(live.actor(), dealsWhere({ nothing: { eq: 1 } })), null),
    ).toThrow("where.nothing");
  });

  it("is ended with its cursor when it does not read, and slows nobody", async () => {
    const mark = await live.end();
    const [lazy, brisk] = [await live.opened({}), await live.opened({})];
    // It has begun to listen, and waits for a first event.
    const first = lazy.next();
    let count = 0;
    for (let round = 0; round < 12; round += 1) {
      await live.accounts.create(Array.from({ length: 100 }, (_, index) => ({ name: `${index}` })));
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
    const again = live.feed.open(listeningOf(live.actor()), taken);
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
      live.accounts.create(Array.from({ length: count }, (_, index) => ({ name: `${index}` })));
    const taken = async (stream: LiveStream, most: number): Promise<number> => {
      let count = 0;
      while (count < most) count += (await stream.next()).value?.length ?? 0;
      return count;
    };
    const mark = await live.end();
    await write(600);
    const slow = live.feed.open(listeningOf(live.actor()), mark);
    expect(await taken(slow, 1)).toBe(500);
    // More than waits for one who has caught up.
    for (const count of [800, 800]) await write(count);
    expect(await taken(slow, 1)).toBe(500);
    // Others have the log read to its end before it asks for more.
    const brisk = live.feed.open(listeningOf(live.actor()), mark);
    expect(await taken(brisk, 2_200)).toBe(2_200);
    expect(await taken(slow, 1_200)).toBe(1_200);
    await slow.return();
    await brisk.return();
  });

  it("that is closed while it waits is answered at once", async () => {
    const stream = await live.opened({});
    const next = stream.next();
    await stream.return();
    expect(await next).toEqual({ done: true, value: undefined });
    const gone = new AbortController();
    const aborted = live.feed.open(listeningOf(live.actor()), null, { signal: gone.signal });
    const waiting = aborted.next();
    gone.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it("whose position the log has not reached is refused", async () => {
    const stream = live.feed.open(listeningOf(live.actor()), String(BigInt(await live.end()) + 9n));
    await expect(stream.next()).rejects.toThrow("lies behind the end of the log");
  });
});
