import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { pageStatement } from "../../src/query/page.ts";
import { rowColumns } from "../../src/query/row.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { completeTenant, type Graph } from "../support/samples/two-tenants.ts";

let gateway: TestGateway;
let ours: Graph;
let theirs: Graph;
let tables: string[];

beforeAll(async () => {
  gateway = await startGateway();
  ours = await completeTenant(gateway.fixtures, "ours");
  theirs = await completeTenant(gateway.fixtures, "theirs");
  const { rows } = await gateway.fixtures.client.query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1",
  );
  tables = rows.map((row) => row.table_name);
});
afterAll(() => gateway.close());

const count = async (tenantId: string, table: string): Promise<[number, number]> => {
  const db = gateway.database.forTenant(tenantId);
  const rows = await db.rows(
    `SELECT count(*), count(*) FILTER (WHERE tenant_id <> $1) FROM ${table}`,
    [tenantId],
  );
  return [Number(rows[0]?.[0]), Number(rows[0]?.[1])];
};

describe("the fence in the database", () => {
  it("stands around every table of a tenant", async () => {
    expect(tables).toContain("change_events");
    const { rows } = await gateway.fixtures.client.query<{ relname: string }>(
      `SELECT relname FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
       AND (NOT relrowsecurity OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))`,
    );
    expect(rows.map((row) => row.relname)).toEqual(["_prisma_migrations"]);
  });

  it("returns only the tenant's rows to a statement that forgot the tenant", async () => {
    for (const { table, name, tenantColumn } of catalog.entities) {
      const db = gateway.database.forTenant(ours.tenant.uuid);
      const rows = await db.rows(`SELECT ${tenantColumn} FROM ${table}`, []);
      expect(rows.length, name).toBeGreaterThan(0);
      expect(new Set(rows.map(([tenantId]) => tenantId)), name).toEqual(
        new Set([ours.tenant.uuid]),
      );
    }
    for (const table of tables) expect((await count(ours.tenant.uuid, table))[1], table).toBe(0);
  });

  it("returns nothing to the engine's own statement for another tenant", async () => {
    const statementFor = (tenantId: string) =>
      pageStatement(
        {
          entity: catalog.entity("account"),
          parent: null,
          where: { deals: { some: {} } },
          order: null,
          words: null,
          includeDeleted: true,
          limit: 10,
          backward: false,
          after: null,
          before: null,
          want: { rows: true, cursors: true, total: true, outside: true },
        },
        { catalog, viewer: { tenantId, appId: null }, parentIds: [] },
        rowColumns(catalog.entity("account"), ["name"]),
      );
    const db = gateway.database.forTenant(ours.tenant.uuid);
    const read = async (tenantId: string) => {
      const { statement, collect } = statementFor(tenantId);
      return collect(await db.rows(statement.text, statement.values)).get("");
    };
    expect(await read(ours.tenant.uuid)).toMatchObject({ total: 1 });
    expect(await read(theirs.tenant.uuid)).toMatchObject({ total: 0, rows: [] });
  });

  it("shows nothing to a connection that is pinned to no tenant", async () => {
    for (const table of tables) {
      const { rows } = await gateway.database.pool.query<{ n: string }>(
        `SELECT count(*) AS n FROM ${table}`,
      );
      expect(rows[0]?.n, table).toBe("0");
    }
  });

  it("holds for Prisma on the same pool", async () => {
    const found = await gateway.database.prismaFor(ours.tenant.uuid).account.findMany();
    expect(found).toHaveLength(3);
    expect(found.every(({ tenantId }) => tenantId === ours.tenant.uuid)).toBe(true);
  });

  it("cannot be switched off or stepped over by the server's role", async () => {
    const role = await gateway.database.pool.query<{
      super: boolean;
      bypass: boolean;
      owned: string;
    }>(
      `SELECT r.rolsuper AS super, r.rolbypassrls AS bypass,
              (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid) AS owned
       FROM pg_roles r WHERE r.rolname = current_user`,
    );
    expect(role.rows[0]).toEqual({ super: false, bypass: false, owned: "0" });

    const run = (text: string, values: unknown[] = []) =>
      gateway.database.forTenant(ours.tenant.uuid).rows(text, values);
    const client = await gateway.database.pool.connect();
    await client.query("SET row_security = off");
    await expect(client.query("SELECT count(*) FROM accounts")).rejects.toThrow(
      /row-level security/,
    );
    client.release(true);
    const foreignRow =
      "INSERT INTO departments (tenant_id, id, name) VALUES ($1, gen_random_uuid(), 'x')";
    await expect(run(foreignRow, [theirs.tenant.uuid])).rejects.toThrow(/row-level security/);
    await expect(run("ALTER TABLE accounts DISABLE ROW LEVEL SECURITY")).rejects.toThrow(/owner/);
    await expect(run("DELETE FROM change_events")).rejects.toThrow(/permission denied/);
  });

  it("keeps a row from referring to another tenant's row, even for the owner", async () => {
    const foreign = theirs.records["account"]?.[0];
    if (foreign === undefined) throw new Error("no account");
    await expect(ours.tenant.deal(foreign)).rejects.toThrow(/foreign key/);
  });
});
