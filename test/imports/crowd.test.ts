import { expect, test, vi } from "vitest";
import { Crowd } from "../../src/imports/run/crowd.ts";

test("others are there for two seconds after two of their requests began within one", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const crowd = new Crowd(() => 0);
    const seen: boolean[] = [];
    for (const pause of [0, 900, 1_900, 200, 0, 1_100]) {
      vi.advanceTimersByTime(pause);
      // The third and the fourth look are no requests.
      if (pause < 1_900 && pause !== 200) crowd.came();
      seen.push(crowd.isThere);
    }
    expect(seen).toEqual([false, true, true, false, false, false]);
  } finally {
    vi.useRealTimers();
  }
});
