import type pg from "pg";
import { poolDefaults, type PoolConfig } from "../config.ts";
import { FencedPool, type Queryable } from "./fenced-pool.ts";
import { FencedPrismaClients, type FencedPrisma } from "./fenced-prisma.ts";
import { withOwner } from "./with-owner.ts";

/** Everything the server knows of its database: one pool behind the tenant fence, and Prisma on that pool. */
export type Database = {
  readonly pool: FencedPool;
  /** Runs statements for one tenant. */
  forTenant(tenantId: string): Queryable;
  /** Prisma's client for one tenant. */
  prismaFor(tenantId: string): FencedPrisma;
  /** An operator's work over all tenants, on a connection of its own that keeps its login's rights. Never for a request. */
  asOwner<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

/** Opens the pool; no connection is made before the first statement. */
export function openDatabase(options: {
  readonly url: string;
  readonly maxConnections?: number;
  readonly pool?: PoolConfig;
}): Database {
  const limits = options.pool ?? poolDefaults;
  const size = options.maxConnections ?? limits.size;
  const pool = new FencedPool({ url: options.url, maxConnections: size, limits });
  const prisma = new FencedPrismaClients(pool);
  return {
    pool,
    forTenant: (tenantId) => pool.forTenant(tenantId),
    prismaFor: (tenantId) => prisma.forTenant(tenantId),
    asOwner: (work) => withOwner(options.url, "operator", work),
    close: async () => {
      await prisma.close();
      await pool.close();
    },
  };
}
