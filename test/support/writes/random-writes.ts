import { type Values } from "./mutation.ts";
import type { RowWriter, Verdict } from "./row-writer.ts";

/** Numbers from 0 up to 1, the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Writes of one kind of record: what to send, and the records that there are by now. */
export type Kind = {
  readonly writer: RowWriter;
  readonly input: () => Values;
  /** Without what cannot change. */
  readonly change?: () => Values;
  readonly ids: string[];
  /** Activities are a log: they are only created. */
  readonly isLog?: boolean;
};

/** One write that anybody could send: some rows, good or not. */
export async function writeAnything(kind: Kind, random: () => number): Promise<void> {
  const { writer, ids, input, change = input } = kind;
  const pick = (): string => ids[Math.floor(random() * ids.length)] ?? "";
  const some = <Item>(make: () => Item): Item[] =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, make);
  const onError = random() < 0.5 ? "abort" : "continue";
  const choice = random();
  if (kind.isLog === true || (choice < 0.15 && ids.length < 20)) {
    const made = await writer.create(some(input), onError);
    ids.push(...made.flatMap(({ id }: Verdict) => id ?? []));
    return;
  }
  const named = [...new Set(some(pick))];
  if (choice < 0.65) {
    await writer.update(
      named.map((id) => ({ ...change(), id })),
      onError,
    );
  } else if (choice < 0.72) await writer.delete(pick());
  else await writer.restore(...named);
}
