import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";

/** PostgreSQL's number for "cancel what that process is doing". */
const cancelRequest = 80_877_102;
/** After so long nobody knows whether the request will still arrive. */
const patienceMilliseconds = 5_000;
/** A request that comes before its statement does nothing, so it is sent again. */
const againMilliseconds = 100;

/**
 * Asks PostgreSQL to cancel what a connection is running, by a connection of its own as the protocol wants it. Gives
 * whether it has been done: the server closes once it has sent the signal, so a statement sent later is not hit.
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

/** Stops watching. Gives whether the connection is safe to use: false while a cancel request may still be on its way. */
type StopWatching = () => Promise<boolean>;

const nothingToStop: StopWatching = () => Promise.resolve(true);

/** Cancels what a connection runs, from when the signal is given until the watch is stopped. */
export function cancelOnAbort(client: pg.PoolClient, signal: AbortSignal | null): StopWatching {
  if (signal === null) return nothingToStop;
  let isOver = false;
  let cancelling: Promise<boolean> = Promise.resolve(true);
  const repeat = async (): Promise<void> => {
    while (!isOver) {
      const before = cancelling;
      const request = requestCancel(client);
      cancelling = Promise.all([before, request]).then((sent) => !sent.includes(false));
      await cancelling;
      await sleep(againMilliseconds, undefined, { ref: false });
    }
  };
  const onAbort = () => void repeat();
  signal.addEventListener("abort", onAbort, { once: true });
  return () => {
    isOver = true;
    signal.removeEventListener("abort", onAbort);
    return cancelling;
  };
}
