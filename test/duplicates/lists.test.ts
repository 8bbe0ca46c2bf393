import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuidv7 } from "../../src/lib/id.ts";
import { duplicatesOf } from "../support/duplicates.ts";
import type { TenantFixtures } from "../support/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let key: string;
let count = 0;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function freshTenant(): Promise<TenantFixtures> {
  const fresh = await gateway.fixtures.tenant(`lists-${++count}`);
  key = await gateway.keyFor(fresh.slug);
  return fresh;
}

describe("the list of duplicates", () => {
  beforeAll(async () => {
    tenant = await freshTenant();
  });

  it("is in order of the score, then of the id, and as long as was asked for", async () => {
    const made = await tenant.makeMany(
      "account",
      Array.from({ length: 60 }, () => ({ name: "Harbor Tools", domain: null, phone: null })),
    );
    const close = await tenant.account({ name: "Harbor Tools", phone: "617 555 0123" });
    const asked = await tenant.account({ name: "Harbor Tools", phone: "617 555 0123" });

    const ten = await duplicatesOf(gateway, key, "account", asked.id);
    expect(ten).toHaveLength(10);
    expect(ten[0]?.id).toBe(close.id);
    const fifty = await duplicatesOf(gateway, key, "account", asked.id, { first: 50 });
    expect(fifty).toHaveLength(50);
    expect(fifty.slice(0, 10)).toEqual(ten);
    const order = fifty.map(({ id, score }) => ({ id, score }));
    const sorted = order.toSorted((a, b) => b.score - a.score || a.id.localeCompare(b.id));
    expect(order).toEqual(sorted);
    expect(fifty.map(({ id }) => id)).not.toContain(asked.id);
    const ids = new Set(made.map(({ id }) => id));
    expect(fifty.slice(1).every(({ id }) => ids.has(id))).toBe(true);
    expect(await duplicatesOf(gateway, key, "account", asked.id, { first: 1 })).toEqual([ten[0]]);
  });

  it("holds what has the score that is asked for, and no less", async () => {
    const one = await tenant.contact(null, { firstName: "Ada", lastName: "Okafor" });
    const other = await tenant.contact(null, { firstName: "Ada", lastName: "Okafor" });
    expect(await duplicatesOf(gateway, key, "contact", one.id)).toEqual([]);
    const [found] = await duplicatesOf(gateway, key, "contact", one.id, { minScore: 0.35 });
    expect(found).toEqual({ id: other.id, score: 0.35, reasons: { SAME_NAME: 1 } });
    expect(await duplicatesOf(gateway, key, "contact", one.id, { minScore: 0.36 })).toEqual([]);
  });

  it.each([
    ["first: 0", "first"],
    ["first: 51", "first"],
    ["first: -1", "first"],
    ["minScore: -0.1", "minScore"],
    ["minScore: 1.1", "minScore"],
    ["minScore: 1e308", "minScore"],
  ])("refuses %s and names the argument", async (args, argument) => {
    const answer = await gateway.ask(
      key,
      `{ accounts { nodes { duplicates(${args}) { score } } } }`,
    );
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: "BAD_USER_INPUT",
      inputPath: [argument],
    });
  });

  it("gives scores and reasons without reading records that are not asked for", async () => {
    gateway.statements.clear();
    await gateway.data(key, "{ accounts(first: 5) { nodes { duplicates { score } } } }");
    expect(gateway.statements.all()).toHaveLength(2);
  });
});

describe("a value that many have in common", () => {
  it.each([
    [20, true],
    [21, false],
  ])("of %i accounts at one host counts: %s", async (all, counts) => {
    tenant = await freshTenant();
    const domain = "regional-mail.example";
    const one = await tenant.account({ name: "Ada Okafor", accountType: "individual", domain });
    const other = await tenant.account({ name: "Ada Okafor", accountType: "individual", domain });
    await tenant.makeMany(
      "account",
      Array.from({ length: all - 2 }, (_, index) => ({
        name: `${"abcdefghijklmnopqrstu"[index]}`.repeat(6),
        domain,
      })),
    );
    for (const [asked, expected] of [
      [one, other],
      [other, one],
    ] as const) {
      const found = await duplicatesOf(gateway, key, "account", asked.id);
      expect(found.map(({ id }) => id)).toEqual(counts ? [expected.id] : []);
    }
  });
});

