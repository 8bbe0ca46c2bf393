import { LRUCache } from "lru-cache";

/** Characters that are added for the objects around a statement's text. */
const overhead = 2_000;
/** The longest key that is kept. A shape with long values, such as a filter of 1,000 ids, hardly comes again. */
const maxShape = 5_000;

/** A cache of compiled operations by operation and shape, bounded by the length of the statements' texts. */
export class Kept<Compiled extends {}> {
  readonly #compiled: LRUCache<string, Compiled>;

  constructor(maxCharacters: number, charactersOf: (compiled: Compiled) => number) {
    this.#compiled = new LRUCache({
      maxSize: maxCharacters,
      sizeCalculation: (compiled, key) => charactersOf(compiled) + key.length + overhead,
    });
  }

  /** The entry under a key; it is made if the cache does not hold it. */
  of(key: string, make: () => Compiled): Compiled {
    if (key.length > maxShape) return make();
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#compiled.set(key, made);
    return made;
  }
}
