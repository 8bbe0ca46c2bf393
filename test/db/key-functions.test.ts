import { afterAll, beforeAll, expect, it } from "vitest";
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
