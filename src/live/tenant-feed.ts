import { setTimeout as sleep } from "node:timers/promises";
import { Work } from "../db/work.ts";
import { badInput, GatewayError } from "../lib/errors.ts";
import { cursorAt } from "../changes/position.ts";
import type { LiveEvent, Prepared } from "./listening.ts";
import { endOfLog, maxPage, readLog, type LogPage, type LogSource } from "./log.ts";
import { match, nothing, type Matched } from "./matching.ts";
import { EventQueue } from "./queue.ts";

/** The shortest time between two reads of a log: a burst of commits is read by pages. */
const pauseMilliseconds = 20;
/** Between attempts to read while the database does not answer. */
const troubleMilliseconds = 500;

/** The most listeners whose past is read at once; the tenant's other connections are for its requests. */
const replaysAtOnce = 2;

/** Events that were judged for a listener and did not match. */
export type Unmatched = {
  /** What that costs it, in points. The listeners that ask the same share it. */
  readonly points: number;
  /** All events up to here are done with; null if some still wait for it. */
  readonly position: string | null;
};

/** A listener that has caught up with the log, and where it is. */
export class Listener {
  readonly prepared: Prepared;
  readonly queue = new EventQueue();
  /** All events up to here are in its queue or were taken. */
  position: bigint;
  /** The last event that was taken out of its queue, or the place where it began. */
  taken: bigint;

  readonly #onUnmatched: (unmatched: Unmatched) => void;

  constructor(prepared: Prepared, position: bigint, onUnmatched: (unmatched: Unmatched) => void) {
    this.prepared = prepared;
    this.#onUnmatched = onUnmatched;
    this.position = position;
    this.taken = position;
  }

  /**
   * Delivers the part of a page that the listener lacks, and gives the number of its events. `alike` listeners ask the same.
   */
  deliver(page: LogPage, matched: Matched, alike: number): number {
    if (matched instanceof Error) {
      this.queue.end(matched);
      return 0;
    }
    const behind = this.position;
    const news = page.rows[0]?.position === behind + 1n;
    const events = news
      ? matched.events
      : matched.events.filter(({ position }) => BigInt(position) > behind);
    if (page.position > behind) this.position = page.position;
    if (!this.queue.put(events, bytesOf(page, events))) this.queue.end(this.#tooSlow());
    const points = (matched.unmatched * (this.prepared.question?.cost ?? 0)) / alike;
    const position = this.queue.isAwaited ? String(this.position) : null;
    if (points > 0) this.#onUnmatched({ points, position });
    return events.length;
  }

  /** The next events; null at the end. */
  async take(): Promise<readonly LiveEvent[] | null> {
    const events = await this.queue.take();
    const last = events?.at(-1);
    if (last !== undefined) this.taken = BigInt(last.position);
    return events;
  }

  #tooSlow(): GatewayError {
    const cursor = cursorAt(String(this.taken));
    return new GatewayError({
      code: "SLOW_CONSUMER",
      complaint: { complaint: "readTooSlowly" },
      cursor,
    });
  }
}

function bytesOf({ rows }: LogPage, events: readonly LiveEvent[]): number {
  return events.length === 0 ? 0 : rows.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Who hears how the logs are followed. */
export type Hearing = {
  /** Why a log cannot be read just now; it is tried again. */
  readonly trouble: (error: unknown) => void;
  /** How many events went to listeners together, and how many milliseconds after the last of them was written. */
  readonly delivered?: ((events: number, milliseconds: number) => void) | undefined;
};

/** The listeners to one tenant's log. It is read once for all of them, from where the last of them is. */
export class TenantFeed {
  readonly source: LogSource;
  /** Streams of this tenant, with those that have not caught up yet. */
  streams = 0;
  readonly #listeners = new Set<Listener>();
  readonly #hears: Hearing;
  /** The end of the log as it was last seen. */
  #end = 0n;
  #ending: Promise<bigint> | null = null;
  #isAwake = false;
  #isRunning = false;
  readonly #replays = new Work({ mayStop: false });

  constructor(source: LogSource, hears: Hearing) {
    this.source = source;
    this.#hears = hears;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
    this.wake();
  }

  /** Takes a listener out, and ends its queue. */
  remove(listener: Listener): void {
    this.#listeners.delete(listener);
    listener.queue.end(null);
  }

  /** Reads what the log has behind its listeners. */
  wake(): void {
    this.#isAwake = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** The end of the log; read once for all who ask in one turn of the event loop. */
  end(): Promise<bigint> {
    this.#ending ??= Promise.resolve().then(async () => {
      this.#ending = null;
      return this.#reaches(await endOfLog(this.source));
    });
    return this.#ending;
  }

  /**
   * Whether the log ends within a page behind the position, so that the listener can go on with the others.
   *
   * @throws GatewayError BAD_USER_INPUT if the log does not reach the position.
   */
  async isNear(position: bigint): Promise<boolean> {
    // The end that was seen may be old: who went on from it by the pace of the others would be too slow for them.
    if (this.#end - position <= BigInt(maxPage)) await this.end();
    if (this.#end < position) throw badInput(["after"], { complaint: "cursorAhead" });
    return this.#end - position <= BigInt(maxPage);
  }

  /** Reads for a listener that has not caught up, when it is its turn. */
  async replay<Result>(read: () => Promise<Result>): Promise<Result> {
    await this.#replays.startRead(replaysAtOnce);
    try {
      return await read();
    } finally {
      this.#replays.endRead();
    }
  }

  async #run(): Promise<void> {
    // Never within the call that wakes.
    await Promise.resolve();
    while (this.#isAwake && this.#listeners.size > 0) {
      this.#isAwake = false;
      try {
        if (!(await this.#readOn())) this.#isAwake = true;
        await sleep(pauseMilliseconds, undefined, { ref: false });
      } catch (error) {
        this.#hears.trouble(error);
        this.#isAwake = true;
        await sleep(troubleMilliseconds, undefined, { ref: false });
      }
    }
    this.#isRunning = false;
  }

  /** Gives the listeners the next page of the log; gives whether it was the last one. */
  async #readOn(): Promise<boolean> {
    const listeners = [...this.#listeners];
    const [first] = listeners;
    if (first === undefined) return true;
    const behind = listeners.reduce(
      (least, { position }) => (position < least ? position : least),
      first.position,
    );
    let page: LogPage;
    try {
      page = await readLog(this.source, behind);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== "CURSOR_EXPIRED") throw error;
      for (const { position, queue } of listeners) if (position === behind) queue.end(error);
      this.#dropEnded(listeners);
      return false;
    }
    this.#reaches(page.position);
    if (page.rows.length > 0) {
      const due = listeners.filter(({ position }) => position < page.position);
      const prepared = due.map((listener) => listener.prepared);
      const matched = await match(this.source, page, prepared);
      let events = 0;
      const askers = Map.groupBy(prepared, ({ question }) => question?.key);
      for (const listener of due) {
        const { key, question } = listener.prepared;
        const alike = askers.get(question?.key)?.length ?? 1;
        events += listener.deliver(page, matched.get(key) ?? nothing, alike);
      }
      const at = page.rows.at(-1)?.event["occurredAt"];
      if (at instanceof Date) this.#hears.delivered?.(events, Date.now() - at.getTime());
      this.#dropEnded(due);
    }
    return page.isAtEnd;
  }

  #dropEnded(listeners: readonly Listener[]): void {
    for (const listener of listeners) {
      if (listener.queue.isEnded) this.#listeners.delete(listener);
    }
  }

  #reaches(position: bigint): bigint {
    if (position > this.#end) this.#end = position;
    return this.#end;
  }
}
