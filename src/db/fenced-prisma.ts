import { PrismaPg } from "@prisma/adapter-pg";
import { LRUCache } from "lru-cache";
import { asTenant, type FencedPool } from "./fenced-pool.ts";
import { getDatamodel } from "./generated/pothos.ts";
import { Prisma, PrismaClient } from "./generated/prisma/client.ts";
import { currentWork } from "./work.ts";

/** Tenants whose view is kept. Making one takes 0.2 ms; a request that reads through Prisma needs it once. */
const keptViews = 500;

/** The id of no tenant. */
const nobody = "00000000-0000-0000-0000-000000000000";

/** The client of one tenant. It does not take a list of promises as a transaction: see `viewFor`. */
export type FencedPrisma = Omit<
  PrismaClient,
  "$transaction" | "$disconnect" | "$on" | "$extends"
> & {
  /** Runs `work` in one transaction of the tenant's. Reads and writes go through the client that it is given. */
  $transaction<Result>(
    work: (transaction: Prisma.TransactionClient) => Promise<Result>,
    options?: Parameters<PrismaClient["$transaction"]>[1],
  ): Promise<Result>;
};

/** Prisma behind the tenant fence: one client on the pool, and a view of it for each tenant. */
export class FencedPrismaClients {
  readonly #pool: FencedPool;
  readonly #client: PrismaClient;
  readonly #views = new LRUCache<string, FencedPrisma>({ max: keptViews });

  constructor(pool: FencedPool) {
    this.#pool = pool;
    this.#client = withoutMerging(new PrismaClient({ adapter: new PrismaPg(pool) }));
  }

  /** The client for one tenant. It only uses connections that are pinned to the tenant. */
  forTenant(tenantId: string): FencedPrisma {
    let view = this.#views.get(tenantId);
    if (view === undefined) {
      view = viewFor(this.#client, tenantId, this.#pool);
      this.#views.set(tenantId, view);
    }
    return view;
  }

  /** Loads Prisma's engine by a read of nobody's. The first read would do so, and hold up the whole process for 0.2 s. */
  async load(): Promise<void> {
    await this.forTenant(nobody).tenant.findFirst({ where: { id: nobody } });
  }

  async close(): Promise<void> {
    await this.#client.$disconnect();
  }
}

/** Prisma gives an extended client types of its own, which take and give the same. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const asClient = (extended: unknown): PrismaClient => extended as PrismaClient;

type Where = Readonly<Record<string, unknown>>;
type FindArguments = { readonly where: Where };
/** A model of the client, in a transaction or outside of one. */
type Model = {
  readonly $name?: string;
  findFirst(args: FindArguments): PromiseLike<unknown>;
  findFirstOrThrow(args: FindArguments): PromiseLike<unknown>;
};

/**
 * Runs `findFirst` in place of `findUnique`. Prisma merges the findUniques of one tick, from all callers, into one
 * statement, and sends it under the first caller's fence (test/security/one-tick.test.ts). These are methods of the
 * models and not a hook on their queries, so that they stay in the transaction that they are called in.
 */
function withoutMerging(client: PrismaClient): PrismaClient {
  return asClient(
    client.$extends({
      model: {
        $allModels: {
          findUnique(this: Model, args: FindArguments) {
            const model = Prisma.getExtensionContext(this);
            return model.findFirst({ ...args, where: uniqueWhere(model, args.where) });
          },
          findUniqueOrThrow(this: Model, args: FindArguments) {
            const model = Prisma.getExtensionContext(this);
            return model.findFirstOrThrow({ ...args, where: uniqueWhere(model, args.where) });
          },
        },
      },
    }),
  );
}

/**
 * Whether a caller that reads a replica afterwards must find there what the operation met: it wrote, or it read how far an
 * import is, whose rows are written by jobs.
 */
const isSeen = (model: string | undefined, operation: string): boolean =>
  model === "Import" || /^(?:create|update|delete|upsert|\$executeRaw)/.test(operation);

/**
 * What Prisma waits for a connection, and for a transaction's end, in milliseconds. The pool, the session and the request
 * have bounds of their own, and whoever meets one of those is told so: Prisma's would be met as an unexpected error.
 */
const unhurried = { maxWait: 3_600_000, timeout: 3_600_000 };

function viewFor(client: PrismaClient, tenantId: string, pool: FencedPool): FencedPrisma {
  const pinned = asClient(
    client.$extends({
      query: { $allOperations: ({ args, query }) => asTenant(tenantId, () => query(args)) },
    }),
  );
  return asClient(
    pinned.$extends({
      query: {
        $allOperations: async ({ model, operation, args, query }) => {
          const result: unknown = await query(args);
          if (isSeen(model, operation)) await pool.onSeen?.(currentWork());
          return result;
        },
      },
      client: {
        $transaction(work: Parameters<FencedPrisma["$transaction"]>[0], options?: object) {
          // Prisma merges lists of promises of one tick as well.
          if (typeof work !== "function") throw new TypeError("$transaction: give a function");
          return asTenant(tenantId, async () => {
            try {
              return await pinned.$transaction(work, { ...unhurried, ...options });
            } finally {
              await pool.onSeen?.(currentWork());
            }
          });
        },
      },
    }),
  );
}

/** Each model's unique keys: the fields of each, and the name of the object that holds them when they are several. */
const uniqueKeys = new Map(
  Object.entries(getDatamodel().datamodel.models).map(([model, { fields, ...keys }]) => [
    model,
    [
      ...fields
        .filter(({ isId, isUnique }) => isId || isUnique)
        .map(({ name }) => ({ name, fields: [name] })),
      ...[keys.primaryKey, ...keys.uniqueIndexes]
        .filter((key) => key !== null)
        .map((key) => ({ name: key.name ?? key.fields.join("_"), fields: key.fields })),
    ],
  ]),
);

/**
 * The condition of a findUnique for a findFirst: `{ tenantId_id: { tenantId, id } }` becomes `{ tenantId, id }`, beside
 * which other conditions stay, also those on the same fields. A key
 * without a value is refused, since Prisma leaves `undefined` out and would take any row.
 */
function uniqueWhere({ $name = "" }: Model, where: Where): Where {
  for (const { name, fields } of uniqueKeys.get($name) ?? []) {
    const { [name]: given, ...others } = where;
    const values: Where = fields.length === 1 ? { [name]: given } : Object(given);
    if (fields.every((field) => values[field] != null)) return { AND: [values, others] };
  }
  throw new TypeError(`${$name}.findUnique: where has no whole key`);
}
