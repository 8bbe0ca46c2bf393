import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { FencedPool } from "../db/fenced-pool.ts";
import { asOwnWork } from "../db/work.ts";
import { parseId } from "../lib/id.ts";

/** How often a key's use is written. */
const minute = 60_000;
/** What is used in this time is written together, by one statement for all tenants. */
const gathering = 5_000;
const maxRemembered = 10_000;

/** Keeps `last_used_at` of API keys, to the minute; no request waits for it or pays for it. */
export class KeyUses {
  readonly #pool: FencedPool;
  readonly #logger: Pick<Logger, "debug">;
  readonly #noted = new LRUCache<string, number>({ max: maxRemembered });
  #gathered = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ pool, logger }: { pool: FencedPool; logger: Pick<Logger, "debug"> }) {
    this.#pool = pool;
    this.#logger = logger;
  }

  /** The key has just been used. */
  note(id: string): void {
    const now = performance.now();
    const noted = this.#noted.get(id);
    if (noted !== undefined && now - noted < minute) return;
    this.#noted.set(id, now);
    this.#gathered.add(parseId("key", id));
    this.#timer ??= setTimeout(() => void this.write(), gathering).unref();
  }

  /** Writes what was gathered; never fails. The statement itself looks whether another process wrote within the minute. */
  async write(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const ids = [...this.#gathered];
    this.#gathered = new Set();
    if (ids.length === 0) return;
    try {
      await asOwnWork(() => this.#pool.callFunction("note_api_key_use", ids));
    } catch (error) {
      const cause = error instanceof Error ? error.name : typeof error;
      this.#logger.debug({ keys: ids.length, cause }, "the use of keys was not written");
    }
  }
}
