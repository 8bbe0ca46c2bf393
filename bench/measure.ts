// Sides of a comparison, measured in turn in one run.
import { two } from "./print.ts";

export type Write = () => Promise<unknown>;
export type Side = {
  readonly name: string;
  readonly write: Write;
  /** Milliseconds of CPU that the process took so far that does the work. */
  readonly cpu: () => Promise<number>;
};
/** The cost of one write: milliseconds until the next was done, and of its process's CPU. */
type Cost = { readonly wall: number; readonly cpu: number };

/** The CPU time of this process. */
export function ownCpu(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return Promise.resolve((user + system) / 1_000);
}

/** Writes for some time with a number of concurrent clients. */
export async function write(side: Side, clients: number, milliseconds: number): Promise<Cost> {
  const before = await side.cpu();
  const startedAt = performance.now();
  let done = 0;
  const client = async (): Promise<void> => {
    for (; performance.now() < startedAt + milliseconds; done += 1) await side.write();
  };
  await Promise.all(Array.from({ length: clients }, client));
  const wall = performance.now() - startedAt;
  return { wall: wall / done, cpu: ((await side.cpu()) - before) / done };
}

/** Each side in turn, round after round, each compared with the first side of the same round. */
export async function compare(
  title: string,
  sides: readonly Side[],
  options: { clients: number; rounds: number; milliseconds: number },
): Promise<void> {
  const costs = sides.map((): Cost[] => []);
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [index, side] of sides.entries()) {
      costs[index]?.push(await write(side, options.clients, options.milliseconds));
    }
  }
  console.log(title);
  for (const [index, side] of sides.entries()) {
    const found = costs[index] ?? [];
    const ratios = found.map(({ wall }, round) => wall / (costs[0]?.[round]?.wall ?? 0));
    const speed = perSecond(median(found.map(({ wall }) => wall)));
    const cpu = median(found.map((cost) => cost.cpu)).toFixed(2);
    const ratio = index === 0 ? "" : `, takes ${range(ratios)} times as long`;
    console.log(`  ${side.name.padEnd(15)} ${speed.padStart(6)}/s, ${cpu} ms of CPU each${ratio}`);
  }
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** The median, with the least and the most. */
export const range = (values: readonly number[], print = two): string =>
  `${print(median(values))} (${print(Math.min(...values))}–${print(Math.max(...values))})`;

export const perSecond = (millisecondsEach: number): string =>
  Math.round(1_000 / millisecondsEach).toLocaleString("en");

/** The percentiles of times. */
export function percentiles(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, most ${at(1)} ms`;
}
