import { LRUCache } from "lru-cache";

/** Characters of the texts that a connection keeps prepared: for each, PostgreSQL takes some 100 bytes. */
const keptCharacters = 150_000;
/** The most texts that a connection keeps prepared, however short they are. */
const keptTexts = 150;
/** Characters of the texts that are remembered because they came once. */
const rememberedCharacters = 2_000_000;
/** A longer text would push out too many others, so it is never prepared. */
const longestText = 20_000;

/** How a text goes to PostgreSQL. */
export type Preparing = {
  /** The name that it is prepared under; "" when it is sent for this one time. */
  readonly name: string;
  /** Whether the text itself must be sent: this connection does not know the name yet. */
  readonly isNew: boolean;
  /** Names that made way: PostgreSQL is told to forget them first. */
  readonly forgotten: readonly string[];
};

const unprepared: Preparing = { name: "", isNew: true, forgotten: [] };

/** Which texts have come lately, on any connection: one that comes once is not worth preparing. */
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

/** The texts that are prepared on one connection, and their names. The one that was not used for longest makes way. */
export class PreparedTexts {
  readonly #recent: RecentTexts;
  #made = 0;
  #forgotten: string[] = [];
  readonly #names = new LRUCache<string, string>({
    max: keptTexts,
    maxSize: keptCharacters,
    sizeCalculation: (_, text) => text.length + 1,
    dispose: (name) => this.#forgotten.push(name),
  });

  constructor(recent: RecentTexts) {
    this.#recent = recent;
  }

  /** How to send a text; a text that comes for the second time is prepared. */
  use(text: string): Preparing {
    const known = this.#names.get(text);
    if (known !== undefined) return { name: known, isNew: false, forgotten: [] };
    if (!this.#recent.hasCome(text)) return unprepared;
    const name = `s${(this.#made += 1)}`;
    this.#names.set(text, name);
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    return { name, isNew: true, forgotten };
  }

  /** A statement failed: whether its text is prepared is uncertain now, or what is prepared is out of date. */
  forget(text: string): void {
    this.#names.delete(text);
  }
}
