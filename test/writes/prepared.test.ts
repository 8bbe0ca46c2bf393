import { afterAll, beforeAll, expect, it } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { mutationText } from "../support/writes/mutation.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;

beforeAll(async () => {
  ({ gateway, tenant, key } = await startTenant("north-harbor"));
});
afterAll(() => gateway.close());

/** Moves a contact to other states, one after the other, and gives what the database holds in the end. */
async function move(id: string, uuid: string, states: readonly string[]): Promise<unknown> {
  for (const state of states) {
    const data = await gateway.data(key, mutationText("updateContact"), { id, input: { state } });
    expect(at(data, "updateContact", "userErrors")).toEqual([]);
  }
  const { rows } = await gateway.fixtures.client.query<{ state: string }>(
    "SELECT state FROM contacts WHERE id = $1",
    [uuid],
  );
  return rows[0]?.state;
}

it("a write goes through after a table was altered under the statements prepared for it", async () => {
  const { id, uuid } = await tenant.contact(null);
  expect(await move(id, uuid, ["GA", "NY", "TX", "CA", "OR", "WA"])).toBe("WA");

  await gateway.fixtures.client.query("ALTER TABLE contacts ALTER COLUMN state TYPE varchar(80)");

  expect(await move(id, uuid, ["ME", "FL"])).toBe("FL");
});

it("a statement behind a failed one, which could not be prepared, is prepared the next time", async () => {
  const database = openDatabase({ url: gateway.databaseUrl, maxConnections: 1 });
  const sum = "SELECT $1::integer + 41";
  const failed = database.pool.transaction(tenant.uuid, async (transaction) => {
    transaction.send("SELECT 1 / $1::integer", [0]);
    return transaction.rows(sum, [1]);
  });
  await expect(failed).rejects.toThrow("division by zero");

  for (const attempt of [1, 2]) {
    const rows = database.pool.transaction(tenant.uuid, ({ rows: read }) => read(sum, [attempt]));
    expect(await rows).toEqual([[String(attempt + 41)]]);
  }
  await database.close();
});
