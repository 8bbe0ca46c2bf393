import { LRUCache } from "lru-cache";

type Entry<Value> = { readonly askedAt: number; readonly value: Promise<Value | null> };

type FreshCacheOptions<Value> = {
  /** How many things that exist are kept, and as many that do not. */
  readonly max: number;
  /** For how long an answer counts, from when it was asked for. */
  readonly maxAge: number;
  /** Looks a thing up; null when there is none. */
  readonly load: (key: string) => Promise<Value | null>;
  /** Told of each look-up whether its answer was there. */
  readonly onGet?: ((isHit: boolean) => void) | undefined;
};

/**
 * What the database says, believed for seconds. Who asks while it is being looked up gets the same answer. What
 * does not exist has a room of its own, so that a flood of inventions cannot drive out what does.
 */
export class FreshCache<Value extends object> {
  readonly #found: LRUCache<string, Entry<Value>>;
  /** Being looked up, or not there. */
  readonly #asked: LRUCache<string, Entry<Value>>;
  readonly #maxAge: number;
  readonly #load: (key: string) => Promise<Value | null>;
  readonly #onGet: (isHit: boolean) => void;

  constructor({ max, maxAge, load, onGet = () => undefined }: FreshCacheOptions<Value>) {
    this.#found = new LRUCache({ max });
    this.#asked = new LRUCache({ max });
    this.#maxAge = maxAge;
    this.#load = load;
    this.#onGet = onGet;
  }

  /** What there is under the key; null for nothing. A failure is not kept. */
  get(key: string): Promise<Value | null> {
    const kept = this.#found.get(key) ?? this.#asked.get(key);
    const askedAt = performance.now();
    const isHit = kept !== undefined && askedAt - kept.askedAt < this.#maxAge;
    this.#onGet(isHit);
    if (isHit) return kept.value;
    const entry = { askedAt, value: this.#load(key) };
    this.#found.delete(key);
    this.#asked.set(key, entry);
    void this.#settle(key, entry);
    return entry.value;
  }

  /** Gives what is there its place. Forgotten meanwhile, it may be out of date: only those who asked before get it. */
  async #settle(key: string, entry: Entry<Value>): Promise<void> {
    const value = await entry.value.catch(() => undefined);
    if (value === null || this.#asked.peek(key) !== entry) return;
    this.#asked.delete(key);
    if (value !== undefined) this.#found.set(key, entry);
  }

  /** The next one to ask gets what is there then. */
  forget(key: string): void {
    this.#found.delete(key);
    this.#asked.delete(key);
  }
}
