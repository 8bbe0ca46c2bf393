import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FreshCache } from "../../src/auth/fresh-cache.ts";

type Thing = { readonly number: number };

/** A cache of things whose look-ups are counted, and answered when the test says so. */
function counted(options: { max?: number; maxAge?: number } = {}) {
  const asked: { key: string; answer: (found: Thing | null) => void; fail: () => void }[] = [];
  const cache = new FreshCache<Thing>({
    max: options.max ?? 10,
    maxAge: options.maxAge ?? 60_000,
    load: (key) =>
      new Promise((resolve, reject) => {
        asked.push({ key, answer: resolve, fail: () => reject(new Error("no answer")) });
      }),
  });
  return { cache, asked };
}

describe("what is looked up", () => {
  it("is looked up once for all who ask meanwhile, and kept, also that there is nothing", async () => {
    for (const found of [{ number: 1 }, null]) {
      const { cache, asked } = counted();
      const answers = [cache.get("a"), cache.get("a")];
      asked[0]?.answer(found);
      expect(await Promise.all(answers)).toEqual([found, found]);
      expect(await cache.get("a")).toBe(found);
      expect(asked).toHaveLength(1);
    }
  });

  it("is looked up again when it is too old, counted from when it was asked for", async () => {
    const { cache, asked } = counted({ maxAge: 50 });
    const slow = cache.get("a");
    await sleep(60);
    asked[0]?.answer({ number: 1 });
    expect(await slow).toEqual({ number: 1 });
    const next = cache.get("a");
    asked[1]?.answer({ number: 2 });
    expect(await next).toEqual({ number: 2 });
  });

  it("is not kept when it fails", async () => {
    const { cache, asked } = counted();
    const failed = cache.get("a");
    asked[0]?.fail();
    await expect(failed).rejects.toThrow("no answer");
    const next = cache.get("a");
    asked[1]?.answer({ number: 2 });
    expect(await next).toEqual({ number: 2 });
  });

  it("is not kept when it was forgotten on its way: who asks then gets what is there then", async () => {
    const { cache, asked } = counted();
    const old = cache.get("a");
    cache.forget("a");
    const fresh = cache.get("a");
    asked[1]?.answer({ number: 2 });
    asked[0]?.answer({ number: 1 });
    expect(await Promise.all([old, fresh])).toEqual([{ number: 1 }, { number: 2 }]);
    expect(await cache.get("a")).toEqual({ number: 2 });
    expect(asked).toHaveLength(2);
  });

  it("is not driven out by things that do not exist", async () => {
    const { cache, asked } = counted({ max: 3 });
    const real = cache.get("real");
    asked[0]?.answer({ number: 1 });
    await real;
    for (let index = 0; index < 100; index += 1) {
      const made = cache.get(`made-up-${index}`);
      asked.at(-1)?.answer(null);
      await made;
    }
    expect(await cache.get("real")).toEqual({ number: 1 });
    expect(asked).toHaveLength(101);
  });
});
