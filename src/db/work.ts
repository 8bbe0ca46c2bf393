import { AsyncLocalStorage } from "node:async_hooks";
import { tooComplex, type GatewayError } from "../lib/errors.ts";
import type { Hold } from "../lib/held-bytes.ts";
import type { Span } from "../telemetry/tracing.ts";

/** Bytes that the body of an answer may have: more than any page that people look at. */
export const maxAnswerBytes = 16_000_000;
/** Characters that may be read for one: a text is read once and answered at least once, whatever is answered of it. */
const maxReadCharacters = 2 * maxAnswerBytes;
/**
 * No answer has more nodes than its operation was charged for, so one that has twice as many (and then some, for what
 * costs next to nothing) was misread by whoever worked out what it costs.
 */
const nodesAllowed = (charged: number): number => 2 * charged + 1_000;
/** The clock is looked at once in so many counts: what never waits for anything holds up the timers too. */
const countsPerLook = 1_000;

/** When a request has taken too long, and what is said of it then. */
type Deadline = { readonly at: number; readonly reason: () => Error };

/** Something that runs for a work in the database. */
type Cancellable = { cancel(): void };

type Waiting = {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
};

/** What one request does to the database, from its first statement to its last, and what it makes of it. */
export class Work {
  /**
   * How many statements were sent for it, transactions' own included; without the tenant's pin, the look-up of the
   * credential and the counting of quotas.
   */
  statements = 0;
  /** Whether it writes: then it goes on to its end though its client has gone. */
  writes = false;
  /** How many fields a mutation has at its root, each with a transaction of its own: 2 stands for several; 0 for a query. */
  mutations = 0;
  /** Whether something of it is committed: then nobody may say that it changed nothing. */
  hasCommitted = false;
  /** The span that its statements are a part of; null without tracing. */
  span: Span | null = null;
  /** Lets others work while this only waits for its client; and waits for a turn again. */
  endTurn: (() => void) | null = null;
  newTurn: (() => Promise<void>) | null = null;
  /** Counts bytes that wait for its client. */
  hold: ((giveUp: () => void) => Hold) | null = null;
  /** When it has taken too long; null while nobody has said. */
  deadline: Deadline | null = null;
  /** Why it was ended before its end; null while it may go on. */
  stopped: Error | null = null;
  readonly #mayStop: boolean;
  #abort: AbortController | null = null;
  readonly #running = new Set<Cancellable>();
  #reads = 0;
  readonly #waiting: Waiting[] = [];
  #nodes = 0;
  #mostNodes = Infinity;
  #readCharacters = 0;
  #madeBytes = 0;
  #counts = 0;

  constructor({ mayStop = true } = {}) {
    this.#mayStop = mayStop;
  }

