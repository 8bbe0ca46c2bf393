import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

describe("on a database that was never analyzed", () => {
  it("every foreign key is checked by the primary key of the table that it refers to", async () => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT DISTINCT confrelid::regclass::text AS name FROM pg_constraint
       WHERE contype = 'f' AND array_length(confkey, 1) = 2 ORDER BY name`,
    );
    expect(rows.map(({ name }) => name)).toContain("deals");

    for (const { name } of rows) {
      // What PostgreSQL sends itself for every row, and the plan that it keeps for it.
      const { rows: plan } = await client.query<{ "QUERY PLAN": string }>(
        `EXPLAIN (GENERIC_PLAN) SELECT 1 FROM ONLY "public"."${name}" x
         WHERE "tenant_id" OPERATOR(pg_catalog.=) $1 AND "id" OPERATOR(pg_catalog.=) $2 FOR KEY SHARE OF x`,
      );
      const indexes = plan.flatMap(
        (line) => /\w+_(?:pkey|idx|key)\b/.exec(line["QUERY PLAN"]) ?? [],
      );
      expect(indexes).toEqual([`${name}_pkey`]);
    }
  });
});

describe("on a database that was analyzed before its tenants were planned for alike", () => {
  it("what was found of a tenant's share is dropped, and not found again", async () => {
    await client.query(`ALTER TABLE departments ALTER COLUMN tenant_id SET STATISTICS -1;
      INSERT INTO tenants (id, name, slug) SELECT gen_random_uuid(), 'Blue Ridge', 'blue-ridge';
      INSERT INTO departments (tenant_id, id, name)
        SELECT id, gen_random_uuid(), 'Team' FROM tenants CROSS JOIN generate_series(1, 100);
      ANALYZE departments`);
    const found = "SELECT n_distinct, most_common_vals IS NOT NULL AS named FROM pg_stats";
    const ofTenants = `${found} WHERE tablename = 'departments' AND attname = 'tenant_id'`;
    expect((await client.query(ofTenants)).rows).toEqual([{ n_distinct: 1, named: true }]);

    await client.query("SELECT plan_tenants_alike('departments')");
    expect((await client.query(ofTenants)).rows).toEqual([{ n_distinct: 20, named: false }]);
    await client.query("ANALYZE departments");
    expect((await client.query(ofTenants)).rows).toEqual([{ n_distinct: 20, named: false }]);
  });
});
