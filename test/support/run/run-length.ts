import { env } from "node:process";
import { Random } from "../../../src/seed/random.ts";
import { runSeed } from "../samples/arbitraries.ts";

/** Whether this is `npm run test:long`, which tries all that there is to try. */
export const isLong = env["CRM_TEST_LONG"] === "1";

/** How many random cases a run tries of so many: all in a long run, a fifth otherwise. */
export const casesOf = (full: number): number => (isLong ? full : Math.ceil(full / 5));

/** What a run tries of a list: all in a long run; otherwise the first, the last, and a fifth of the rest by chance. */
export function someOf<Item>(items: readonly Item[]): readonly Item[] {
  if (isLong) return items;
  const random = new Random(`some ${runSeed}`);
  return items.filter(
    (_, place) => place === 0 || place === items.length - 1 || random.between(0, 4) === 0,
  );
}
