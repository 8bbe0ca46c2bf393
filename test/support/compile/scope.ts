type Entry = { readonly head: string; readonly type: string; readonly inner: Scope };

/**
 * What each response name of one place of an answer stands for, and so on below. Two fields of one name are merged only
 * if they are the same field with the same arguments; whoever asks here first makes no document with a conflict.
 */
export class Scope {
  readonly #entries = new Map<string, Entry>();

  /** Whether a field may be answered under that name here. `head` is the field with its arguments. */
  admits(name: string, head: string, type: string): boolean {
    const found = this.#entries.get(name);
    return found === undefined || (found.head === head && found.type === type);
  }

  /** Notes a field, and gives the place below it. */
  enter(name: string, head: string, type: string): Scope {
    const found = this.#entries.get(name);
    if (found !== undefined) return found.inner;
    const inner = new Scope();
    this.#entries.set(name, { head, type, inner });
    return inner;
  }

  /** Whether all that is at another place, as a fragment has it, may stand here too. */
  admitsAll(other: Scope): boolean {
    return [...other.#entries].every(([name, { head, type, inner }]) => {
      if (!this.admits(name, head, type)) return false;
      return this.#entries.get(name)?.inner.admitsAll(inner) ?? true;
    });
  }

  /** Notes all of it here. */
  enterAll(other: Scope): void {
    for (const [name, { head, type, inner }] of other.#entries) {
      this.enter(name, head, type).enterAll(inner);
    }
  }
}
