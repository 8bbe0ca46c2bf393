import type { IncomingMessage, ServerResponse } from "node:http";
import type { LimitsConfig } from "../config.ts";
import { currentWork } from "../db/work.ts";
import { GatewayError } from "../lib/errors.ts";
import { Turns } from "../lib/turns.ts";

/** A burst waits for its turn at most so long. */
const burstMilliseconds = 5_000;
/** When the line did not end for so long, the load lasts, and nobody waits longer than that. */
const crowded = { afterMilliseconds: 500, waitMilliseconds: 20 };

/**
 * Bounds how many requests are worked on at once. What is beyond waits a moment or is refused before anything of it is
 * read, so that those who are admitted are answered as fast as ever. Callers take turns by what they send as their
 * credential, which is not checked yet: whoever invents many is refused for each of them soon after.
 */
export class Admission {
  readonly #turns: Turns;

  constructor({ inFlight, queued }: LimitsConfig) {
    this.#turns = new Turns({
      size: inFlight,
      waiters: queued,
      waitMilliseconds: burstMilliseconds,
      crowded,
      complaint: "The gateway is busy",
    });
  }

  /** How many requests are worked on, and how many wait. */
  get state(): { readonly taken: number; readonly waiting: number } {
    return this.#turns.state;
  }

  /** Works on a request when it has its turn, or refuses it. */
  async admit(
    request: IncomingMessage,
    response: ServerResponse,
    work: () => PromiseLike<void> | void,
  ): Promise<void> {
    const signal = currentWork()?.signal ?? null;
    let giveBack: () => void;
    try {
      giveBack = await this.#turns.take(callerOf(request), signal);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (!response.destroyed) refuse(response, error);
      return;
    }
    // Who sends or reads slowly does not keep the turn for longer than a request may take.
    signal?.addEventListener("abort", giveBack, { once: true });
    try {
      await work();
    } finally {
      signal?.removeEventListener("abort", giveBack);
      if (signal?.aborted !== true) giveBack();
    }
  }
}

/** Never the server's own name, which is empty. */
function callerOf({ headers }: IncomingMessage): string {
  const key = headers["x-api-key"];
  return typeof key === "string" ? key : (headers.authorization ?? "nobody");
}

function refuse(response: ServerResponse, { message, code }: GatewayError): void {
  response.writeHead(503, {
    "content-type": "application/json; charset=utf-8",
    "retry-after": "1",
  });
  response.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
}
