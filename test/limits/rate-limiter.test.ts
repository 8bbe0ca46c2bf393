import { setImmediate as immediately } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RateLimiter, type SharedCounters } from "../../src/limits/rate-limiter.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const minute = 60_000;

/** Counters as another process sees them too: a minute begins with the first that is taken. */
function counters(): SharedCounters & { readonly asked: () => number } {
  const taken = new Map<string, { amount: number; resetAt: number }>();
  let asked = 0;
  return {
    asked: () => asked,
    grant: async (key, wanted, limit) => {
      asked += 1;
      const now = Date.now();
      const current = taken.get(key);
      const count =
        current !== undefined && current.resetAt > now
          ? current
          : { amount: 0, resetAt: now + minute };
      const granted = Math.max(0, Math.min(wanted, limit - count.amount));
      count.amount += wanted;
      taken.set(key, count);
      await Promise.resolve();
      const left = Math.max(0, limit - count.amount);
      const minuteName = String(count.resetAt);
      return { granted, left, minute: minuteName, milliseconds: count.resetAt - now };
    },
    takeBack: async (key, amount, name) => {
      const count = taken.get(key);
      if (String(count?.resetAt) === name && count !== undefined) count.amount -= amount;
      await Promise.resolve();
    },
  };
}

describe("a quota", () => {
  it("begins anew when the minute that the first request began is over", async () => {
    const quota = new RateLimiter(null);
    const resetAt = new Date(Date.now() + minute);
    expect(await quota.take("a", 2, 2)).toEqual({ allowed: true, limit: 2, remaining: 0, resetAt });
    vi.advanceTimersByTime(minute - 1);
    expect(await quota.take("a", 2, 1)).toMatchObject({ allowed: false, resetAt });
    vi.advanceTimersByTime(1);
    expect(await quota.take("a", 2, 1)).toMatchObject({ allowed: true, remaining: 1 });
  });

  it("ends after a minute, though the clock was put back by an hour meanwhile", async () => {
    const quota = new RateLimiter(null);
    await quota.take("a", 1, 1);
    vi.setSystemTime(Date.now() - 60 * minute);
    const resetAt = new Date(Date.now() + minute);
    expect(await quota.take("a", 1, 1)).toMatchObject({ allowed: false, resetAt });
    vi.advanceTimersByTime(minute);
    quota.sweep();
    expect(await quota.take("a", 1, 1)).toMatchObject({ allowed: true });
  });

  it("takes an amount whole or not at all: what is left serves a smaller one", async () => {
    const quota = new RateLimiter(null);
    expect(await quota.take("a", 100, 60)).toMatchObject({ allowed: true, remaining: 40 });
    expect(await quota.take("a", 100, 41)).toMatchObject({ allowed: false, remaining: 40 });
    expect(await quota.take("a", 100, 40)).toMatchObject({ allowed: true, remaining: 0 });
  });

  it("that the operator changes within the minute counts what was taken", async () => {
    const quota = new RateLimiter(null);
    await quota.take("a", 10, 8);
    expect(await quota.take("a", 20, 1)).toMatchObject({ allowed: true, remaining: 11 });
    expect(await quota.take("a", 5, 1)).toMatchObject({ allowed: false, remaining: 0 });
  });

  it("takes back what was not used, in its own minute and to its limit", async () => {
    const quota = new RateLimiter(null);
    const { giveBack } = await quota.hold("a", 100, 90);
    giveBack(60);
    expect(await quota.take("a", 100, 70)).toMatchObject({ allowed: true, remaining: 0 });
    giveBack(200);
    expect(quota.peek("a", 100)).toMatchObject({ remaining: 90 });
    vi.advanceTimersByTime(minute);
    expect(await quota.take("a", 100, 90)).toMatchObject({ allowed: true });
    giveBack(90);
    expect(quota.peek("a", 100)).toMatchObject({ remaining: 10 });
    const refused = await quota.hold("a", 100, 11);
    refused.giveBack(11);
    expect(quota.peek("a", 100)).toMatchObject({ remaining: 10 });
  });

  it("forgets minutes that are over, and no other", async () => {
    const quota = new RateLimiter(null);
    await quota.take("old", 1, 1);
    vi.advanceTimersByTime(minute / 2);
    await quota.take("young", 1, 1);
    vi.advanceTimersByTime(minute / 2);
    quota.sweep();
    expect(await quota.take("young", 1, 1)).toMatchObject({ allowed: false });
    expect(await quota.take("old", 1, 1)).toMatchObject({ allowed: true });
  });
});

