import { afterAll, beforeAll, expect, it } from "vitest";
import { FencedPool } from "../../src/db/fenced-pool.ts";
import type { Transaction } from "../../src/db/transaction.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { recordStatements, type Recorder } from "../support/database/recorder.ts";
import { Fixtures, type TenantFixtures } from "../support/samples/fixtures.ts";

let database: TestDatabase;
let fixtures: Fixtures;
let tenant: TenantFixtures;
let pool: FencedPool;
let statements: Recorder;
/** How many round trips were begun. */
let trips = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  fixtures = await Fixtures.open(database.url);
  tenant = await fixtures.tenant("north-harbor");
  await tenant.account();
  pool = new FencedPool({ url: database.url, maxConnections: 1 });
  pool.on("connect", (client) => {
    const { connection } = client;
    const sync = connection.sync.bind(connection);
    connection.sync = () => {
      trips += 1;
      sync();
    };
  });
  statements = recordStatements(pool);
});
afterAll(async () => {
  await pool.close();
  await fixtures.close();
  await database.drop();
});

const rename = "UPDATE accounts SET name = $1::text";
const nameOf = "SELECT name, current_tenant_id() FROM accounts";

const renamed = (name: string, work: (transaction: Transaction) => unknown): Promise<unknown> =>
  pool.transaction(tenant.uuid, async (transaction) => {
    await transaction.rows("SELECT $1::text", [name]);
    transaction.send(rename, [name]);
    return work(transaction);
  });

const nameNow = async (): Promise<unknown> => {
  const [row] = await pool.forTenant(tenant.uuid).rows(nameOf, []);
  return row?.[0];
};

it("what nobody waits for travels with what somebody waits for, and a read goes behind the commit", async () => {
  await renamed("before", () => undefined);
  statements.clear();
  trips = 0;
  let behind: Promise<unknown> = Promise.resolve();
  await renamed("after", ({ readBehind }) => {
    behind = readBehind(nameOf, []);
  });
  expect(await behind).toEqual([["after", tenant.uuid]]);
  expect(statements.all().map(({ text }) => text)).toEqual([
    "BEGIN ISOLATION LEVEL READ COMMITTED",
    "SELECT $1::text",
    rename,
    "COMMIT",
    nameOf,
  ]);
  // BEGIN with the first read; the update with COMMIT; the read after it.
  expect(trips).toBe(3);
});

it("gives null behind a transaction that is not committed", async () => {
  let behind: Promise<unknown> = Promise.resolve();
  const refused = renamed("refused", ({ readBehind }) => {
    behind = readBehind(nameOf, []);
    throw new Error("no");
  });
  await expect(refused).rejects.toThrow("no");
  expect(await behind).toBeNull();

  const failed = renamed("failed", ({ readBehind, send }) => {
    behind = readBehind(nameOf, []);
    send("SELECT 1 / $1::integer", [0]);
  });
  await expect(failed).rejects.toThrow("division by zero");
  expect(await behind).toBeNull();
  expect(await nameNow()).toBe("after");
});

it("commits what stands before a read that fails, and gives its connection back", async () => {
  let behind: Promise<unknown> = Promise.resolve();
  await renamed("kept", ({ readBehind }) => {
    behind = readBehind("SELECT 1 / $1::integer", [0]);
  });
  await expect(behind).rejects.toThrow("division by zero");
  expect(await nameNow()).toBe("kept");
  expect(pool.load).toEqual({ taken: 0, waiting: 0 });
});
