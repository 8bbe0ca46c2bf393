import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;

/** Owner, stage, currency, value, and the chance to win it. */
const deals = [
  ["ann", "lead", "USD", "10", "50"],
  ["ann", "won", "USD", "20", "10"],
  ["ann", "lead", "EUR", "500", null],
  ["bob", "lead", "USD", "100", "30"],
  ["cat", "won", "EUR", "7", "30"],
  ["cat", "won", "EUR", null, "30"],
  ["dan", "lead", "USD", null, null],
  [null, "lead", "USD", "40", "99"],
] as const;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(tenant.slug);
  const account = await tenant.account();
  for (const [index, [ownerId, stage, currency, value, probability]] of deals.entries()) {
    const createdAt = `2026-01-0${index + 1}T00:00:00Z`;
    await tenant.deal(account, { ownerId, stage, currency, value, probability, createdAt });
  }
});
afterAll(() => gateway.close());

async function owners(args: string, groupBy = "{ field: ownerId }"): Promise<unknown[]> {
  const data = await gateway.data(
    key,
    `{ dealsAggregate(groupBy: [${groupBy}]${args}) { groups { key { ownerId stage currency } } } }`,
  );
  return listAt(data, "dealsAggregate", "groups").map((group) => at(group, "key", "ownerId"));
}

describe("groups", () => {
  it.each([
    ["by key, nulls last, unless something else is said", "", ["ann", "bob", "cat", "dan", null]],
    ["by count", ", orderBy: [{ count: desc }]", ["ann", "cat", "bob", "dan", null]],
    [
      "by key, the other way",
      ", orderBy: [{ key: { ownerId: desc } }]",
      [null, "dan", "cat", "bob", "ann"],
    ],
    [
      "by key, nulls where they are wanted",
      ", orderBy: [{ key: { ownerId: desc_nulls_last } }]",
      ["dan", "cat", "bob", "ann", null],
    ],
    [
      "by a sum of money in one currency only",
      ', orderBy: [{ sum: { value: desc_nulls_last }, currency: "USD" }]',
      ["bob", null, "ann", "cat", "dan"],
    ],
    [
      "by the same in another",
      ', orderBy: [{ sum: { value: desc_nulls_last }, currency: "EUR" }]',
      ["ann", "cat", "bob", "dan", null],
    ],
    [
      "by a sum, groups without one first",
      ', orderBy: [{ sum: { value: desc } , currency: "USD" }]',
      ["cat", "dan", "bob", null, "ann"],
    ],
    [
      "by an average",
      ', orderBy: [{ avg: { value: desc_nulls_last }, currency: "USD" }]',
      ["bob", null, "ann", "cat", "dan"],
    ],
    [
      "by the least value",
      ", orderBy: [{ min: { probability: asc } }]",
      ["ann", "bob", "cat", null, "dan"],
    ],
    [
      "by the latest time",
      ", orderBy: [{ max: { createdAt: desc } }]",
      [null, "dan", "cat", "bob", "ann"],
    ],
    [
      "by several things",
      ", orderBy: [{ sum: { probability: asc } }, { count: desc }]",
      ["bob", "ann", "cat", null, "dan"],
    ],
    [
      "and only the first ones",
      ', orderBy: [{ sum: { value: desc_nulls_last }, currency: "USD" }], first: 2',
      ["bob", null],
    ],
  ] as const)("come %s", async (_, args, expected) => {
    expect(await owners(args)).toEqual(expected);
  });

  it("of one currency each are compared once the currency is settled", async () => {
    const found = await owners(
      ", orderBy: [{ key: { currency: asc } }, { sum: { value: desc_nulls_last } }]",
      "{ field: ownerId }, { field: currency }",
    );
    expect(found).toEqual(["ann", "cat", "bob", null, "ann", "dan"]);
  });

  it("tie by their key", async () => {
    const found = await owners(
      ", orderBy: [{ count: asc }]",
      "{ field: stage }, { field: ownerId }",
    );
    expect(found).toEqual(["bob", "dan", null, "ann", "ann", "cat"]);
  });

  it("tell how many there are beyond the first ones", async () => {
    const data = await gateway.data(
      key,
      "{ dealsAggregate(groupBy: [{ field: ownerId }], first: 2) { count groupCount groups { count } } }",
    );
    expect(at(data, "dealsAggregate")).toEqual({
      count: 8,
      groupCount: 5,
      groups: [{ count: 3 }, { count: 1 }],
    });
  });

  it("are at most 100 unless more are asked for", async () => {
    const many = await gateway.fixtures.tenant("many-owners");
    const account = await many.account();
    await many.makeMany(
      "deal",
      Array.from({ length: 1_050 }, (_, index) => ({
        accountId: account.uuid,
        dealNumber: `D-${index}`,
        currency: "USD",
        ownerId: `usr-${String(index).padStart(4, "0")}`,
      })),
    );
    const manyKey = await gateway.keyFor(many.slug);
    const query = (first: string) =>
      `{ dealsAggregate(groupBy: [{ field: ownerId }]${first}) { groupCount groups { key { ownerId } } } }`;
    const usual = await gateway.data(manyKey, query(""));
    expect(listAt(usual, "dealsAggregate", "groups")).toHaveLength(100);
    const most = await gateway.data(manyKey, query(", first: 1000"));
    expect(listAt(most, "dealsAggregate", "groups")).toHaveLength(1_000);
    expect(at(most, "dealsAggregate", "groupCount")).toBe(1_050);
    expect(at(most, "dealsAggregate", "groups", 999, "key", "ownerId")).toBe("usr-0999");
  });
});