  /** Aborted when the work is stopped, because its client has gone or it took too long. Made on first use. */
  get signal(): AbortSignal | null {
    if (!this.#mayStop) return null;
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.stopped !== null) this.#abort.abort(this.stopped);
    }
    return this.#abort.signal;
  }

  /** How many records it has been given. */
  get nodes(): number {
    return this.#nodes;
  }

  /** How many bytes of its answer were made. */
  get madeBytes(): number {
    return this.#madeBytes;
  }

  /** Stops the work: cancels its statements, and its waits for a connection, with the reason as their error. */
  stop(reason: Error): void {
    if (!this.#mayStop || this.stopped !== null) return;
    this.stopped = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    for (const running of this.#running) running.cancel();
    this.#abort?.abort(reason);
  }

  /** Registers something that is cancelled when the work is stopped, until `ends` is called. */
  begins(running: Cancellable): void {
    this.#running.add(running);
  }

  ends(running: Cancellable): void {
    this.#running.delete(running);
  }

  /** @throws the reason for which the work was stopped */
  throwIfStopped(): void {
    if (this.stopped !== null) throw this.stopped;
  }

  /**
   * Waits until fewer than `atOnce` reads of it run: what it asks for beyond that waits for itself, as long as it may
   * take, and not in the line of all, where it would be refused for its own statements. Null when it need not wait.
   *
   * @throws what it was ended for meanwhile
   */
  startRead(atOnce: number): Promise<void> | null {
    this.throwIfStopped();
    if (this.#reads < atOnce) {
      this.#reads += 1;
      return null;
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Gives the place of a read that has ended to the next. */
  endRead(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#reads -= 1;
    else next.resolve();
  }

  /** Says what it was charged: it may read that much. */
  mayRead(points: number): void {
    this.#mostNodes = nodesAllowed(points);
  }

  /**
   * Counts records that it is given.
   *
   * @throws GatewayError QUERY_TOO_COMPLEX when they are far more than it was charged for.
   */
  countNodes(count: number): void {
    this.#nodes += count;
    if (this.#nodes > this.#mostNodes) {
      this.stop(
        tooComplex(
          "The operation reads more records than it was estimated to; ask for smaller pages (`first`) or less at once.",
        ),
      );
    }
    this.throwIfStopped();
  }

  /** Counts characters that come from the database; false when they are more than any answer needs, and it is ended. */
  countRead(characters: number): boolean {
    this.#readCharacters += characters;
    if (this.#readCharacters > maxReadCharacters) this.stop(tooMuchRead());
    return this.stopped === null;
  }

  /**
   * Counts bytes of the answer as they are made.
   *
   * @throws GatewayError QUERY_TOO_COMPLEX when it has become too long; or whatever else has ended the work.
   */
  countMade(bytes: number): void {
    this.#madeBytes += bytes;
    if (this.#madeBytes > maxAnswerBytes) this.stop(answerTooLong());
    this.#counts += 1;
    if (this.#counts % countsPerLook === 0) this.#look();
    this.throwIfStopped();
  }

  /** Looks at the clock, between parts of what never waits. @throws whatever has ended the work. */
  goOn(): void {
    this.#look();
    this.throwIfStopped();
  }

  #look(): void {
    if (this.deadline !== null && performance.now() > this.deadline.at) {
      this.stop(this.deadline.reason());
    }
  }
}

/** Why an answer of more bytes is not given. */
export function answerTooLong(
  advice = "ask for fewer records at once, or for fewer of their long fields.",
): GatewayError {
  const most = maxAnswerBytes.toLocaleString("en");
  return tooComplex(`The answer would have more than ${most} bytes; ${advice}`);
}

function tooMuchRead(): GatewayError {
  const most = maxReadCharacters.toLocaleString("en");
  return tooComplex(
    `The operation reads more than ${most} characters; ask for fewer records at once, or for fewer of their long fields.`,
  );
}

/** What the code that runs now is part of. */
type Running = { readonly work: Work | undefined; readonly tenantId: string };

/** For what lies below libraries, which hand nothing on. The only one of its kind: what can be handed on is. */
const running = new AsyncLocalStorage<Running>();

/** Runs `task` and all that it starts as that work. */
export function asWork<Result>(work: Work, task: () => Result): Result {
  return running.run({ work, tenantId: "" }, task);
}

/** What the server does for itself, also when a request made it necessary: it serves others too, and ends with none. */
export function asOwnWork<Result>(task: () => Result): Result {
  return asWork(new Work({ mayStop: false }), task);
}

/** Runs `task` and all that it starts for a tenant, as part of the same work. */
export function forTenant<Result>(tenantId: string, task: () => Result): Result {
  return running.run({ work: currentWork(), tenantId }, task);
}

/** The work that the caller is part of; undefined outside of requests. */
export function currentWork(): Work | undefined {
  return running.getStore()?.work;
}

/** The tenant that the caller works for by `forTenant`; empty outside of that. */
export function currentTenant(): string {
  return running.getStore()?.tenantId ?? "";
}
