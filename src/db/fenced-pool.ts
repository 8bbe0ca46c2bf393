import { AsyncLocalStorage } from "node:async_hooks";
import pg from "pg";

/** The role the server acts as: owns nothing and cannot bypass row-level security. */
export const serverRole = "crm_gateway";

const tenants = new AsyncLocalStorage<string>();
const textParsers = { getTypeParser: () => (value: string | Buffer) => value.toString() };

/** Runs statements for one tenant and gives rows as PostgreSQL printed them. */
export type Queryable = {
  rows(text: string, values: readonly unknown[]): Promise<(string | null)[][]>;
};

/** Runs `work` with every connection that it checks out, also through Prisma, pinned to the tenant. */
export function asTenant<Result>(tenantId: string, work: () => Result): Result {
  return tenants.run(tenantId, work);
}

type ConnectCallback = Parameters<pg.Pool["connect"]>[0];

/**
 * A `pg` pool behind the tenant fence. A connection is pinned to the caller's tenant (`app.tenant_id`)
 * when it is checked out, and to none outside `asTenant`; row-level security does the rest. The pin is
 * remembered with the connection, so it costs a statement only when the tenant changes.
 */
export class FencedPool extends pg.Pool {
  readonly #pinned = new WeakMap<pg.PoolClient, string>();

  constructor(options: { readonly url: string; readonly maxConnections: number }) {
    super({
      connectionString: options.url,
      max: options.maxConnections,
      // The pin and the statement behind it travel together.
      pipeline: true,
      connectionTimeoutMillis: 10_000,
      application_name: "crm-gateway",
      // Also what RESET falls back to. Values are read as text, so how they print must not depend on the server.
      options: `-c role=${serverRole} -c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c jit=off -c pg_trgm.word_similarity_threshold=0.5`,
    });
    // A connection that breaks while idle is replaced at the next checkout; without a listener it would end the process.
    this.on("error", () => undefined);
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const tenantId = tenants.getStore() ?? "";
    if (callback === undefined) {
      return super.connect().then((client) => {
        this.#pin(client, tenantId);
        return client;
      });
    }
    super.connect((error, client, release) => {
      if (client !== undefined) this.#pin(client, tenantId);
      callback(error, client, release);
    });
  }

  #pin(client: pg.PoolClient, tenantId: string): void {
    if (this.#pinned.get(client) === tenantId) return;
    this.#pinned.set(client, tenantId);
    client.query("SELECT set_config('app.tenant_id', $1, false)", [tenantId]).catch(() => {
      // The connection is broken or in a failed transaction, so what follows on it fails too; never trust its pin again.
      this.#pinned.delete(client);
    });
  }

  /** The pool as one tenant sees it. */
  forTenant(tenantId: string): Queryable {
    return {
      rows: async (text, values) => {
        const query = { text, values: [...values], rowMode: "array" as const, types: textParsers };
        const result = await asTenant(tenantId, () => this.query<(string | null)[]>(query));
        return result.rows;
      },
    };
  }
}
