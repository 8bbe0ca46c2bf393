import type { PoolConfig } from "../../../src/config.ts";
import { FencedPool } from "../../../src/db/fenced-pool.ts";
import { Fixtures } from "../samples/fixtures.ts";
import { createTestDatabase } from "./database.ts";

export type TestPool = Awaited<ReturnType<typeof startPool>>;

/** A fenced pool on a database of its own, with fixtures by the database's owner. */
export async function startPool(maxConnections: number, limits?: PoolConfig) {
  const { url, drop } = await createTestDatabase();
  const fixtures = await Fixtures.open(url);
  const pool = new FencedPool({ url, maxConnections, ...(limits && { limits }) });
  return {
    url,
    fixtures,
    pool,
    close: async (): Promise<void> => {
      await pool.close();
      await fixtures.close();
      await drop();
    },
  };
}
