import { minuteMilliseconds, type Grant, type SharedCounters } from "./rate-limiter.ts";

type Counter = {
  /** Names the minute: a new one has another. */
  readonly minute: string;
  /** By `performance.now()`. */
  readonly endsAt: number;
  taken: number;
};

/** Counters in the memory of one process, which grants for others. */
export class MemoryCounters implements SharedCounters {
  readonly #counters = new Map<string, Counter>();
  #minutes = 0;

  async grant(key: string, wanted: number, limit: number): Promise<Grant> {
    const now = performance.now();
    let counter = this.#counters.get(key);
    if (counter === undefined || counter.endsAt <= now) {
      this.#minutes += 1;
      counter = { minute: String(this.#minutes), endsAt: now + minuteMilliseconds, taken: 0 };
      this.#counters.set(key, counter);
    }
    const { minute, endsAt, taken } = counter;
    counter.taken += wanted;
    return {
      granted: Math.max(0, Math.min(wanted, limit - taken)),
      left: Math.max(0, limit - counter.taken),
      minute,
      milliseconds: endsAt - now,
    };
  }

  async takeBack(key: string, amount: number, minute: string): Promise<void> {
    const counter = this.#counters.get(key);
    if (counter?.minute === minute) counter.taken = Math.max(0, counter.taken - amount);
  }

  /** Forgets minutes that are over. */
  async sweep(): Promise<void> {
    const now = performance.now();
    for (const [key, { endsAt }] of this.#counters) if (endsAt <= now) this.#counters.delete(key);
  }
}
