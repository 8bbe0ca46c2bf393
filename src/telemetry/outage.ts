type Tell = (details: object) => void;

/** Something that is tried again and again. It is told once when it begins to fail, and once when it works again. */
export class Outage {
  readonly #begins: Tell;
  readonly #ends: Tell;
  #lasts = false;

  constructor({ begins, ends }: { readonly begins: Tell; readonly ends: Tell }) {
    this.#begins = begins;
    this.#ends = ends;
  }

  /** Whether it failed the last time. */
  get lasts(): boolean {
    return this.#lasts;
  }

  failed(details: object): void {
    if (!this.#lasts) this.#begins(details);
    this.#lasts = true;
  }

  worked(details: object = {}): void {
    if (this.#lasts) this.#ends(details);
    this.#lasts = false;
  }
}
