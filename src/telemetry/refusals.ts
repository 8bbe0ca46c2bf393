/** Lines a minute for one address, and for all together. */
const perAddress = 10;
const perMinute = 600;
const maxAddresses = 10_000;
/** Of the addresses that went on, so many are named when the minute is over. */
const maxNamed = 20;

export type RefusalCount = { readonly address: string; readonly count: number };

/**
 * Keeps what strangers send from filling the log. Within a minute an address gets a few lines, all addresses together
 * some more, and the rest is counted.
 */
export class Refusals {
  #written = 0;
  #unwritten = 0;
  readonly #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  readonly #tell: (total: number, most: readonly RefusalCount[]) => void;

  /** `tell` gets, when a minute is over, how many had no line, and from whom most of them came. */
  constructor(tell: (total: number, most: readonly RefusalCount[]) => void) {
    this.#tell = tell;
  }

  /** Whether one more from that address is worth a line. */
  admits(address: string): boolean {
    this.#timer ??= setTimeout(() => this.flush(), 60_000).unref();
    const count = (this.#counts.get(address) ?? 0) + 1;
    if (count > 1 || this.#counts.size < maxAddresses) this.#counts.set(address, count);
    if (count <= perAddress && this.#written < perMinute) {
      this.#written += 1;
      return true;
    }
    this.#unwritten += 1;
    return false;
  }

  /** Ends the minute. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const most = [...this.#counts]
      .filter(([, count]) => count > perAddress)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, maxNamed)
      .map(([address, count]) => ({ address, count: count - perAddress }));
    const unwritten = this.#unwritten;
    this.#counts.clear();
    this.#written = 0;
    this.#unwritten = 0;
    if (unwritten > 0) this.#tell(unwritten, most);
  }
}
