import type { Database } from "../../db/database.ts";
import type { Queryable } from "../../db/fenced-pool.ts";
import { catalog } from "../../modules/catalog.ts";
import { Reader } from "../../query/reader.ts";
import type { Context } from "../schema/context.ts";

/** The services of the process that resolvers and verbs use. Each is asked for when it is used. */
type Services = Pick<Context, "apiKeys" | "jobs" | "webhooks" | "imports"> & {
  readonly database: Database;
};

type ContextParts = Pick<Context, "actor" | "work"> &
  Partial<Pick<Context, "outcomes" | "printed">> & { readonly db?: Queryable };

/** The context of resolvers and verbs. Without `db` they read the primary database, which has what was just written. */
export function makeContext(
  services: Services,
  { actor, work, db, outcomes = new Map(), printed = new Map() }: ContextParts,
): Context {
  const { database } = services;
  return {
    catalog,
    pool: database.pool,
    get prisma() {
      return database.prismaFor(actor.tenantId);
    },
    get apiKeys() {
      return services.apiKeys;
    },
    get jobs() {
      return services.jobs;
    },
    get webhooks() {
      return services.webhooks;
    },
    get imports() {
      return services.imports;
    },
    // useIdempotency sets it, for mutations.
    idempotency: null,
    outcomes,
    printed,
    behind: new Map(),
    actor,
    work,
    reader: new Reader({
      db: db ?? database.pool.forTenant(actor.tenantId),
      catalog,
      viewer: actor,
    }),
  };
}
