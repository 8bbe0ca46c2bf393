/**
 * A small, fast pseudo-random source (sfc32): the same key gives the same sequence on every
 * machine. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(key: string) {
    const hash = hashOf(key);
    this.#a = hash();
    this.#b = hash();
    this.#c = hash();
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** A whole number from 0 to 2^32 - 1. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A number from 0 up to, and without, 1. */
  share(): number {
    return this.next() / 4_294_967_296;
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.share() * (most - least + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.share() < probability;
  }

  /** One of the list. */
  pick<Item>(list: readonly Item[]): Item {
    const item = list[Math.floor(this.share() * list.length)];
    if (item === undefined) throw new RangeError("Nothing to pick from");
    return item;
  }

  /** One of the list or nothing: null with the probability left over. */
  maybe<Item>(probability: number, list: readonly Item[]): Item | null {
    return this.chance(probability) ? this.pick(list) : null;
  }

  /** One of the choices, each as often as its weight says. */
  weighted<Item>(choices: readonly (readonly [Item, number])[]): Item {
    let left = this.share() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [item, weight] of choices) {
      left -= weight;
      if (left < 0) return item;
    }
    const last = choices.at(-1);
    if (last === undefined) throw new RangeError("Nothing to choose from");
    return last[0];
  }

  /** `count` different items (fewer when the list is short), in random order. */
  some<Item>(count: number, list: readonly Item[]): Item[] {
    const rest = [...list];
    const chosen: Item[] = [];
    while (chosen.length < count && rest.length > 0) {
      chosen.push(...rest.splice(Math.floor(this.share() * rest.length), 1));
    }
    return chosen;
  }

  /** A count with a long tail: mostly small, at most `most`; a smaller shape makes a longer tail. */
  tail(scale: number, shape: number, most: number): number {
    const draw = scale * ((1 - this.share()) ** (-1 / shape) - 1);
    return Math.min(most, Math.floor(draw));
  }

  /** So many random bytes. */
  bytes(count: number): Uint8Array {
    let word = 0;
    return Uint8Array.from({ length: count }, (_, index) => {
      word = index % 4 === 0 ? this.next() : word >>> 8;
      return word & 0xff;
    });
  }
}

/** Spreads a text over as many 32-bit words as are asked for (the xmur3 mix). */
function hashOf(text: string): () => number {
  let hash = 1_779_033_703 ^ text.length;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 3_432_918_353);
    hash = (hash << 13) | (hash >>> 19);
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
    hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
    hash ^= hash >>> 16;
    return hash | 0;
  };
}
