import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asTenant, FencedPool } from "../../src/db/fenced-pool.ts";
import { openDatabase } from "../../src/db/database.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let ours: TenantFixtures;
let theirs: TenantFixtures;

beforeAll(async () => {
  gateway = await startGateway();
  ours = await gateway.fixtures.tenant("ours");
  theirs = await gateway.fixtures.tenant("theirs");
  await ours.account();
  await theirs.account();
});
afterAll(() => gateway.close());

const tenantsSeen = "SELECT DISTINCT tenant_id FROM accounts";

async function withPool(
  work: (pool: FencedPool) => Promise<void>,
  url = gateway.databaseUrl,
): Promise<void> {
  // One connection, so that every statement meets what the one before left behind.
  const pool = new FencedPool({ url, maxConnections: 1 });
  try {
    await work(pool);
  } finally {
    await pool.close();
  }
}

describe("the pin of a connection to a tenant", () => {
  it("is in front of every statement: one that fails takes the statement's answer with it", async () => {
    await withPool(async (pool) => {
      expect(await pool.forTenant(ours.uuid).rows(tenantsSeen, [])).toEqual([[ours.uuid]]);
      // Not a UUID: PostgreSQL takes the setting and refuses only what reads it, as it would a broken pin.
      await expect(pool.forTenant("nobody").rows(tenantsSeen, [])).rejects.toThrow(/uuid/);
      expect(await pool.forTenant(theirs.uuid).rows(tenantsSeen, [])).toEqual([[theirs.uuid]]);
    });
  });

  it("that cannot be set gives an error and no rows, and the connection is not used again", async () => {
    await withPool(async (pool) => {
      await pool.forTenant(ours.uuid).rows(tenantsSeen, []);
      // U+0000 cannot be sent: this is how the pin itself fails on a sound connection.
      await expect(pool.forTenant("\u0000").rows(tenantsSeen, [])).rejects.toThrow();
      await expect(asTenant("\u0000", () => pool.query(tenantsSeen))).rejects.toThrow();
      expect(await pool.forTenant(theirs.uuid).rows(tenantsSeen, [])).toEqual([[theirs.uuid]]);
    });
  });

  it("does not survive a transaction that somebody left open", async () => {
    await withPool(async (pool) => {
      await asTenant(ours.uuid, async () => {
        const client = await pool.connect();
        await client.query("BEGIN");
        client.release();
      });
      const seen = await asTenant(theirs.uuid, async () => {
        const client = await pool.connect();
        await client.query("ROLLBACK");
        const { rows } = await client.query<{ tenant_id: string }>(tenantsSeen);
        client.release();
        return rows.map((row) => row.tenant_id);
      });
      expect(seen).toEqual([theirs.uuid]);
    });
  });

  it("and the role hold whatever options the URL has", async () => {
    const url = new URL(gateway.databaseUrl);
    url.searchParams.set("options", "-c role=none -c timezone=Europe/Berlin -c work_mem=9MB");
    await withPool(async (pool) => {
      const [row] = await pool
        .forTenant(ours.uuid)
        .rows(
          "SELECT current_user, current_setting('timezone'), current_setting('work_mem'), count(*) FROM accounts",
          [],
        );
      expect(row).toEqual(["crm_gateway", "UTC", "9MB", "1"]);
    }, url.href);
  });

  it("covers Prisma's promises, which start only when they are awaited", async () => {
    const found = await gateway.database.prismaFor(ours.uuid).account.findMany();
    expect(found.map(({ tenantId }) => tenantId)).toEqual([ours.uuid]);
  });
});

describe("closing the database", () => {
  it("does not wait for a statement that hangs", async () => {
    const database = openDatabase({ url: gateway.databaseUrl, maxConnections: 1 });
    await gateway.fixtures.client.query("BEGIN; LOCK TABLE departments");
    const hanging = database.forTenant(ours.uuid).rows("SELECT count(*) FROM departments", []);
    await database.close();
    // Still running: the lock is held until here.
    await gateway.fixtures.client.query("COMMIT");
    expect(await hanging).toEqual([["0"]]);
  });
});
