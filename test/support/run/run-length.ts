import { env } from "node:process";
import { Random } from "../../../src/seed/random.ts";

/** Whether this is `npm run test:long`, which tries all that there is to try. */
export const isLong = env["CRM_TEST_LONG"] === "1";

/** Seeds rows and cases alike. A failing run prints it; `CRM_TEST_SEED=… vitest run …` does the same again. */
export const runSeed = Number(env["CRM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** How many random cases a run tries of so many: all in a long run, a tenth otherwise, and never fewer than `least`. */
export const casesOf = (full: number, least = 1): number =>
  isLong ? full : Math.max(least, Math.ceil(full / 10));

/**
 * What a run tries of a list: all in a long run; otherwise the first, the last, and a tenth of them by chance. Lists that
 * are drawn from under names of their own are drawn from independently.
 */
export function someOf<Item>(items: readonly Item[], name = ""): readonly Item[] {
  if (isLong) return items;
  const random = new Random(`some ${name} ${runSeed}`);
  const drawn = [...items.keys()]
    .map((place) => ({ place, rank: random.between(0, 2 ** 31) }))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, casesOf(items.length));
  const taken = new Set([0, items.length - 1, ...drawn.map(({ place }) => place)]);
  return items.filter((_, place) => taken.has(place));
}
