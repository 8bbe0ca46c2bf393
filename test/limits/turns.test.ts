import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Turns } from "../../src/lib/turns.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const limits = {
  size: 1,
  waiters: 100,
  waitMilliseconds: 5_000,
  complaint: { complaint: "busy" },
} as const;
const crowded = { afterMilliseconds: 500, waitMilliseconds: 20 };

/** Takes turns by name and notes who got one and who was refused, in order. */
function crowd(turns: Turns) {
  const seen: string[] = [];
  const turn: { giveBack: () => void }[] = [];
  return {
    seen,
    come: (name: string): void => {
      const take = async (): Promise<void> => {
        try {
          const giveBack = await turns.take("a");
          seen.push(`${name} has it`);
          turn.push({ giveBack });
        } catch {
          seen.push(`${name} is refused`);
        }
      };
      void take();
    },
    /** Time goes by, and whoever has the turn gives it back. */
    next: async (milliseconds = 0): Promise<void> => {
      await vi.advanceTimersByTimeAsync(milliseconds);
      turn.shift()?.giveBack();
      await vi.advanceTimersByTimeAsync(0);
    },
    pass: (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds),
  };
}

describe("turns", () => {
  it("go to a burst in the order of coming, though it takes long", async () => {
    const { come, next, seen } = crowd(new Turns({ ...limits, crowded }));
    for (const name of ["1", "2", "3"]) come(name);
    await next();
    await next(400);
    expect(seen).toEqual(["1 has it", "2 has it", "3 has it"]);
  });

  it("go to the newest once the line has stood for long, and newcomers wait for a moment only", async () => {
    const { come, next, pass, seen } = crowd(new Turns({ ...limits, crowded }));
    for (const name of ["1", "2"]) come(name);
    await pass(100);
    // From here on the first in line is late.
    come("3");
    await pass(501);
    come("4");
    await pass(10);
    come("5");
    await next();
    // The ones that stood there since before the crowd made way for those that came then.
    expect(seen).toEqual(["1 has it", "2 is refused", "3 is refused", "5 has it"]);
    await pass(20);
    expect(seen.at(-1)).toBe("4 is refused");
  });

  it("are refused to nobody while the first in line waits for a moment only, however long the line stands", async () => {
    const turns = new Turns({
      ...limits,
      size: 10,
      crowded: { ...crowded, waitMilliseconds: 100 },
    });
    let refused = 0;
    let mostWaiting = 0;
    let leastWaiting = Number.POSITIVE_INFINITY;
    const client = async (): Promise<void> => {
      for (let count = 0; count < 300; count += 1) {
        const giveBack = await turns.take("a").catch(() => null);
        if (giveBack === null) refused += 1;
        const { waiting } = turns.state;
        mostWaiting = Math.max(mostWaiting, waiting);
        if (count > 10 && count < 290) leastWaiting = Math.min(leastWaiting, waiting);
        await new Promise((resolve) => setTimeout(resolve, 30));
        giveBack?.();
      }
    };
    const clients = Array.from({ length: 16 }, client);
    await vi.advanceTimersByTimeAsync(20_000);
    await Promise.all(clients);
    expect({ refused, mostWaiting }).toEqual({ refused: 0, mostWaiting: 8 });
    // The line was never empty.
    expect(leastWaiting).toBeGreaterThan(0);
  });

  it("are a burst's again when nobody was refused for a while, though the line never ended", async () => {
    const { come, next, pass, seen } = crowd(new Turns({ ...limits, crowded }));
    for (const name of ["1", "2"]) come(name);
    await pass(100);
    come("3");
    await pass(501);
    come("4");
    for (let count = 5; count < 60; count += 1) {
      await next(10);
      come(String(count));
    }
    seen.length = 0;
    for (const name of ["a", "b"]) come(name);
    for (let count = 0; count < 4; count += 1) await next(30);
    expect(seen).toEqual(expect.arrayContaining(["a has it", "b has it"]));
    expect(seen.indexOf("a has it")).toBeLessThan(seen.indexOf("b has it"));
    expect(seen.some((one) => one.includes("refused"))).toBe(false);
  });

  it("are not given to an owner that may not start, whom nobody else waits for", async () => {
    const blocked = new Set(["b"]);
    const turns = new Turns({ ...limits, crowded, mayStart: (owner) => !blocked.has(owner) });
    const waits = turns.take("b");
    await vi.advanceTimersByTimeAsync(1_000);
    for (let count = 0; count < 40; count += 1) {
      const giveBack = await turns.take("a");
      await vi.advanceTimersByTimeAsync(20);
      giveBack();
    }
    expect(turns.state).toEqual({ taken: 0, waiting: 1 });
    blocked.clear();
    turns.wake();
    (await waits)();
    expect(turns.state).toEqual({ taken: 0, waiting: 0 });
  });

  it("are a burst's again when the line has ended", async () => {
    const { come, next, pass, seen } = crowd(new Turns({ ...limits, crowded }));
    for (const name of ["1", "2"]) come(name);
    await pass(600);
    await next();
    await next();
    for (const name of ["3", "4"]) come(name);
    await pass(400);
    await next();
    expect(seen).toEqual(["1 has it", "2 has it", "3 has it", "4 has it"]);
  });

  it("are refused when they do not come in time, and the line is as if nobody had stood there", async () => {
    const turns = new Turns(limits);
    const { come, pass, seen } = crowd(turns);
    for (const name of ["1", "2"]) come(name);
    await pass(5_000);
    expect(seen).toEqual(["1 has it", "2 is refused"]);
    expect(turns.state).toEqual({ taken: 1, waiting: 0 });
  });
});
