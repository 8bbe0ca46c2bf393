import type { ServerResponse } from "node:http";
import type { Work } from "../db/work.ts";
import { GatewayError } from "../lib/errors.ts";

/**
 * The work of a request that ends when it takes too long. A query ends too when its client has gone; a mutation goes on,
 * since a client that lost its answer expects all or nothing of it and need not know which.
 */
export function workFor(response: ServerResponse, milliseconds: number): Work {
  const abort = new AbortController();
  const work: Work = { statements: 0, writes: false, mutations: 0, signal: abort.signal };
  const timer = setTimeout(() => abort.abort(tookTooLong(work, milliseconds)), milliseconds);
  response.once("close", () => {
    if (response.writableFinished) {
      clearTimeout(timer);
    } else if (!work.writes) {
      clearTimeout(timer);
      abort.abort(new GatewayError("UNAVAILABLE", "Nobody waits for the answer any more."));
    }
  });
  return work;
}

function tookTooLong(
  { writes, mutations, hasCommitted }: Work,
  milliseconds: number,
): GatewayError {
  const stopped = `The operation was stopped after ${milliseconds / 1_000} s`;
  if (!writes) {
    return new GatewayError(
      "QUERY_TOO_COMPLEX",
      `${stopped}; ask for less, or filter by something indexed.`,
    );
  }
  const what = mutations > 1 ? "this field" : "it";
  return new GatewayError(
    "UNAVAILABLE",
    hasCommitted === true
      ? `${stopped}, when ${what} may be done already. Send it again under the same Idempotency-Key, or look first.`
      : `${stopped}; ${what} changed nothing. Try again, with fewer records at once.`,
  );
}
