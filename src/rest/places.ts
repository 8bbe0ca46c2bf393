import { EventEmitter, once } from "node:events";
import { unavailable } from "../lib/errors.ts";
import { answerOf } from "./answer.ts";
import { Refused } from "./error-answers.ts";

type PlacesOptions = {
  /** What takes them, in the plural: `exports`. */
  readonly name: string;
  /** How many there are; a tenant has half of them at most. */
  readonly size: number;
  /** The longest wait for one: a client may ask for its next one before the place of the last one is free. */
  readonly waitMilliseconds: number;
};

/** The `window` of an answer 429 about what runs at once, in place of the minute of quotas. */
export const atOnce = "at_once";

/** Bounds what runs at once for as long as its client likes. */
export class Places {
  readonly #name: string;
  readonly #size: number;
  readonly #waitMilliseconds: number;
  readonly #taken = new Map<string, number>();
  /** Tells those who wait that a place is free. */
  readonly #freed = new EventEmitter().setMaxListeners(0);

  constructor({ name, size, waitMilliseconds }: PlacesOptions) {
    this.#waitMilliseconds = waitMilliseconds;
    this.#name = name;
    this.#size = Math.max(1, size);
  }

  /**
   * Takes a place; gives what ends it.
   *
   * @throws Refused RATE_LIMITED where the tenant has its part, GatewayError UNAVAILABLE where all places are taken.
   */
  async take(tenantId: string): Promise<() => void> {
    const until = performance.now() + this.#waitMilliseconds;
    for (;;) {
      try {
        return this.#takeNow(tenantId);
      } catch (error) {
        const left = Math.ceil(until - performance.now());
        if (left <= 0) throw error;
        const signal = AbortSignal.timeout(left);
        // What it is aborted with is told above, on the last attempt.
        await once(this.#freed, "freed", { signal }).catch(() => undefined);
      }
    }
  }

  #takeNow(tenantId: string): () => void {
    const own = this.#taken.get(tenantId) ?? 0;
    // A part of the places, so that one tenant does not have them all.
    if (own >= Math.max(1, Math.floor(this.#size / 2))) {
      const error = `${own} of your ${this.#name} run; wait until one of them has ended.`;
      const body = { error, limit: own, window: atOnce };
      throw new Refused("RATE_LIMITED", answerOf(429, body, { "retry-after": "5" }));
    }
    const all = [...this.#taken.values()].reduce((sum, count) => sum + count, 0);
    if (all >= this.#size) throw unavailable(`Too many ${this.#name} run just now; try again.`);
    this.#taken.set(tenantId, own + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#taken.get(tenantId) ?? 1) - 1;
      if (left === 0) this.#taken.delete(tenantId);
      else this.#taken.set(tenantId, left);
      this.#freed.emit("freed");
    };
  }
}
