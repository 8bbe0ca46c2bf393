import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { schemaDrift } from "../../tools/schema-diff.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test("schema.prisma and the migrations agree", async () => {
  // What is printed here is the migration that is missing: see `npm run db:diff`.
  expect(await schemaDrift({ url: database.url })).toBe("");
});

test("a column that schema.prisma does not have is drift", async () => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query("ALTER TABLE accounts ADD COLUMN forgotten text");
  } finally {
    await client.end();
  }
  expect(await schemaDrift({ url: database.url })).toContain('DROP COLUMN "forgotten"');
});
