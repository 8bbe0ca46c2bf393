// A batch of upserts, half of whose records are there, against a batch of creations of as many.
import { perSecond, median, range } from "./measure.ts";
import type { ContactInput } from "./writes-by-hand.ts";

const rounds = 7;

type UpsertInput = ContactInput & { readonly external_id: string };

/** Makes batches of upserts: every second contact is one of the batch before, and changes. */
export function upsertBatches(contact: () => ContactInput, size: number) {
  let batch = 0;
  let before: readonly UpsertInput[] = [];
  return (): UpsertInput[] => {
    batch += 1;
    const next = Array.from({ length: size }, (_, place): UpsertInput => {
      const known = place % 2 === 0 ? undefined : before[place - 1];
      return known === undefined
        ? { ...contact(), external_id: `bench-${batch}-${place}` }
        : { ...known, job_title: `Buyer ${batch}` };
    });
    before = next;
    return next;
  };
}

const none = (): number[] => [];

/** Runs both in turn and prints rows a second; each side's work and its process's CPU. */
export async function compareUpserts(
  size: number,
  cpu: () => Promise<number>,
  sides: Readonly<Record<string, () => Promise<void>>>,
): Promise<void> {
  const found = Object.entries(sides).map(([name, write]) => ({
    name,
    write,
    times: none(),
    spent: none(),
  }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { write, times, spent } of found) {
      const [startedAt, before] = [performance.now(), await cpu()];
      await write();
      // The first round warms up.
      if (round === 0) continue;
      times.push(performance.now() - startedAt);
      spent.push((await cpu()) - before);
    }
  }
  const [first] = found;
  for (const { name, times, spent } of found) {
    const ratios = times.map((time, round) => time / (first?.times[round] ?? 0));
    console.log(
      `  ${name.padEnd(28)} ${perSecond(median(times) / size).padStart(7)} rows/s, takes ${range(ratios)} times as long (median ${median(ratios).toFixed(2)}), gateway ${((median(spent) / size) * 1_000).toFixed(0)} µs of CPU a row`,
    );
  }
}
