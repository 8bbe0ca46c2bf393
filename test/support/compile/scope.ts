type Entry = { readonly head: string; readonly type: string; readonly inner: Scope };

/**
 * The response names at one place of an answer, and below it. Two fields of one name can be merged only if they are the
 * same field with the same arguments. A document whose fields were all admitted has no conflict.
 */
export class Scope {
  readonly #entries = new Map<string, Entry>();

  /** Whether a field may have a response name here. `head` is the field with its arguments. */
  admits(name: string, head: string, type: string): boolean {
    const found = this.#entries.get(name);
    return found === undefined || (found.head === head && found.type === type);
  }

  /** Adds a field, and gives the place below it. */
  enter(name: string, head: string, type: string): Scope {
    const found = this.#entries.get(name);
    if (found !== undefined) return found.inner;
    const inner = new Scope();
    this.#entries.set(name, { head, type, inner });
    return inner;
  }

  /** Whether all fields of another place, such as a fragment, may be selected here as well. */
  admitsAll(other: Scope): boolean {
    return [...other.#entries].every(([name, { head, type, inner }]) => {
      if (!this.admits(name, head, type)) return false;
      return this.#entries.get(name)?.inner.admitsAll(inner) ?? true;
    });
  }

  /** Adds all fields of another place. */
  enterAll(other: Scope): void {
    for (const [name, { head, type, inner }] of other.#entries) {
      this.enter(name, head, type).enterAll(inner);
    }
  }
}
