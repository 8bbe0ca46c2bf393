import { setTimeout as sleep } from "node:timers/promises";

/** So long after the last request others count as there, if there was one within the second before it. */
const [absentMilliseconds, apartMilliseconds] = [2_000, 1_000];
/** Looks at the load that are closer than this see the same requests. */
const lookMilliseconds = 20;
/** While others are there, imports rest 3 times as long as they have worked, at most 3 seconds. */
const [restTimes, maxRest] = [3, 3_000];
/** What an upload is read in, so that nobody waits long, and the milliseconds of a piece that count for a rest. */
const [pieceBytes, mostPiece] = [16 * 1_024, 30];

/** The others who have requests to this process, beside its imports. */
export class Crowd {
  readonly #load: () => number;
  readonly #uploads = new Line();
  readonly #portions = new Line();
  /** When others were last seen to have requests, and before that. */
  #seen: readonly [last: number, before: number] = [-Infinity, -Infinity];

  /** @param load how many requests of others this process works on, or has in line, just now */
  constructor(load: () => number) {
    this.#load = load;
  }

  /** Whether others have requests, or had some just now. */
  get isThere(): boolean {
    const now = performance.now();
    const areThere = this.#load() > 0;
    if (areThere && now - this.#seen[0] > lookMilliseconds) this.#seen = [now, this.#seen[0]];
    const [last, before] = this.#seen;
    // One who asks now and then how far an import is does not slow it down.
    return areThere || (now - last < absentMilliseconds && last - before < apartMilliseconds);
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
