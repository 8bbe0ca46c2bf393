import { LRUCache } from "lru-cache";

/** Characters that are added for the objects around a statement's text. */
const overhead = 2_000;
/** The longest key that is kept. A shape with long values, such as a filter of 1,000 ids, hardly comes again. */
const maxShape = 5_000;

/** A cache of compiled operations by operation and shape, bounded by the length of the statements and documents. */
export class Kept<Compiled extends {}> {
  readonly #compiled: LRUCache<string, Compiled>;
  readonly #charactersOf: (compiled: Compiled) => number;

  constructor(maxCharacters: number, charactersOf: (compiled: Compiled) => number) {
    this.#compiled = new LRUCache({ maxSize: maxCharacters });
    this.#charactersOf = charactersOf;
  }

  /** The entry under a key; it is made if the cache does not hold it. It may hold parts of the document. */
  of(key: string, documentLength: number, make: () => Compiled): Compiled {
    if (key.length > maxShape) return make();
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const made = make();
    const size = this.#charactersOf(made) + documentLength + key.length + overhead;
    this.#compiled.set(key, made, { size });
    return made;
  }
}
