import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { v7 as uuidv7 } from "uuid";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let count = 0;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function freshTenant(): Promise<TenantFixtures> {
  const fresh = await gateway.fixtures.tenant(`cost-${++count}`);
  key = await gateway.keyFor(fresh.slug);
  return fresh;
}

describe("a name that 10,000 records have", () => {
  const all = 10_000;

  beforeAll(async () => {
    tenant = await freshTenant();
    await tenant.makeMany(
      "account",
      Array.from({ length: all }, () => ({
        name: "John Smith",
        phone: "617 555 0123",
        domain: "smith.example",
      })),
    );
    await tenant.makeMany(
      "contact",
      Array.from({ length: all }, () => ({
        firstName: "John",
        lastName: "Smith",
        phone: "617 555 0123",
        website: "smith.example",
        accountId: null,
      })),
    );
    await gateway.fixtures.client.query("ANALYZE accounts, contacts");
  });

  it.each(["account", "contact"] as const)(
    "costs an %s no more rows than the reach of its keys",
    async (entity) => {
      gateway.statements.clear();
      const ids = await gateway.data(
        key,
        `{ ${entity}s(first: 1) { nodes { id duplicates(minScore: 0.3) { score } } } }`,
      );
      expect(listAt(ids, `${entity}s`, "nodes", 0, "duplicates")).toHaveLength(10);
      const statement = gateway.statements.all().find(({ text }) => text.startsWith("WITH s AS"));
      // Six or nine keys, two directions of fifty, many of them the same rows.
      expect(statement?.rows).toBeLessThanOrEqual(9 * 2 * 50 + 1);
      const read = await rowsRead(statement?.text ?? "", entity);
      expect(read).toBeLessThanOrEqual(2 * (9 * 2 * 50 + 1));
    },
  );

  /** How many rows of the table PostgreSQL read for one record, by its own account. */
  async function rowsRead(text: string, entity: string): Promise<number> {
    const db = gateway.database.forTenant(tenant.uuid);
    const [row] = await db.rows(
      `SELECT id FROM ${entity}s WHERE tenant_id = $1 LIMIT 1 OFFSET 5000`,
      [tenant.uuid],
    );
    const values: unknown[] = parametersOf(text, [tenant.uuid, [row?.[0] ?? uuidv7()]]);
    const rows = await db.rows(
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ${text}`,
      values,
    );
    let read = 0;
    const visit = (node: unknown): void => {
      if (typeof node !== "object" || node === null) return;
      if (Reflect.get(node, "Relation Name") === `${entity}s`) {
        const removed = Number(Reflect.get(node, "Rows Removed by Filter") ?? 0);
        read +=
          (Number(Reflect.get(node, "Actual Rows")) + removed) *
          Number(Reflect.get(node, "Actual Loops"));
      }
      for (const value of Object.values(node)) visit(value);
    };
    visit(JSON.parse(rows[0]?.[0] ?? "null"));
    return read;
  }
});

/** Values for a statement's parameters by their types: the tenant, the ids, the reach, and likenesses. */
function parametersOf(
  text: string,
  [tenantId, ids]: readonly [string, readonly string[]],
): unknown[] {
  const types = new Map(
    [...text.matchAll(/\$(\d+)::([a-z[\]]+)/g)].map((match) => [Number(match[1]), match[2]]),
  );
  const values: Readonly<Record<string, unknown>> = {
    uuid: tenantId,
    "uuid[]": ids,
    integer: 50,
    real: 0.3,
  };
  return [...types.keys()]
    .toSorted((a, b) => a - b)
    .map((number) => values[types.get(number) ?? ""]);
}

describe("one statement for the duplicates of all records of a list", () => {
  beforeAll(async () => {
    tenant = await freshTenant();
    const accounts = await tenant.makeMany(
      "account",
      Array.from({ length: 100 }, (_, index) => ({
        name: `Company ${index % 50}`,
        domain: `c${index % 50}.example`,
      })),
    );
    await tenant.makeMany(
      "contact",
      accounts.map((account, index) => ({
        accountId: account.uuid,
        firstName: "Ada",
        lastName: `Okafor ${index % 50}`,
        phone: `617555${1000 + (index % 50)}`,
      })),
    );
  });

  it.each([1, 20, 100])("at %i accounts and contacts", async (first) => {
    gateway.statements.clear();
    const data = await gateway.data(
      key,
      `query ($first: Int!) {
        accounts(first: $first) { nodes { duplicates { score account { name parent { name } } } } }
        contacts(first: $first) { nodes { duplicates { score contact { displayName account { name } } } } }
      }`,
      { first },
    );
    // Each: the list, the duplicates, their records, and the records' own edge where it leads somewhere.
    expect(gateway.statements.all()).toHaveLength(4 + 3);
    for (const list of ["accounts", "contacts"]) {
      const nodes = listAt(data, list, "nodes");
      expect(nodes).toHaveLength(first);
      for (const node of nodes) expect(listAt(node, "duplicates")).toHaveLength(1);
    }
  });
});
