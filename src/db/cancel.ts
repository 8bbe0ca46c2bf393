import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";

/** PostgreSQL's code of a cancel request. */
const cancelRequest = 80_877_102;
/** After this time it is unknown whether a request will still arrive. */
const patienceMilliseconds = 5_000;
/** The time between requests. One that arrives before its statement has no effect, so it is sent again. */
const againMilliseconds = 100;

/**
 * Asks PostgreSQL to cancel a connection's statement, over a separate connection as the protocol requires. True once
 * the server has sent the signal and closed, so that it cannot hit a later statement.
 */
function requestCancel(client: pg.PoolClient): Promise<boolean> {
  const [host, port, processId, secretKey]: unknown[] = [
    "host",
    "port",
    "processID",
    "secretKey",
  ].map((name) => Reflect.get(client, name));
  if (typeof processId !== "number" || typeof secretKey !== "number") return Promise.resolve(false);
  const message = Buffer.alloc(16);
  for (const [index, word] of [16, cancelRequest, processId, secretKey].entries()) {
    message.writeInt32BE(word, index * 4);
  }
  return new Promise((resolve) => {
    const socket = String(host).startsWith("/")
      ? connect(`${String(host)}/.s.PGSQL.${Number(port)}`)
      : connect(Number(port), String(host));
    let isSent = false;
    socket.setTimeout(patienceMilliseconds, () => {
      isSent = false;
      socket.destroy();
    });
    socket.on("error", () => socket.destroy());
    socket.on("connect", () => socket.write(message));
    socket.on("end", () => {
      isSent = true;
    });
    socket.on("close", () => resolve(isSent));
    socket.resume();
  });
}

/** Sends cancel requests for a connection's statement, repeatedly until `end` is called. */
export class Cancelling {
  readonly #client: pg.PoolClient;
  #isOver = false;
  #isQuiet: Promise<boolean> = Promise.resolve(true);

  constructor(client: pg.PoolClient) {
    this.#client = client;
    void this.#repeat();
  }

  async #repeat(): Promise<void> {
    while (!this.#isOver) {
      const requests = [this.#isQuiet, requestCancel(this.#client)];
      this.#isQuiet = Promise.all(requests).then((sent) => !sent.includes(false));
      await this.#isQuiet;
      await sleep(againMilliseconds, undefined, { ref: false });
    }
  }

  /** Ends the requests. False if one may still arrive, which makes the connection unsafe to use. */
  end(): Promise<boolean> {
    this.#isOver = true;
    return this.#isQuiet;
  }
}
