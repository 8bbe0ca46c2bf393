import type { Connection } from "./connection.ts";
import type { Pin } from "./fence.ts";

/** An idle connection returns to `pg`'s pool after this time. The pool closes it after the same time again. */
const idleMilliseconds = 10_000;

/**
 * Idle connections, the last used last. `pg`'s pool takes them for checked out, since a checkout there takes as long
 * as a short statement.
 */
export class SpareConnections {
  readonly #spare: Connection[] = [];
  readonly #sweeping = setInterval(() => this.#sweep(), idleMilliseconds).unref();

  get isEmpty(): boolean {
    return this.#spare.length === 0;
  }

  /** A connection with the same pin, or else the last used. One with an open transaction is closed. */
  take(pin: Pin): Connection | null {
    for (;;) {
      let place = this.#spare.length - 1;
      while (place > 0 && this.#spare[place]?.isPinnedTo(pin) !== true) place -= 1;
      if (this.#spare[place]?.isPinnedTo(pin) !== true) place = this.#spare.length - 1;
      const [connection] = this.#spare.splice(Math.max(place, 0), 1);
      if (connection === undefined) return null;
      if (connection.isIdle) return connection;
      connection.client.release(true);
    }
  }

  add(connection: Connection): void {
    this.#spare.push(connection);
  }

  /** Closes a connection that broke, if it is among them. */
  drop(connection: Connection): void {
    const place = this.#spare.indexOf(connection);
    if (place < 0) return;
    this.#spare.splice(place, 1);
    connection.client.release(true);
  }

  /** Returns all to `pg`'s pool. */
  close(): void {
    clearInterval(this.#sweeping);
    for (const { client } of this.#spare.splice(0)) client.release();
  }

  #sweep(): void {
    for (const connection of this.#spare.filter(({ isFresh }) => !isFresh)) {
      this.#spare.splice(this.#spare.indexOf(connection), 1);
      connection.client.release();
    }
    for (const connection of this.#spare) connection.isFresh = false;
  }
}
