import { LRUCache } from "lru-cache";

/** What is kept beside the texts of statements takes some room too. */
const overhead = 2_000;
/** A shape with long values in it, such as a list of 1,000 ids, would not come again. */
const maxShape = 5_000;

/** What was compiled, by operation and shape, bounded by the length of the statements' texts. */
export class Kept<Compiled extends {}> {
  readonly #compiled: LRUCache<string, Compiled>;

  constructor(maxCharacters: number, charactersOf: (compiled: Compiled) => number) {
    this.#compiled = new LRUCache({
      maxSize: maxCharacters,
      sizeCalculation: (compiled, key) => charactersOf(compiled) + key.length + overhead,
    });
  }

  /** What is kept under a key; made if it is not there. */
  of(key: string, make: () => Compiled): Compiled {
    if (key.length > maxShape) return make();
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#compiled.set(key, made);
    return made;
  }
}
