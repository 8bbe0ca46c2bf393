import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Turns } from "../../src/lib/turns.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const limits = { size: 1, waiters: 100, waitMilliseconds: 5_000, complaint: "Busy" };
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
    await pass(501);
    come("3");
    await pass(10);
    come("4");
    await next();
    // The one that stood there since before the crowd made way for the first that came then.
    expect(seen).toEqual(["1 has it", "2 is refused", "4 has it"]);
    await pass(20);
    expect(seen.at(-1)).toBe("3 is refused");
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
