import type { ServerResponse } from "node:http";
import { Work } from "../db/work.ts";
import { tooComplex, unavailable, type GatewayError } from "../lib/errors.ts";

/** One shared error, since an error's stack costs more than the rest of a request's end. */
const nobodyWaits = unavailable("Nobody waits for the answer any more.");

/**
 * The work of a request, which is stopped when it takes too long. A query is also stopped when its client has gone. A
 * mutation continues, since a client that lost its answer expects all of it or nothing.
 */
export function workFor(response: ServerResponse, milliseconds: number): Work {
  const work = new Work();
  const reason = () => tookTooLong(work, milliseconds);
  work.deadline = { at: performance.now() + milliseconds, reason };
  const timer = setTimeout(() => {
    // A subscription lasts until its client or the server ends it.
    if (work.deadline !== null) work.stop(reason());
  }, milliseconds);
  response.on("close", () => {
    if (!response.writableFinished && work.writes) return;
    clearTimeout(timer);
    // Statements may still run after the answer, if it did not wait for them.
    work.stop(nobodyWaits);
  });
  return work;
}

function tookTooLong(
  { writes, mutations, hasCommitted }: Work,
  milliseconds: number,
): GatewayError {
  const stopped = `The operation was stopped after ${milliseconds / 1_000} s`;
  if (!writes) {
    return tooComplex(`${stopped}; ask for less, or filter by something indexed.`);
  }
  const what = mutations > 1 ? "this field" : "it";
  return unavailable(
    hasCommitted
      ? `${stopped}, when ${what} may be done already. Send it again under the same Idempotency-Key, or look first.`
      : `${stopped}; ${what} changed nothing. Try again, with fewer records at once.`,
  );
}
