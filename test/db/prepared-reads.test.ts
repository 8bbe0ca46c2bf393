import { afterAll, beforeAll, expect, it } from "vitest";
import { startPool, type TestPool } from "../support/database/pool.ts";

const tenantId = "0190aaaa-0000-7000-8000-000000000001";
/** More texts than a connection keeps prepared. */
const many = 400;

let database: TestPool;
beforeAll(async () => {
  database = await startPool(1);
});
afterAll(() => database.close());

const read = (text: string, values: readonly unknown[] = [], plannedEach = false) =>
  database.pool.forTenant(tenantId).rows(text, values, { plannedEach });

/** The texts that the single connection has prepared, in the order of their preparation. */
async function prepared(): Promise<readonly (string | null)[]> {
  looks += 1;
  // A new text each time, which is not prepared itself.
  const look = `SELECT statement FROM pg_prepared_statements
    WHERE statement NOT LIKE '%set_config%' ORDER BY prepare_time /* ${looks} */`;
  return (await read(look)).map(([text = null]) => text);
}
let looks = 0;

it("prepares a text when it comes again, under one name", async () => {
  const text = "SELECT $1::integer + 1";
  expect(await read(text, [1])).toEqual([["2"]]);
  expect(await prepared()).not.toContain(text);
  expect(await read(text, [2])).toEqual([["3"]]);
  expect(await read(text, [3])).toEqual([["4"]]);
  expect((await prepared()).filter((one) => one === text)).toHaveLength(1);
});

it("plans a text once for all values, or for each call if `plannedEach` is set", async () => {
  for (const [text, plannedEach] of [
    ["SELECT id FROM accounts WHERE id = $1::uuid", false],
    ["SELECT id FROM contacts WHERE id = $1::uuid", true],
  ] as const) {
    for (const _ of [1, 2, 3, 4]) await read(text, [tenantId], plannedEach);
    const plans = await read(
      "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1",
      [text],
    );
    expect(plans).toEqual([plannedEach ? ["0", "3"] : ["3", "0"]]);
  }
});

it("does not prepare texts that come once", async () => {
  const before = await prepared();
  for (let number = 0; number < many; number += 1) {
    expect(await read(`SELECT ${number} AS once`)).toEqual([[String(number)]]);
  }
  expect(await prepared()).toEqual(before);
});

it("evicts the least recently used text", async () => {
  const texts = Array.from({ length: many }, (_, number) => `SELECT $1::integer + ${number}`);
  for (const round of [1, 2]) {
    for (const [number, text] of texts.entries()) {
      expect(await read(text, [round])).toEqual([[String(round + number)]]);
    }
  }
  const kept = await prepared();
  expect(kept.length).toBeLessThan(many);
  expect(texts.slice(-kept.length)).toEqual(kept);

  const [first = ""] = texts;
  expect(kept).not.toContain(first);
  for (const value of [5, 6]) expect(await read(first, [value])).toEqual([[String(value)]]);
  const then = await prepared();
  expect(then.slice(0, -1)).toEqual(kept.slice(1));
  expect(then.at(-1)).toBe(first);
});

it("keeps fewer texts if they are long", async () => {
  const padding = "x".repeat(10_000);
  for (let number = 0; number < 40; number += 1) {
    const text = `SELECT ${number} /* ${padding} */`;
    for (const _ of [1, 2]) expect(await read(text)).toEqual([[String(number)]]);
  }
  const characters = (await prepared()).reduce((sum, text) => sum + (text?.length ?? 0), 0);
  expect(characters).toBeGreaterThan(10_000);
  expect(characters).toBeLessThanOrEqual(150_000);
});

it("answers a read whose prepared statement is out of date or gone", async () => {
  const text = "SELECT * FROM probes WHERE id = $1";
  const { client } = database.fixtures;
  await client.query("CREATE TABLE probes (id integer, text text)");
  await client.query("INSERT INTO probes VALUES (1, 'one')");
  await client.query("GRANT SELECT ON probes TO crm_gateway");
  for (const _ of [1, 2, 3]) expect(await read(text, [1])).toEqual([["1", "one"]]);
  expect(await prepared()).toContain(text);

  await client.query("ALTER TABLE probes ADD COLUMN more text DEFAULT 'more'");
  expect(await read(text, [1])).toEqual([["1", "one", "more"]]);
  expect(await prepared()).toContain(text);

  await read("DEALLOCATE ALL");
  expect(await prepared()).toEqual([]);
  expect(await read(text, [1])).toEqual([["1", "one", "more"]]);
  expect(await prepared()).toEqual([text]);
});

it("prepares a failed statement again, and keeps the connection", async () => {
  const text = "SELECT 10 / $1::integer";
  const connection = await read("SELECT pg_backend_pid()");
  for (const value of [1, 2]) await read(text, [value]);
  await expect(read(text, [0])).rejects.toMatchObject({ code: "22012" });
  for (const value of [1, 5]) expect(await read(text, [value])).toEqual([[String(10 / value)]]);
  expect((await prepared()).filter((one) => one === text)).toHaveLength(1);
  expect(await read("SELECT pg_backend_pid()")).toEqual(connection);
});
