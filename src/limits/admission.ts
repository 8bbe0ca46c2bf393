import { hash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { LRUCache } from "lru-cache";
import type { LimitsConfig } from "../config.ts";
import type { Work } from "../db/work.ts";
import { GatewayError, unavailable } from "../lib/errors.ts";
import type { HeldBytes } from "../lib/held-bytes.ts";
import { Turns } from "../lib/turns.ts";

/** A request that wants to be worked on; who sent it is known once it was let in. */
type Entering = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly work: Work;
  readonly actor: { readonly tenantId: string } | null;
};

/** A burst waits for its turn at most so long. */
const burstMilliseconds = 5_000;
/** When the first in line was late for so long, the load lasts, and nobody waits longer than that. */
const crowded = { afterMilliseconds: 500, waitMilliseconds: 100 };

/**
 * Bounds how many requests are worked on at once. What is beyond waits a moment or is refused before anything of it is
 * read, so that those who are admitted are answered as fast as ever. Callers take turns by what they send as their
 * credential, which is not checked yet: those that were let in before have a line each, all others share one. The lines
 * of a tenant move as one. Nobody is let in for whom there is no room in the bytes that wait for clients.
 */
export class Admission {
  readonly #turns: Turns;
  readonly #held: HeldBytes;
  /** Whose they are: credentials that were let in before have a line each; all others share one, however many are made up. */
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

  /** How many requests are worked on, and how many wait. */
  get state(): { readonly taken: number; readonly waiting: number } {
    return this.#turns.state;
  }

  /** Works on a request when it has its turn, or refuses it; then it is worth coming again in a second. */
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
    // A client that is waited for does not keep a turn: not while a body is on its way, nor while an answer is.
    const { socket } = request;
    work.hold = (giveUp) => {
      const party = entering.actor?.tenantId ?? caller;
      return this.#held.hold({ party, credential: caller, socket }, giveUp);
    };
    const endTurn = (): void => giveBack();
    work.endTurn = endTurn;
    work.newTurn = async () => {
      giveBack = await take();
    };
    // A request that is stopped gives back its turn at once.
    const turn = { cancel: endTurn };
    work.begins(turn);
    try {
      await handle();
    } finally {
      work.ends(turn);
      giveBack();
      // By the credential, not by the answer: some answers are the same for everybody.
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
        (await this.#turns.take(owner, work.signal, tenant).catch((error: unknown) => {
          throw hasRoom() ? error : this.#unreadComplaint(caller);
        }));
      if (isKnown || hasRoom()) return giveBack;
      giveBack();
      // It holds answers, so it was let in since it came: now it has a line of its own.
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

/** The line of all whose credential was not let in yet. */
const strangers = "strangers";

/** Hashed: what is remembered is no credential, and no longer than another. */
function callerOf(request: IncomingMessage): string {
  return hash("sha256", sentBy(request), "base64");
}

function sentBy({ headers }: IncomingMessage): string {
  const key = headers["x-api-key"];
  // However the scheme is written.
  return typeof key === "string" ? key : (headers.authorization ?? "").replace(/^Bearer +/i, "");
}
