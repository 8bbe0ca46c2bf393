import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectBadInput } from "../support/gateway/expectations.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => gateway.close());

describe("U+0000 and halves of surrogate pairs", () => {
  const operations: readonly (readonly [string, string])[] = [
    ...["eq", "ne", "gt", "contains", "startsWith", "endsWith"].map(
      (operator) =>
        [
          `text ${operator}`,
          `accounts(where: { name: { ${operator}: $t } }) { totalCount }`,
        ] as const,
    ),
    ["text in", "accounts(where: { name: { in: [$t] } }) { totalCount }"],
    [
      "text of an edge",
      "accounts(where: { deals: { some: { name: { contains: $t } } } }) { totalCount }",
    ],
    ["email", "accounts(where: { email: { contains: $t } }) { totalCount }"],
    ["tags has", "accounts(where: { tags: { has: $t } }) { totalCount }"],
    ["tags hasSome", "accounts(where: { tags: { hasSome: [$t] } }) { totalCount }"],
    [
      "JSON path",
      "accounts(where: { customFields: [{ path: [$t], isNull: true }] }) { totalCount }",
    ],
    [
      "JSON contains",
      'accounts(where: { customFields: [{ path: ["a"], contains: $t }] }) { totalCount }',
    ],
    ["search of a list", "accounts(search: $t) { totalCount }"],
    ["search of all", "search(query: $t) { totalCount }"],
    ["natural key", "deal(number: $t) { id }"],
  ];
  const texts = ["\u0000", "a\u0000b", "\ud83d", "a\ude00", "\ude00\ud83d"];

  it.each(operations)("%s", async (_name, operation) => {
    for (const t of texts) {
      expectBadInput(
        await gateway.ask(key, `query ($t: String!) { ${operation} }`, { t }),
        /U\+0000|surrogate/,
      );
    }
  });

  it("JSON operands, wherever they stand in them", async () => {
    const query =
      'query ($v: JSON) { accounts(where: { customFields: [{ path: ["a"], eq: $v }] }) { totalCount } }';
    for (const t of texts) {
      for (const v of [t, [t], { a: { b: [t] } }, { [t]: 1 }]) {
        expectBadInput(await gateway.ask(key, query, { v }), /U\+0000|surrogate/);
      }
    }
  });

  it("in names that GraphQL itself reads", async () => {
    for (const t of texts) {
      const answer = await gateway.ask(
        key,
        `{ accounts(where: { name: { eq: "${t}" } }) { totalCount } }`,
      );
      expect(answer.errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
      const named = await gateway.ask(key, `{ ${t} }`);
      expect(named.errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
      for (const query of [
        "query ($v: Decimal) { accounts(where: { annualRevenue: { eq: $v } }) { totalCount } }",
        "query ($v: DateTime) { accounts(where: { createdAt: { eq: $v } }) { totalCount } }",
        "query ($v: Currency) { deals(where: { currency: { eq: $v } }) { totalCount } }",
      ]) {
        const scalar = await gateway.ask(key, query, { v: t });
        expect(scalar.errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
      }
    }
  });
});

describe("other values that cannot be used", () => {
  const values: readonly (readonly [string, string, unknown])[] = [
    [
      "NaN",
      "query ($v: Decimal) { accounts(where: { annualRevenue: { eq: $v } }) { totalCount } }",
      "NaN",
    ],
    [
      "Infinity",
      "query ($v: Decimal) { accounts(where: { annualRevenue: { eq: $v } }) { totalCount } }",
      "Infinity",
    ],
    ["1e400", "{ accounts(where: { annualRevenue: { eq: 1e400 } }) { totalCount } }", null],
    [
      "20 decimals",
      "query ($v: Decimal) { accounts(where: { annualRevenue: { eq: $v } }) { totalCount } }",
      "0.12345678901234567890",
    ],
    [
      "2^31",
      "query ($v: Int) { accounts(where: { employeeCount: { eq: $v } }) { totalCount } }",
      2_147_483_648,
    ],
    [
      "an order of two fields",
      "{ accounts(orderBy: [{ name: asc, id: asc }]) { totalCount } }",
      null,
    ],
    [
      "a URL that is none",
      'mutation { createContact(input: { linkedin_url: "nowhere" }) { contact { id } } }',
      null,
    ],
    ["an order of none", "{ accounts(orderBy: [{}]) { totalCount } }", null],
    ["an order of null", "{ accounts(orderBy: [{ name: null }]) { totalCount } }", null],
    [
      "a path that is missing",
      "{ accounts(where: { customFields: [{ eq: 1 }] }) { totalCount } }",
      null,
    ],
    [
      "a filter on constructor",
      "query ($v: AccountFilter) { accounts(where: $v) { totalCount } }",
      { constructor: { eq: "x" } },
    ],
    [
      "a filter on __proto__",
      "query ($v: AccountFilter) { accounts(where: $v) { totalCount } }",
      JSON.parse('{"__proto__": {"eq": "x"}}'),
    ],
    [
      "id and number at once",
      '{ deal(id: "deal-0190aaaa-0000-7000-8000-000000000000", number: "1") { id } }',
      null,
    ],
    ["neither id nor number", "{ deal { id } }", null],
    ["a search of nothing", '{ search(query: "  ") { totalCount } }', null],
  ];

  it.each(values)("%s", async (_name, query, v) => {
    expectBadInput(await gateway.ask(key, query, { v }), /./);
  });
});