describe("what is never listed", () => {
  const twin = { name: "Harbor Tools", domain: "harbor-tools.example", phone: "617 555 0123" };
  const person = { firstName: "Ada", lastName: "Okafor", email: "ada@harbor-tools.example" };

  it("is deleted, or another tenant's; and a deleted record has no duplicates", async () => {
    const other = await freshTenant();
    await other.account(twin);
    await other.contact(null, person);
    tenant = await freshTenant();
    const account = await tenant.account(twin);
    const contact = await tenant.contact(null, person);
    const deletedAt = new Date();
    const gone = await tenant.account({ ...twin, deletedAt });
    await tenant.contact(await tenant.account({ name: "Elsewhere" }), { ...person, deletedAt });
    expect(await duplicatesOf(gateway, key, "account", account.id, { minScore: 0 })).toEqual([]);
    expect(await duplicatesOf(gateway, key, "contact", contact.id, { minScore: 0 })).toEqual([]);
    const data = await gateway.data(
      key,
      "{ accounts(includeDeleted: true) { nodes { id duplicates(minScore: 0) { account { id } } } } }",
    );
    const found = listAt(data, "accounts", "nodes").find((node) => at(node, "id") === gone.id);
    expect(found).toEqual({ id: gone.id, duplicates: [] });
  });

  it("is another application's", async () => {
    tenant = await freshTenant();
    const account = await tenant.account({ ...twin, appId: "app-1" });
    await tenant.account({ ...twin, appId: "app-2" });
    await tenant.account(twin);
    const own = await tenant.account({ ...twin, appId: "app-1" });
    const client = gateway.fixtures.client;
    await client.query("UPDATE api_keys SET app_id = 'app-1' WHERE tenant_id = $1", [tenant.uuid]);
    const found = await duplicatesOf(gateway, key, "account", account.id, { minScore: 0 });
    expect(found.map(({ id }) => id)).toEqual([own.id]);
  });
});

describe("names that nobody expects", () => {
  const names = [
    "",
    " ",
    ".",
    "-- // --",
    "'",
    "The Group Ltd.",
    "\\",
    "%",
    "_",
    "$1",
    "a",
    "1",
    "🚢🚢🚢",
    "👨‍👩‍👧",
    "株式会社ハーバー",
    "株式会社",
    "שלום עולם",
    "مرحبا",
    "\u202EevaH",
    "a\tb",
    "x".repeat(1000),
    "é".repeat(1000),
    "漢".repeat(1000),
    "ﬃ".repeat(999),
    "a ".repeat(499),
    "I\u0307stanbul",
    "z̸̡͝",
    "+".repeat(1000),
    "(((((",
    "[a-z]*",
    "0",
  ];

  it("are compared as any other: each finds its like, and nothing fails", async () => {
    tenant = await freshTenant();
    const rows = [...names, ...names].map((name) => ({ name }));
    const accounts = await tenant.makeMany("account", rows);
    const people = await tenant.makeMany(
      "contact",
      [...names, ...names].map((name) => ({
        firstName: name,
        lastName: name,
        phone: name,
        company: name,
        website: name,
      })),
    );
    const data = await gateway.data(
      key,
      `{ accounts(first: 100) { nodes { id duplicates(minScore: 0) { account { id name } score } } }
         contacts(first: 100) { nodes { id duplicates(minScore: 0) { contact { id } score } } } }`,
    );
    expect(listAt(data, "accounts", "nodes")).toHaveLength(accounts.length);
    expect(listAt(data, "contacts", "nodes")).toHaveLength(people.length);
    const nodes = new Map(listAt(data, "accounts", "nodes").map((node) => [at(node, "id"), node]));
    for (const name of [
      "🚢🚢🚢",
      "株式会社ハーバー",
      "שלום עולם",
      "مرحبا",
      "x".repeat(1000),
      "漢".repeat(1000),
    ]) {
      const index = names.indexOf(name);
      const twin = accounts[index + names.length]?.id;
      const listed = listAt(nodes.get(accounts[index]?.id), "duplicates");
      expect(
        listed.map((item) => at(item, "account", "id")),
        name.slice(0, 20),
      ).toContain(twin);
    }
    for (const name of ["", " ", ".", "'", "+".repeat(1000)]) {
      expect(listAt(nodes.get(accounts[names.indexOf(name)]?.id), "duplicates")).toEqual([]);
    }
  });

  it("do not keep a record from being written", async () => {
    for (const name of names.filter((text) => text.trim() !== "")) {
      const answer = await gateway.data(
        key,
        `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } userErrors { code } } }`,
        { input: { name, phone: "+1 617 555 0123 ext. 9" } },
      );
      expect(at(answer, "createAccount", "userErrors"), name.slice(0, 20)).toEqual([]);
    }
  });
});

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
      const statement = gateway.statements.all().at(-1);
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
