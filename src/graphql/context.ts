import type { Actor } from "../auth/actor.ts";
import type { FencedPool } from "../db/fenced-pool.ts";
import type { Reader } from "../query/reader.ts";
import type { IdempotentStep } from "../write/context.ts";

/** What every resolver gets. Made anew for each request. */
export type Context = {
  readonly actor: Actor;
  readonly reader: Reader;
  readonly pool: FencedPool;
  /** The request's idempotency key, when it is a mutation that came with one. */
  readonly idempotency: Pick<IdempotentStep, "key" | "requestHash"> | null;
  readonly requestId: string;
};
