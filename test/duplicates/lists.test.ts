import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { duplicatesOf } from "../support/duplicates/duplicates.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

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
    // The list, and the duplicates.
    expect(gateway.statements.all()).toHaveLength(1 + 1);
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
