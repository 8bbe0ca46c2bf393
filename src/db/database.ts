import type pg from "pg";
import { poolDefaults, type PoolConfig, type ReplicaConfig } from "../config.ts";
import { FencedPool, type Queryable } from "./fenced-pool.ts";
import { FencedPrismaClients, type FencedPrisma } from "./fenced-prisma.ts";
import { Replicas } from "./replicas.ts";
import type { Caller } from "./work.ts";
import { withOwner } from "./with-owner.ts";

/** Everything the server knows of its database: one pool behind the tenant fence, and Prisma on that pool. */
export type Database = {
  /** The URL of the tables' owner, past any pooler. */
  readonly ownerUrl: string;
  readonly pool: FencedPool;
  /** The pools of its replicas. */
  readonly replicas: readonly FencedPool[];
  /** Runs statements for one tenant. Queries run on a replica, if one has all writes of their caller. */
  forTenant(tenantId: string): Queryable;
  /** Hears of a caller's write in another process: its queries go to no replica that lacks it. */
  noteWrite(caller: Caller): void;
  /** Notes that a caller was told what the primary database has: its queries go to no replica that lacks it. */
  saw(caller: Caller): Promise<void>;
  /** Prisma's client for one tenant. */
  prismaFor(tenantId: string): FencedPrisma;
  /** Loads what the first statements would load, for a process that takes requests next. */
  load(): Promise<void>;
  /** An operator's work over all tenants, on a connection of its own that keeps its login's rights. Never for a request. */
  asOwner<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};

export type DatabaseOptions = {
  readonly url: string;
  /** The URL of the tables' owner, past any pooler, where it is another one. */
  readonly directUrl?: string;
  readonly maxConnections?: number;
  readonly pool?: PoolConfig;
  readonly replicas?: ReplicaConfig;
  /** Reports a caller's write to the other processes of the port. */
  readonly tellOthers?: ((caller: Caller) => Promise<void>) | undefined;
};

/** Opens the pool; no connection is made before the first statement. */
export function openDatabase(options: DatabaseOptions): Database {
  const limits = options.pool ?? poolDefaults;
  const size = options.maxConnections ?? limits.size;
  const pool = new FencedPool({ url: options.url, maxConnections: size, limits });
  const prisma = new FencedPrismaClients(pool);
  const { urls = [], maxLagMilliseconds: maxLag = 0 } = options.replicas ?? {};
  const { tellOthers } = options;
  const pools = urls.map((url) => new FencedPool({ url, maxConnections: size, limits }));
  const replicas = pools.length === 0 ? null : new Replicas(pool, pools, { maxLag, tellOthers });
  const ownerUrl = options.directUrl ?? options.url;
  return {
    ownerUrl,
    pool,
    replicas: pools,
    forTenant: (tenantId) => replicas?.forTenant(tenantId) ?? pool.forTenant(tenantId),
    noteWrite: (caller) => replicas?.noteWrite(caller),
    saw: async (caller) => replicas?.saw(caller),
    prismaFor: (tenantId) => prisma.forTenant(tenantId),
    load: () => prisma.load(),
    asOwner: (work) => withOwner(ownerUrl, "operator", work),
    close: async () => {
      await replicas?.close();
      await prisma.close();
      await pool.close();
    },
  };
}