describe("a quota that processes share", () => {
  /** Everybody asks in turn and all at once, `total` times. */
  async function admitted(
    quotas: readonly RateLimiter[],
    limit: number,
    total: number,
  ): Promise<number> {
    const takes = Array.from({ length: Math.ceil(total / quotas.length) }, () =>
      quotas.map((quota) => quota.take("a", limit, 1)),
    );
    const answers = await Promise.all(takes.flat());
    return answers.filter(({ allowed }) => allowed).length;
  }

  it.each([1, 2, 5, 60, 61, 600])("of %i is handed out once, and whole", async (limit) => {
    const shared = counters();
    const quotas = [new RateLimiter(shared), new RateLimiter(shared), new RateLimiter(shared)];
    // In two goes, so that what one process keeps for itself from the first is used in the second.
    const first = await admitted(quotas, limit, Math.ceil(limit / 2));
    expect(first + (await admitted(quotas, limit, limit * 4))).toBe(limit);
  });

  it("costs no statement for most of what it hands out, and none once it is used up", async () => {
    const shared = counters();
    const quota = new RateLimiter(shared);
    let allowed = 0;
    for (let index = 0; index < 20_000; index += 1) {
      if ((await quota.take("a", 10_000, 1)).allowed) allowed += 1;
    }
    expect(allowed).toBe(10_000);
    expect(shared.asked()).toBeLessThan(400);
  });

  it("leaves to others what one process took for its operations and did not use", async () => {
    const shared = counters();
    const [here, there] = [new RateLimiter(shared), new RateLimiter(shared)];
    const held = await Promise.all([1, 2, 3].map(() => here.hold("a", 1_000, 330)));
    expect(held.map(({ allowed }) => allowed)).toEqual([true, true, true]);
    expect(await there.take("a", 1_000, 330)).toMatchObject({ allowed: false });
    for (const { giveBack } of held) giveBack(320);
    await immediately();
    expect(await here.take("a", 1_000, 20)).toMatchObject({ allowed: true });
    const fresh = new RateLimiter(shared);
    expect(await fresh.take("a", 1_000, 900)).toMatchObject({ allowed: true });
    expect(await admitted([here, fresh], 1_000, 400)).toBeLessThanOrEqual(50);
  });

  it("goes on with what was left, and no more, while nobody counts for all", async () => {
    const shared = counters();
    let isOut = false;
    const quota = new RateLimiter({
      ...shared,
      grant: (...asked) => (isOut ? Promise.resolve(null) : shared.grant(...asked)),
    });
    const take = async () => (await quota.take("a", 60, 1)).allowed;
    for (let taken = 0; taken < 59; taken += 1) expect(await take()).toBe(true);
    isOut = true;
    expect([await take(), await take(), await take()]).toEqual([true, false, false]);
    isOut = false;
    expect(await take()).toBe(false);
  });

  it("asks again when others have returned what they had, and once a second at most", async () => {
    const shared = counters();
    const [here, there] = [new RateLimiter(shared), new RateLimiter(shared)];
    const held = await there.hold("a", 1_000, 950);
    const take = async () => (await here.take("a", 1_000, 100)).allowed;
    expect(await take()).toBe(false);
    held.giveBack(949);
    await immediately();
    const asked = shared.asked();
    vi.advanceTimersByTime(999);
    expect(await Promise.all([take(), take(), take()])).toEqual([false, false, false]);
    expect(shared.asked()).toBe(asked);
    vi.advanceTimersByTime(1);
    expect(await Promise.all([take(), take(), take()])).toEqual([true, true, true]);
    await there.hold("a", 1_000, 600);
    vi.advanceTimersByTime(1_000);
    const later = shared.asked();
    for (let count = 0; count < 20; count += 1) {
      expect((await here.take("a", 1_000, 900)).allowed).toBe(false);
      expect((await here.take("a", 1_000, 1_001)).allowed).toBe(false);
    }
    expect(shared.asked()).toBe(later + 1);
  });

  it("hands out nothing when the counter has a fault, nor a part of one", async () => {
    const fault = new Error("the counter is broken");
    const broken = new RateLimiter({ ...counters(), grant: () => Promise.reject(fault) });
    const takes = [1, 1].map((amount) => broken.take("a", 10, amount));
    expect(await Promise.allSettled(takes)).toEqual([
      { status: "rejected", reason: fault },
      { status: "rejected", reason: fault },
    ]);
    await expect(broken.take("a", 10, 1)).rejects.toBe(fault);
    for (const quota of [new RateLimiter(null), new RateLimiter(counters())]) {
      await expect(quota.take("a", 10, 0.5)).rejects.toThrow(RangeError);
      await expect(quota.take("a", 10, Number.NaN)).rejects.toThrow(RangeError);
      const { giveBack } = await quota.hold("a", 10, 2);
      expect(() => giveBack(0.5)).toThrow(RangeError);
    }
  });

  it("drops what it kept of a minute that is over", async () => {
    const shared = counters();
    const [here, there] = [new RateLimiter(shared), new RateLimiter(shared)];
    await here.take("a", 1_000, 1);
    vi.advanceTimersByTime(minute);
    expect(await admitted([there], 1_000, 2_000)).toBe(1_000);
    expect(await here.take("a", 1_000, 1)).toMatchObject({ allowed: false });
  });
});
