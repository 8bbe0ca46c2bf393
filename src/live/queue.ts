import type { LiveEvent } from "./listening.ts";

/** The most events that wait for a listener. */
const maxEvents = 1_000;
/** The most bytes of changes that wait for a listener, where more than one page of them does. */
const maxBytes = 8_000_000;

/** Events on their way to one listener. The side that puts them in never waits. */
export class EventQueue {
  #pages: (readonly LiveEvent[])[] = [];
  #events = 0;
  #bytes = 0;
  #waiting: PromiseWithResolvers<readonly LiveEvent[] | null> | null = null;
  #end: { readonly reason: Error | null } | null = null;

  get isEnded(): boolean {
    return this.#end !== null;
  }

  /** Whether all that was put in is taken, and the next is waited for. */
  get isAwaited(): boolean {
    return this.#waiting !== null;
  }

  /** False if they have no room. */
  put(events: readonly LiveEvent[], bytes: number): boolean {
    if (this.#end !== null || events.length === 0) return true;
    if (this.#waiting !== null) {
      this.#waiting.resolve(events);
      this.#waiting = null;
      return true;
    }
    const isFull =
      this.#events + events.length > maxEvents ||
      (this.#pages.length > 0 && this.#bytes + bytes > maxBytes);
    if (isFull) return false;
    this.#pages.push(events);
    this.#events += events.length;
    this.#bytes += bytes;
    return true;
  }

  /** Ends it: what waits is dropped, and the next `take` gives null, or fails with the reason. */
  end(reason: Error | null): void {
    if (this.#end !== null) return;
    this.#end = { reason };
    this.#pages = [];
    if (reason === null) this.#waiting?.resolve(null);
    else this.#waiting?.reject(reason);
    this.#waiting = null;
  }

  /** All that waits, or else what comes next; null at the end. */
  async take(): Promise<readonly LiveEvent[] | null> {
    if (this.#end !== null) {
      if (this.#end.reason !== null) throw this.#end.reason;
      return null;
    }
    if (this.#pages.length > 0) {
      const events = this.#pages.length === 1 ? (this.#pages[0] ?? []) : this.#pages.flat();
      this.#pages = [];
      this.#events = 0;
      this.#bytes = 0;
      return events;
    }
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }
}
