import { setTimeout as sleep } from "node:timers/promises";
import type { LiveFeed } from "../../../src/live/feed.ts";
import type { LiveEvent } from "../../../src/live/listening.ts";
import type { Random } from "../../../src/seed/random.ts";
import type { Asked } from "./oracle.ts";

/**
 * Listens through any of several feeds, as those of several gateways. After a while by chance it is gone, with events on
 * their way to it, and comes back somewhere behind the last event that it had.
 */
export class Subscriber {
  readonly events: LiveEvent[] = [];
  disconnects = 0;
  readonly asked: Asked;
  readonly #feeds: readonly LiveFeed[];
  readonly #random: Random;
  #position = "0";
  #isStopped = false;
  #leave: (() => void) | null = null;

  constructor(feeds: readonly LiveFeed[], asked: Asked, random: Random) {
    this.#feeds = feeds;
    this.asked = asked;
    this.#random = random;
  }

  /** Listens until it is stopped. */
  async follow(): Promise<void> {
    // Longer each time that nothing came: a machine may be slow.
    let patience = 100;
    while (!this.#isStopped) {
      const stream = this.#random.pick(this.#feeds).open(this.asked.listening, this.#position);
      this.#leave = () => void stream.return();
      const timer = setTimeout(this.#leave, this.#random.between(0, patience));
      // Sometimes between two events of a page.
      const most = this.#random.between(1, 40);
      let count = 0;
      for await (const events of stream) {
        for (const event of events.slice(0, most - count)) {
          this.events.push(event);
          this.#position = event.position;
        }
        count += events.length;
        if (count >= most) break;
        if (this.#random.chance(0.2)) await sleep(this.#random.between(0, 30));
      }
      clearTimeout(timer);
      this.disconnects += 1;
      patience = count > 0 ? 100 : Math.min(patience * 2, 5_000);
    }
  }

  /** What it listens for, for the messages of tests. */
  toString(): string {
    const { actor, record, ...rest } = this.asked.listening;
    const { scopes, appId } = actor;
    return JSON.stringify({ scopes, appId, ...rest, type: record?.entity.type, of: record?.where });
  }

  stop(): void {
    this.#isStopped = true;
    this.#leave?.();
  }
}
