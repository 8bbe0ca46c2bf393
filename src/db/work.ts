import { AsyncLocalStorage } from "node:async_hooks";

/** What one request does to the database, from its first statement to its last. */
export type Work = {
  /**
   * How many statements were sent for it, transactions' own included; without the tenant's pin, the look-up of the
   * credential and the counting of quotas.
   */
  statements: number;
  /** Whether it writes: then it goes on to its end though its client has gone. */
  writes: boolean;
  /** How many fields a mutation has at its root, each with a transaction of its own: 2 stands for several; 0 for a query. */
  mutations: number;
  /** Whether something of it is committed: then nobody may say that it changed nothing. */
  hasCommitted?: boolean;
  /** Lets others work while this only waits for its client; and waits for a turn again. */
  endTurn?: () => void;
  newTurn?: () => Promise<void>;
  /** Aborted when nobody waits for the answer any more, or it took too long: what still runs is cancelled. */
  readonly signal: AbortSignal | null;
};

const works = new AsyncLocalStorage<Work>();

/** Runs `task` and all that it starts as that work. */
export function asWork<Result>(work: Work, task: () => Result): Result {
  return works.run(work, task);
}

/** What the server does for itself, also when a request made it necessary: it serves others too, and ends with none. */
export function asOwnWork<Result>(task: () => Result): Result {
  return works.run({ statements: 0, writes: false, mutations: 0, signal: null }, task);
}

/** The work that the caller is part of; undefined outside of requests. */
export function currentWork(): Work | undefined {
  return works.getStore();
}
