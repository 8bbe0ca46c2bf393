import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FencedPool } from "../../src/db/fenced-pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { Fixtures } from "../support/samples/fixtures.ts";

let database: TestDatabase;
let fixtures: Fixtures;

beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
});
afterAll(async () => {
  await fixtures.close();
  await database.drop();
});

it("is called once more when a migration makes it anew between the plan and the call", async () => {
  const pool = new FencedPool({ url: database.url, maxConnections: 1 });
  // PostgreSQL itself fails so then. A sequence counts what is rolled back as well.
  const callAfter = async (failures: number): Promise<unknown> => {
    await fixtures.client.query(
      `CREATE SEQUENCE calls;
       ALTER FUNCTION note_api_key_use RENAME TO kept;
       CREATE FUNCTION note_api_key_use(uuid) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
         IF nextval('calls') <= ${failures} THEN
           RAISE 'cache lookup failed for function 4711' USING ERRCODE = 'XX000';
         END IF;
         RETURN 1;
       END $$`,
    );
    try {
      return await pool.callFunction("note_api_key_use", [randomUUID()]);
    } finally {
      await fixtures.client.query(
        "DROP FUNCTION note_api_key_use; ALTER FUNCTION kept RENAME TO note_api_key_use; DROP SEQUENCE calls",
      );
    }
  };
  expect(await callAfter(1)).toHaveLength(1);
  await expect(callAfter(2)).rejects.toMatchObject({ code: "XX000" });
  await pool.close();
});

it("what looks beyond the tenants is planned when it runs, as the owner, and only by the server's role", async () => {
  const { rows } = await fixtures.client.query(
    `SELECT p.proname AS name, l.lanname AS language, p.prosecdef AS as_owner, p.proconfig AS settings,
       has_function_privilege('public', p.oid, 'EXECUTE') AS by_all, has_function_privilege('crm_gateway', p.oid, 'EXECUTE') AS by_server
     FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
     WHERE p.proname IN ('find_api_key', 'note_api_key_use') ORDER BY 1`,
  );
  const same = {
    language: "plpgsql",
    as_owner: true,
    settings: ["search_path=public, pg_temp"],
    by_all: false,
    by_server: true,
  };
  expect(rows).toEqual([
    { name: "find_api_key", ...same },
    { name: "note_api_key_use", ...same },
  ]);
});
