import type { Actor } from "../auth/actor.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import type { Catalog } from "../model/catalog.ts";

/** The idempotency key that a request came with, and the part of the request that is being carried out. */
export type IdempotentStep = {
  /** As the caller sent it: the only thing that opens what is kept under it. */
  readonly key: string;
  /** Hash of the request, so that a key cannot be used for another one. */
  readonly requestHash: Buffer;
  /** Names the mutation field: a request can have several, each with a transaction of its own. */
  readonly step: string;
};

/** What every verb gets: who writes, where, and under which idempotency key. */
export type WriteContext = {
  readonly actor: Actor;
  readonly pool: FencedPool;
  readonly catalog: Catalog;
  readonly idempotent: IdempotentStep | null;
};
