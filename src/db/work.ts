import { AsyncLocalStorage } from "node:async_hooks";
import { tooComplex, type GatewayError } from "../lib/errors.ts";
import type { Hold } from "../lib/held-bytes.ts";
import type { Span } from "../telemetry/tracing.ts";

/** The most bytes of an answer's body: more than any page that people look at. */
export const maxAnswerBytes = 16_000_000;
/** The most characters that may be read for an answer. Each text that is read is in the answer at least once. */
const maxReadCharacters = 2 * maxAnswerBytes;
/**
 * The most nodes of an answer. No answer should have more nodes than its operation was charged for, so one with twice
 * as many (and some more, for fields that cost almost nothing) has a wrong cost.
 */
const nodesAllowed = (charged: number): number => 2 * charged + 1_000;
/** Every this many counts, the clock is read: code that never waits also delays timers. */
const countsPerLook = 1_000;

/** The time at which a request has taken too long, and the error for it. */
type Deadline = { readonly at: number; readonly reason: () => Error };

/** A caller's identity for the database layer. */
export type Caller = { readonly tenantId: string; readonly id: string };

/** Something that runs for a work, or waits for its turn, and can be cancelled. */
type Cancellable = { cancel(): void };

/** A request's turn to be worked on. */
export type WorkTurn = {
  /** Lets others work while this only waits for its client. */
  end(): void;
  /** Waits for a turn again. */
  renew(): Promise<void>;
  /** Counts bytes that wait for its client. */
  hold(giveUp: () => void): Hold;
};

type Waiting = {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
};

/** The work of one request: its statements, the rows that it reads, and the bytes of its answer. */
export class Work {
  /**
   * The number of its statements, with those of transactions, but without the tenant's pin, the look-up of the
   * credential and the counting of quotas.
   */
  statements = 0;
  /** Whether it writes. If so, it continues to its end after its client has gone. */
  writes = false;
  /** The number of a mutation's root fields, each with its own transaction: 2 means several, 0 a query. */
  mutations = 0;
  /** Whether something of it is committed, so that no error may claim that nothing was changed. */
  hasCommitted = false;
  /** The caller; null until it is known, and for the server's own work. */
  caller: Caller | null = null;
  /** The span that its statements are a part of; null without tracing. */
  span: Span | null = null;
  /** Null where nobody takes turns, and once the turn is over. */
  turn: WorkTurn | null = null;
  /** Its deadline; null if none is set, or if it lasts. */
  deadline: Deadline | null = null;
  /** The reason why it was stopped; null while it may continue. */
  stopped: Error | null = null;
  readonly #mayStop: boolean;
  readonly #running = new Set<Cancellable>();
  #reads = 0;
  readonly #waiting: Waiting[] = [];
  #nodes = 0;
  #mostNodes = Infinity;
  #readCharacters = 0;
  #madeBytes = 0;
  #mostBytes = maxAnswerBytes;
  #counts = 0;

  constructor({ mayStop = true } = {}) {
    this.#mayStop = mayStop;
  }

  /** The number of records that it has read. */
  get nodes(): number {
    return this.#nodes;
  }

  /** Stops the work: cancels its statements, and its waits for a connection, with the reason as their error. */
  stop(reason: Error): void {
    if (!this.#mayStop || this.stopped !== null) return;
    this.stopped = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    for (const running of this.#running) running.cancel();
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
   * Waits until fewer than `atOnce` reads of it run. Further reads wait here without a time limit, and not in the queue
   * of the pool, where the request's own statements would get it refused. Null if there is no need to wait.
   *
   * @throws the reason for which the work was stopped meanwhile
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

  /** Sets the cost that it was charged, which bounds its reads. */
  mayRead(points: number): void {
    this.#mostNodes = nodesAllowed(points);
  }

  /**
   * Counts records that it reads.
   *
   * @throws GatewayError QUERY_TOO_COMPLEX if they are far more than it was charged for.
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

  /** Counts characters from the database. False if they are more than any answer needs, which stops the work. */
  countRead(characters: number): boolean {
    this.#readCharacters += characters;
    if (this.#readCharacters > maxReadCharacters) this.stop(tooMuchRead());
    return this.stopped === null;
  }

  /** Its answer is sent as it is read, so that it may last and be of any length. Its client's end still stops it. */
  streams(): void {
    this.deadline = null;
    this.#mostBytes = Infinity;
  }

  /**
   * Counts bytes of the answer as they are made.
   *
   * @throws GatewayError QUERY_TOO_COMPLEX if the answer is too long, or another reason that has stopped the work.
   */
  countMade(bytes: number): void {
    this.#madeBytes += bytes;
    if (this.#madeBytes > this.#mostBytes) this.stop(answerTooLong());
    this.#counts += 1;
    if (this.#counts % countsPerLook === 0) this.#look();
    this.throwIfStopped();
  }

  /** Checks the deadline between parts of code that never waits. @throws the reason that has stopped the work. */
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

/** The error of an answer with too many bytes. */
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

/** The work and the tenant of the running code. */
type Running = { readonly work: Work | undefined; readonly tenantId: string };

/** Reaches code below libraries, which pass no context on. All other code gets its context as an argument. */
const running = new AsyncLocalStorage<Running>();

/** Runs `task` and everything that it starts as part of a work. */
export function asWork<Result>(work: Work, task: () => Result): Result {
  return running.run({ work, tenantId: "" }, task);
}

/** Runs a task of the server itself. It serves all requests, so it does not end with the one that caused it. */
export function asOwnWork<Result>(task: () => Result): Result {
  return asWork(new Work({ mayStop: false }), task);
}

/** Runs `task` and everything that it starts for a tenant, as part of the same work. */
export function forTenant<Result>(tenantId: string, task: () => Result): Result {
  return running.run({ work: currentWork(), tenantId }, task);
}

/** The work that the running code is part of; undefined outside of requests. */
export function currentWork(): Work | undefined {
  return running.getStore()?.work;
}

/** The tenant of the innermost `forTenant`; empty outside of it. */
export function currentTenant(): string {
  return running.getStore()?.tenantId ?? "";
}
