import type { Actor } from "../../auth/actor.ts";
import type { ApiKeys } from "../../auth/api-keys.ts";
import type { FencedPool } from "../../db/fenced-pool.ts";
import type { Transaction } from "../../db/transaction.ts";
import type { FencedPrisma } from "../../db/fenced-prisma.ts";
import type { Work } from "../../db/work.ts";
import type { ImportService } from "../../imports/run/import-service.ts";
import type { Jobs } from "../../jobs/jobs.ts";
import type { Webhooks } from "../../modules/webhook/endpoint.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Reader } from "../../query/reader.ts";
import type { IdempotentStep } from "../../write/context.ts";

/** Called with the outcome of a mutation field before its commit. `read` reads after the commit, null without one. */
export type ReadPayload = (outcome: unknown, read: Transaction["readBehind"]) => void;

/** What every resolver gets. Made anew for each request. */
export type Context = {
  readonly actor: Actor;
  readonly catalog: Catalog;
  readonly reader: Reader;
  readonly pool: FencedPool;
  /** Prisma's client behind the tenant's fence, for what is no CRM entity. */
  readonly prisma: FencedPrisma;
  /** The keys as this process knows them: what a mutation changes, it must forget. */
  readonly apiKeys: ApiKeys;
  /** Takes what is to be done later. */
  readonly jobs: Pick<Jobs, "add">;
  /** Those who deliver to webhooks. */
  readonly webhooks: Webhooks;
  /** Files that are imported. */
  readonly imports: ImportService;
  /** The request's idempotency key, when it is a mutation that came with one. */
  readonly idempotency: Pick<IdempotentStep, "key" | "requestHash"> | null;
  /** The outcomes of the request's mutation fields, by their names in the answer. */
  readonly outcomes: Map<string, Promise<unknown>>;
  /** The payloads of mutation fields that are printed, by the same names. */
  readonly printed: Map<string, string>;
  /** Functions that read the payload of a mutation field after the commit, by the same names. */
  readonly behind: Map<string, ReadPayload>;
  /** What the request does and makes; null outside of the server. */
  readonly work: Work | null;
};
