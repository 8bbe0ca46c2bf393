import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { LRUCache } from "lru-cache";
import type { LimitsConfig } from "../config.ts";
import type { Work, WorkTurn } from "../db/work.ts";
import { GatewayError, unavailable } from "../lib/errors.ts";
import type { HeldBytes, Hold } from "../lib/held-bytes.ts";
import { Turns } from "../lib/turns.ts";

/** A request that waits for admission. Its actor is known after the gate. */
type Entering = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly work: Work;
  readonly actor: { readonly tenantId: string } | null;
};

/** The longest wait for a turn in a burst. */
const burstMilliseconds = 5_000;
/** If the first in line was late for this time, the load is lasting, and no request waits longer than this. */
const crowded = { afterMilliseconds: 500, waitMilliseconds: 100 };

/**
 * Bounds the number of requests in progress. Further requests wait a moment, or are refused before anything of them is
 * read, so that admitted requests stay fast. Callers take turns by the credential that they send, which is not checked
 * yet: each credential that was admitted before has its own line, and all others share one. The lines of a tenant move
 * as one. A request is only admitted if there is room in the bytes that wait for clients.
 */
export class Admission {
  readonly #turns: Turns;
  readonly #held: HeldBytes;
  /** Is told of each request that begins to be handled. */
  onBegun: (request: IncomingMessage) => void = () => undefined;
  /** Tenants by admitted credential. All unknown credentials share one line, so that made-up ones gain nothing. */
  readonly #tenants = new LRUCache<string, string>({ max: 10_000, ttl: 600_000 });

  constructor({ inFlight, queued }: LimitsConfig, held: HeldBytes) {
    this.#held = held;
    this.#turns = new Turns({
      size: inFlight,
      waiters: queued,
      waitMilliseconds: burstMilliseconds,
      crowded,
      complaint: { complaint: "busy" },
      mayStart: (caller, tenant, taken) => held.hasRoom(caller, tenant, taken),
    });
    held.onFreed = () => this.#turns.wake();
  }

  /** The number of requests in progress, and of waiting ones. */
  get state(): { readonly taken: number; readonly waiting: number } {
    return this.#turns.state;
  }

  /** Handles a request when it has its turn, or refuses it. A client can try again after a second. */
  async admit(
    entering: Entering,
    handle: () => Promise<void> | void,
    refuse: (error: GatewayError) => void,
  ): Promise<void> {
    const { request, response, work } = entering;
    const caller = callerOf(request);
    const take = () => this.#take(caller, work);
    let giveBack: () => void;
    try {
      giveBack = await take();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (!response.destroyed) refuse(error);
      return;
    }
    this.onBegun(request);
    const turn = new Turn({ entering, caller, held: this.#held, take }, giveBack);
    work.turn = turn;
    work.begins(turn);
    try {
      await handle();
    } finally {
      work.ends(turn);
      work.turn = null;
      turn.end();
      // The credential decides, not the answer, since some answers are the same for all callers.
      const tenant = entering.actor?.tenantId;
      if (tenant !== undefined) this.#tenants.set(caller, tenant);
      else if (response.headersSent && response.statusCode === 401) this.#tenants.delete(caller);
    }
  }

  async #take(caller: string, work: Work): Promise<() => void> {
    for (;;) {
      const tenant = this.#tenants.get(caller);
      const isKnown = tenant !== undefined;
      const hasRoom = () => this.#held.hasRoom(caller, tenant ?? caller, 0);
      const owner = isKnown ? caller : strangers;
      work.throwIfStopped();
      const giveBack =
        this.#turns.takeNow(owner, tenant) ??
        (await this.#turns.take(owner, work, tenant).catch((error: unknown) => {
          throw hasRoom() ? error : this.#unreadComplaint(caller);
        }));
      if (isKnown || hasRoom()) return giveBack;
      giveBack();
      // It holds answers, so it was admitted meanwhile, and has its own line now.
      if (!this.#tenants.has(caller)) throw this.#unreadComplaint(caller);
    }
  }

  #unreadComplaint(caller: string): GatewayError {
    const bytes = this.#held.heldBy(caller).toLocaleString("en");
    return unavailable(
      `${bytes} bytes of answers and bodies wait for you; read and send them, then ask for more.`,
    );
  }
}

type TurnOptions = {
  readonly entering: Entering;
  readonly caller: string;
  readonly held: HeldBytes;
  readonly take: () => Promise<() => void>;
};

/**
 * The turn of one request. It is ended while the request waits for its client to send a body or to read an answer, and
 * at once when the request is stopped. It has methods, since V8 allocates a function that is written behind
 * `work.member =` in its old space, where it would keep the whole request alive until the next full collection.
 */
class Turn implements WorkTurn {
  readonly #options: TurnOptions;
  #giveBack: () => void;

  constructor(options: TurnOptions, giveBack: () => void) {
    this.#options = options;
    this.#giveBack = giveBack;
  }

  end(): void {
    this.#giveBack();
  }

  cancel(): void {
    this.end();
  }

  async renew(): Promise<void> {
    this.#giveBack = await this.#options.take();
  }

  hold(giveUp: () => void): Hold {
    const { entering, caller, held } = this.#options;
    const party = entering.actor?.tenantId ?? caller;
    return held.hold({ party, credential: caller, socket: entering.request.socket }, giveUp);
  }
}

/** The line of all credentials that were not admitted yet. */
const strangers = "strangers";

/** A hash, so that no credential is stored, and all entries have the same length. */
function callerOf(request: IncomingMessage): string {
  return hash("sha256", sentBy(request), "base64");
}

function sentBy({ headers }: IncomingMessage): string {
  const key = headers["x-api-key"];
  // The scheme's case does not matter.
  return typeof key === "string" ? key : (headers.authorization ?? "").replace(/^Bearer +/i, "");
}
