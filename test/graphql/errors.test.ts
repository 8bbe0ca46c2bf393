import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeCursor } from "../../src/lib/cursor.ts";
import type { Made } from "../support/samples/fixtures.ts";
import { expectBadInput } from "../support/gateway/expectations.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;
let account: Made;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const tenant = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(tenant.slug);
  account = await tenant.account({ name: "Harborview", employeeCount: 5, tags: ["vip"] });
  await tenant.account({ name: "Blue Ridge" });
});
afterAll(() => gateway.close());

describe("page sizes", () => {
  const sizes = [
    ["first: 0", /^first: .*1 to 100/, ["first"]],
    ["first: -1", /^first: .*1 to 100/, ["first"]],
    ["first: 101", /^first: .*1 to 100/, ["first"]],
    ["last: 0", /^last: .*1 to 100/, ["last"]],
    ["last: 101", /^last: .*1 to 100/, ["last"]],
    ["first: 1, last: 1", /^first, last/, ["last"]],
    ["first: 2147483648", /Int/, undefined],
    ["first: 1.5", /Int/, undefined],
    ['first: "1"', /Int/, undefined],
  ] as const;

  it.each(sizes)("%s", async (args, message, inputPath) => {
    expectBadInput(
      await gateway.ask(key, `{ accounts(${args}) { totalCount } }`),
      message,
      inputPath,
    );
    const nested = await gateway.ask(key, `{ tenant { accounts(${args}) { totalCount } } }`);
    expectBadInput(nested, message, inputPath);
  });

  it("of a search", async () => {
    for (const size of [0, -1, 101]) {
      const answer = await gateway.ask(
        key,
        `{ search(query: "harbor", first: ${size}) { totalCount } }`,
      );
      expectBadInput(answer, /^first: /, ["first"]);
    }
  });
});

describe("ids", () => {
  const uuid = "0190aaaa-0000-7000-8000-000000000000";
  const ids = [
    "",
    "acc-",
    "acc",
    "1",
    "acc-1",
    `deal-${uuid}`,
    `ACC-${uuid}`,
    `acc_${uuid}`,
    `acc-acc-${uuid}`,
    `acc-${uuid}x`,
    `${uuid}\n`,
    "%",
    "\u0000",
    "\ud800",
    "😀".repeat(100_000),
  ];

  it.each(ids.map((id) => [JSON.stringify(id).slice(0, 40), id]))(
    "%s names the field",
    async (_shown, id) => {
      const byId = await gateway.ask(key, "query ($id: ID!) { account(id: $id) { id } }", { id });
      expectBadInput(byId, /^id: [^]*acc-<uuid>/, ["id"]);
      expect(JSON.stringify(byId).length).toBeLessThan(1_000);
      const filter =
        "query ($id: ID!) { accounts(where: { parent: { id: { eq: $id } } }) { totalCount } }";
      expectBadInput(await gateway.ask(key, filter, { id }), /^where\.parent\.id\.eq: /, [
        "where",
        "parent",
        "id",
        "eq",
      ]);
      const list = "query ($id: ID!) { deals(where: { accountId: { in: [$id] } }) { totalCount } }";
      expectBadInput(await gateway.ask(key, list, { id }), /^where\.accountId\.in\.0: /, [
        "where",
        "accountId",
        "in",
        "0",
      ]);
    },
  );

  it("without a prefix, or with one of nothing, are refused by node and nodes", async () => {
    for (const id of ["", uuid, `nope-${uuid}`, "acc-1"]) {
      expectBadInput(
        await gateway.ask(key, "query ($id: ID!) { node(id: $id) { id } }", { id }),
        /^id: /,
        ["id"],
      );
      const nodes = await gateway.ask(key, "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {
        ids: [account.id, id],
      });
      expectBadInput(nodes, /^ids\.1: /, ["ids", "1"]);
    }
  });

  it("that are null in a filter match no row, never all", async () => {
    for (const where of [
      { id: null },
      { id: { eq: null } },
      { id: { in: null } },
      { id: { in: [] } },
      { parentAccountId: { eq: null } },
      { parent: null },
      { parent: { id: { eq: null } } },
      { deals: null },
      { deals: { some: null } },
      { not: { id: { eq: null } } },
      { not: { id: null } },
      { or: [] },
      { or: [{ id: { eq: null } }] },
      { id: { eq: account.id, ne: null } },
    ]) {
      const data = await gateway.data(
        key,
        "query ($where: AccountFilter) { accounts(where: $where) { totalCount nodes { id } } }",
        { where },
      );
      expect([where, data]).toEqual([where, { accounts: { totalCount: 0, nodes: [] } }]);
    }
  });
});

describe("cursors", () => {
  const query =
    "query ($after: String, $before: String) { accounts(first: 1, after: $after, before: $before, orderBy: [{ name: asc }]) { nodes { id } } }";

  it.each(
    [
      "",
      " ",
      "x",
      "null",
      "e30",
      "W10",
      "WyJhIl0",
      "😀",
      "\u0000",
      "\ud800",
      "A".repeat(500_000),
    ].map((cursor) => [cursor.slice(0, 12), cursor]),
  )("%j is none", async (_shown, cursor) => {
    expectBadInput(await gateway.ask(key, query, { after: cursor }), /^after: /, ["after"]);
    expectBadInput(await gateway.ask(key, query, { before: cursor }), /^before: /, ["before"]);
  });

  it("of another order or list are refused", async () => {
    const from = async (list: string): Promise<unknown> =>
      at(
        await gateway.data(key, `{ ${list} { pageInfo { endCursor } } }`),
        "accounts",
        "pageInfo",
        "endCursor",
      );
    for (const list of [
      "accounts(first: 1)",
      "accounts(first: 1, orderBy: [{ name: desc }])",
      'accounts(search: "harbor")',
    ]) {
      expectBadInput(
        await gateway.ask(key, query, { after: await from(list) }),
        /another list or order/,
        ["after"],
      );
    }
  });

  it("of other records in the same order are refused", async () => {
    const order = "orderBy: [{ displayName: asc }]";
    const data = await gateway.data(
      key,
      `{ accounts(first: 1, ${order}) { pageInfo { endCursor } } }`,
    );
    const after = at(data, "accounts", "pageInfo", "endCursor");
    const contacts = `query ($after: String) { contacts(after: $after, ${order}) { nodes { id } } }`;
    expectBadInput(await gateway.ask(key, contacts, { after }), /another list or order/, ["after"]);
  });

  it("that were made up with values the column cannot hold are refused", async () => {
    const made = (order: string, values: (string | null)[]) =>
      encodeCursor(`account: ${order}`, values);
    const named = "name asc,id asc";
    for (const values of [
      ["a", "no uuid"],
      ["\u0000", account.uuid],
      ["a", null],
      ["a"],
      ["a", account.uuid, "b"],
    ]) {
      const answer = await gateway.ask(key, query, { after: made(named, values) });
      expect([values, answer.errors?.map(({ extensions }) => extensions.code) ?? "data"]).toEqual(
        values[1] === null ? [values, "data"] : [values, ["BAD_USER_INPUT"]],
      );
    }
    const counted =
      "query ($after: String) { accounts(after: $after, orderBy: [{ employeeCount: asc }]) { nodes { id } } }";
    for (const value of ["x", "1e9", "99999999999", "1; SELECT 1"]) {
      const after = made("employeeCount asc,id asc", [value, account.uuid]);
      expectBadInput(await gateway.ask(key, counted, { after }), /cursor/);
    }
  });
});
