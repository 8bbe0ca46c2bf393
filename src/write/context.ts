import type { Actor } from "../auth/actor.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import type { Transaction } from "../db/transaction.ts";
import type { Catalog } from "../model/catalog.ts";
import type { WriteResult } from "./draft.ts";
import type { WriteUnit } from "./unit.ts";

/** The idempotency key that a request came with, and the part of the request that is being carried out. */
export type IdempotentStep = {
  /** As the caller sent it: the only thing that opens what is kept under it. */
  readonly key: string;
  /** Hash of the request, so that a key cannot be used for another one. */
  readonly requestHash: Buffer;
  /** Names the mutation field: a request can have several, each with a transaction of its own. */
  readonly step: string;
};

/**
 * Called with the results of a call before the commit. `read` sends a statement that reads after the commit, in its
 * round trip; it gives null if the transaction was not committed.
 */
export type ReadBehind = (results: readonly WriteResult[], read: Transaction["readBehind"]) => void;

/**
 * Called with the results of a call to write more in its transaction, ahead of the log. What it throws undoes all, and so
 * does a value that breaks a rule of the database: its error is thrown.
 */
export type Alongside = (unit: WriteUnit, results: readonly WriteResult[]) => Promise<void>;

/** What every verb gets: who writes, where, and under which idempotency key. */
export type WriteContext = {
  readonly actor: Actor;
  readonly pool: FencedPool;
  readonly catalog: Catalog;
  readonly idempotent: IdempotentStep | null;
  readonly readBehind?: ReadBehind | null;
  readonly alongside?: Alongside | null;
  /** Whether changes that leave their record as it is are not written: no version, no event. */
  readonly skipsUnchanged?: boolean;
};
