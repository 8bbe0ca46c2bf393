import { LRUCache } from "lru-cache";
import type { Piece } from "./fence.ts";

/** The most characters of the texts that a connection keeps prepared. PostgreSQL takes some 100 bytes for each. */
export const keptCharacters = 150_000;
/** The most texts that a connection keeps prepared, however short they are. */
export const keptTexts = 150;
/** The most characters of the texts that are remembered after they came once. */
export const rememberedCharacters = 2_000_000;
/** A longer text would push out too many others, so it is never prepared. */
const longestText = 20_000;

/** How a text goes to PostgreSQL. */
export type Preparing = {
  /** The name of the prepared statement; "" if the text is sent for one time only. */
  readonly name: string;
  /** Whether the text must be sent, since the connection does not know the name yet. */
  readonly isNew: boolean;
  /** Names of evicted texts. PostgreSQL must close them first. */
  readonly forgotten: readonly string[];
};

/** How a text goes that comes once. */
export const unprepared: Preparing = { name: "", isNew: true, forgotten: [] };

/**
 * How a text that may be prepared on a shared connection is asked for: `usual` believes that it is there, `afresh` prepares
 * it in any case, `once` does not prepare it. The latter two cannot fail with what `isStale`.
 */
export type Asking = "usual" | "afresh" | "once";

/** The texts that are prepared on a connection, and their names. */
export type Texts = {
  /** Makes room for a text that is about to be prepared. Null where `forgotten` does. */
  readonly room: Piece | null;
  /** How a text is to be sent. */
  use(text: string, asking: Asking): Preparing;
  /** Forgets the text of a failed statement: it may not be prepared, or be prepared and out of date. */
  forget(text: string): void;
  /** Notes names that PostgreSQL may not have closed yet, so that they are closed again. */
  closeAgain(names: readonly string[]): void;
};

/** The recent texts of all connections. A text is prepared when it comes for the second time. */
export class RecentTexts {
  readonly #texts = new LRUCache<string, true>({
    maxSize: rememberedCharacters,
    maxEntrySize: longestText,
    sizeCalculation: (_, text) => text.length + 1,
  });

  /** Whether the text has come before; from now on it has. */
  hasCome(text: string): boolean {
    if (this.#texts.get(text) === true) return true;
    this.#texts.set(text, true);
    return false;
  }
}

/** The texts that are prepared on a connection of one's own. The least recently used is evicted first. */
export class PreparedTexts implements Texts {
  readonly #recent: RecentTexts | null;
  readonly #prefix: string;
  #made = 0;
  #forgotten: string[] = [];
  readonly room = null;
  readonly #names = new LRUCache<string, string>({
    max: keptTexts,
    maxSize: keptCharacters,
    sizeCalculation: (_, text) => text.length + 1,
    dispose: (name) => this.#forgotten.push(name),
  });

  /**
   * Without recent texts none is prepared. The prefix tells this connection's names from those of others, where a pooler
   * might mix them up.
   */
  constructor(recent: RecentTexts | null, prefix = "s") {
    this.#recent = recent;
    this.#prefix = prefix;
  }

  use(text: string): Preparing {
    const known = this.#names.get(text);
    if (known !== undefined) return { name: known, isNew: false, forgotten: [] };
    if (this.#recent === null || !this.#recent.hasCome(text)) return unprepared;
    const name = `${this.#prefix}${(this.#made += 1)}`;
    this.#names.set(text, name);
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    return { name, isNew: true, forgotten };
  }

  forget(text: string): void {
    this.#names.delete(text);
  }

  closeAgain(names: readonly string[]): void {
    this.#forgotten.push(...names);
  }
}
