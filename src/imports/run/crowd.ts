import { setTimeout as sleep } from "node:timers/promises";

/** So long after the last request began others count as there, if one began within the second before it. */
const [absentMilliseconds, apartMilliseconds] = [2_000, 1_000];
/** While others are there, imports rest 3 times as long as they have worked, at most 3 seconds. */
const [restTimes, maxRest] = [3, 3_000];
/** What an upload is read in, so that nobody waits long, and the milliseconds of a piece that count for a rest. */
const [pieceBytes, mostPiece] = [16 * 1_024, 30];

/** The others who have requests to this process, beside its imports. */
export class Crowd {
  readonly #load: () => number;
  readonly #uploads = new Line();
  readonly #portions = new Line();
  /** When the last request of others began, and the one before it. */
  #last = -Infinity;
  #before = -Infinity;

  /** @param load how many requests of others this process works on, or has in line, just now */
  constructor(load: () => number) {
    this.#load = load;
  }

  /** Notes that a request of others began. Imports look at the load only now and then, and would see few of them. */
  came(): void {
    this.#before = this.#last;
    this.#last = performance.now();
  }

  /** Whether others have requests, or had some just now. */
  get isThere(): boolean {
    // One who asks now and then does not slow imports down.
    const cameOften = this.#last - this.#before < apartMilliseconds;
    return this.#load() > 0 || (cameOften && performance.now() - this.#last < absentMilliseconds);
  }

  /** Does a portion of an import's work: at once, or, while others are there, when those before have worked and rested. */
  async inTurn<Done>(work: () => Promise<Done>, signal: AbortSignal): Promise<Done> {
    if (!this.isThere) return await work();
    const leave = await this.#portions.take();
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      void this.#rest(performance.now() - startedAt, signal).then(leave);
    }
  }

  /** Leaves the machine to others, after work that took so long. */
  async #rest(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const most = Math.min(milliseconds * restTimes, maxRest);
    const options = { ref: false, ...(signal === undefined ? {} : { signal }) };
    await sleep(most, undefined, options).catch(() => undefined);
  }

  /** The bytes. While others are there, pieces of all uploads take turns, with rests between them. */
  async *paced(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += pieceBytes) {
        const leave = this.isThere ? await this.#uploads.take() : null;
        const startedAt = performance.now();
        try {
          yield chunk.subarray(at, at + pieceBytes);
        } finally {
          // A client is held back by this, and must not seem too slow for it.
          const took = Math.min(performance.now() - startedAt, mostPiece);
          if (leave !== null) void this.#rest(took).then(leave);
        }
      }
    }
  }
}

/** Those who wait for each other, in the order in which they came. */
class Line {
  #end: Promise<void> = Promise.resolve();

  /** Resolves once all before have left, to what leaves the line. */
  async take(): Promise<() => void> {
    const before = this.#end;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end = promise;
    await before;
    return resolve;
  }
}
