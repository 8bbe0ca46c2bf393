import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  await tenant.account({ email: "Ops@Harbor.example" });
  key = await gateway.keyFor(tenant.slug);
});
afterAll(() => gateway.close());

type Where = Readonly<Record<string, unknown>>;
const ask = (where: Where) =>
  gateway.ask(key, "query ($where: AccountFilter) { accounts(where: $where) { totalCount } }", {
    where,
  });
const nested = (depth: number, wrap: (inner: Where) => Where): Where => {
  let where: Where = { name: { eq: "x" } };
  for (let level = 0; level < depth; level += 1) where = wrap(where);
  return where;
};

describe("a filter that is too much", () => {
  it.each<[string, Where]>([
    ["3,000 nots inside one another", nested(3_000, (not) => ({ not }))],
    [
      "20,000 alternatives",
      { or: Array.from({ length: 20_000 }, () => ({ name: { contains: "a" } })) },
    ],
    [
      "20 edges behind one another",
      nested(10, (inner) => ({ deals: { some: { account: inner } } })),
    ],
    ["7 to-many edges, each for some", nested(7, (some) => ({ subsidiaries: { some } }))],
    ["7 to-many edges, each for every", nested(7, (every) => ({ subsidiaries: { every } }))],
    [
      "JSON 500 levels deep",
      { customFields: [{ path: ["a"], eq: JSON.parse("[".repeat(500) + "]".repeat(500)) }] },
    ],
  ])("is refused without a word to the database: %s", async (_, where) => {
    gateway.statements.clear();
    const answer = await ask(where);
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors?.[0]?.extensions.code).toMatch(/^(QUERY_TOO_COMPLEX|BAD_USER_INPUT)$/);
    expect(gateway.statements.all()).toEqual([]);
  });

  it("is still answered a good deal below that", async () => {
    const wide = { or: Array.from({ length: 400 }, () => ({ name: { contains: "a" } })) };
    const deep = nested(20, (not) => ({ not }));
    const far = nested(3, (inner) => ({ deals: { some: { account: inner } } }));
    for (const where of [wide, deep, far]) expect((await ask(where)).errors).toBeUndefined();
  });
});

it("too many values in one of several conditions on JSON are told with their place", async () => {
  const answer = await gateway.ask(
    key,
    `query ($values: [JSON!]) { accounts(where: { customFields: [
      { path: ["a"], eq: 1 }, { path: ["b"], in: $values }] }) { totalCount } }`,
    { values: Array.from({ length: 10_001 }, (_, index) => index) },
  );
  expect(answer.errors).toMatchObject([
    {
      path: ["accounts"],
      extensions: {
        code: "QUERY_TOO_COMPLEX",
        inputPath: ["where", "customFields", "1", "in"],
      },
    },
  ]);
});

it("an order of more terms than anybody means is refused", async () => {
  const answer = await gateway.ask(
    key,
    "query ($orderBy: [AccountOrder!]) { accounts(orderBy: $orderBy) { totalCount } }",
    { orderBy: Array.from({ length: 21 }, () => ({ name: "asc" })) },
  );
  expect(answer.errors?.[0]).toMatchObject({
    message: expect.stringContaining("at most 20"),
    extensions: { code: "BAD_USER_INPUT", inputPath: ["orderBy"] },
  });
});

describe("an email", () => {
  it.each<[string, Where]>([
    ["eq", { eq: "OPS@harbor.EXAMPLE" }],
    ["in", { in: ["x@y.example", "OPS@HARBOR.EXAMPLE"] }],
    ["not ne", { gte: "OPS@HARBOR.EXAMPLE", lte: "ops@harbor.example" }],
    ["contains", { contains: "HARBOR" }],
  ])("is compared without case by %s", async (_, email) => {
    expect(await ask({ email })).toEqual({ data: { accounts: { totalCount: 1 } } });
  });
});
