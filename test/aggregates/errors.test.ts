import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway();
  const tenant = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(tenant.slug);
  await tenant.deal(await tenant.account(), { value: "5" });
});
afterAll(() => gateway.close());

async function refusal(query: string, variables: object = {}) {
  const { data, errors } = await gateway.ask(key, query, { ...variables });
  expect(Object.values(data ?? {}).filter((value) => value !== null)).toEqual([]);
  expect(errors).toHaveLength(1);
  return { ...errors?.[0]?.extensions, message: errors?.[0]?.message ?? "" };
}

/** Arguments of `dealsAggregate`, where the problem lies, and what mends it. */
const refused = [
  ["groupBy: [{ field: createdAt }]", "groupBy.0.by", /day, week, month, quarter or year/],
  ["groupBy: [{ field: createdAt, by: month }]", "groupBy.0.timeZone", /America\/New_York/],
  [
    "groupBy: [{ field: createdAt, by: month, timeZone: null }]",
    "groupBy.0.timeZone",
    /name the zone/,
  ],
  [
    'groupBy: [{ field: stage }, { field: createdAt, by: day, timeZone: "+05:00" }]',
    "groupBy.1.timeZone",
    /IANA/,
  ],
  [
    'groupBy: [{ field: expectedCloseDate, by: day, timeZone: "+05:00" }]',
    "groupBy.0.timeZone",
    /IANA/,
  ],
  ["groupBy: [{ field: stage, by: month }]", "groupBy.0.by", /leave `by` out/],
  ['groupBy: [{ field: stage, timeZone: "UTC" }]', "groupBy.0.timeZone", /leave `timeZone` out/],
  ["groupBy: [{ field: stage }, { field: ownerId }, { field: stage }]", "groupBy.2.field", /once/],
  [
    "groupBy: [{ field: expectedCloseDate, by: month }, { field: expectedCloseDate, by: year }]",
    "groupBy.1.field",
    /once/,
  ],
  [
    "groupBy: [{ field: stage }, { field: ownerId }, { field: currency }, { field: dealType }, { field: dealSource }]",
    "groupBy",
    /at most 4/,
  ],
  ["groupBy: [{ field: stage }], first: 0", "first", /1 to 1000/],
  ["groupBy: [{ field: stage }], first: -1", "first", /1 to 1000/],
  ["groupBy: [{ field: stage }], first: 1001", "first", /1 to 1000/],
  ["first: 1001", "first", /1 to 1000/],
  ["orderBy: [{ count: desc }]", "orderBy", /groupBy/],
  [
    `groupBy: [{ field: stage }], orderBy: [${"{ count: desc } ".repeat(11)}]`,
    "orderBy",
    /at most 10/,
  ],
  ["groupBy: [{ field: stage }], orderBy: [{}]", "orderBy.0", /exactly one/],
  [
    "groupBy: [{ field: stage }], orderBy: [{ count: asc, key: { stage: asc } }]",
    "orderBy.0",
    /exactly one/,
  ],
  ["groupBy: [{ field: stage }], orderBy: [{ count: null }]", "orderBy.0.count", /asc or desc/],
  ["groupBy: [{ field: stage }], orderBy: [{ key: null }]", "orderBy.0.key", /name a field/],
  [
    "groupBy: [{ field: stage }], orderBy: [{ key: { ownerId: asc } }]",
    "orderBy.0.key.ownerId",
    /add it to groupBy/,
  ],
  [
    "groupBy: [{ field: stage }], orderBy: [{ sum: { value: desc } }]",
    "orderBy.0.currency",
    /name one/,
  ],
  [
    "groupBy: [{ field: stage }], orderBy: [{ min: { value: desc } }]",
    "orderBy.0.currency",
    /name one/,
  ],
  [
    "groupBy: [{ field: currency }], orderBy: [{ sum: { value: desc } }, { key: { currency: asc } }]",
    "orderBy.0.currency",
    /order by the key `currency` before/,
  ],
  [
    'groupBy: [{ field: stage }], orderBy: [{ count: asc, currency: "EUR" }]',
    "orderBy.0.currency",
    /leave it out/,
  ],
  [
    'groupBy: [{ field: stage }], orderBy: [{ key: { stage: asc }, currency: "EUR" }]',
    "orderBy.0.currency",
    /leave it out/,
  ],
  [
    'groupBy: [{ field: stage }], orderBy: [{ sum: { probability: asc }, currency: "EUR" }]',
    "orderBy.0.currency",
    /leave it out/,
  ],
  ['search: "a b c d e f g h i j k"', "search", /10 words/],
] as const;

describe("an aggregate refuses", () => {
  it.each(refused)("%s at %s", async (args, path, advice) => {
    for (const where of ["dealsAggregate", "accounts { nodes { dealsAggregate"]) {
      const closing = where.includes("{") ? " } }" : "";
      const { code, message, ...rest } = await refusal(
        `{ ${where}(${args}) { count groups { count } }${closing} }`,
      );
      expect({ code, ...rest }).toEqual({
        code: "BAD_USER_INPUT",
        inputPath: path.split("."),
      });
      expect(message).toMatch(advice);
      expect(message).toContain(path);
    }
  });

  it("the same also when the groups are not selected", async () => {
    const { code } = await refusal("{ dealsAggregate(groupBy: [{ field: createdAt }]) { count } }");
    expect(code).toBe("BAD_USER_INPUT");
  });

  it("variables that cannot be read, with their place", async () => {
    const query = `query ($orderBy: [DealGroupOrder!], $where: DealFilter) {
      dealsAggregate(where: $where, groupBy: [{ field: stage }], orderBy: $orderBy) { groups { count } } }`;
    expect(
      await refusal(query, { orderBy: [{ sum: { value: "asc" }, currency: "no such" }] }),
    ).toMatchObject({ code: "BAD_USER_INPUT", inputPath: ["orderBy", "0", "currency"] });
    expect(await refusal(query, { where: { value: { gt: "1e400" } } })).toMatchObject({
      code: "BAD_USER_INPUT",
      inputPath: ["where", "value", "gt"],
    });
    expect(await refusal(query, { where: { ownerId: { eq: "\u0000" } } })).toMatchObject({
      code: "BAD_USER_INPUT",
      inputPath: ["where", "ownerId", "eq"],
    });
  });

  it("fields that make no groups and periods that are none", async () => {
    for (const item of [
      "field: tags",
      "field: closureNotes",
      "field: value",
      "field: id",
      "field: tenantId",
      "field: createdAt, by: hour",
    ]) {
      const { code } = await refusal(`{ dealsAggregate(groupBy: [{ ${item} }]) { count } }`);
      expect(code, item).toBe("BAD_USER_INPUT");
    }
  });

  it("a filter that is too complex, as lists do", async () => {
    const ids = Array.from({ length: 1_001 }, () => ({ name: { eq: "x" } }));
    const { code } = await refusal(
      "query ($where: DealFilter) { dealsAggregate(where: $where) { count } }",
      { where: { or: ids } },
    );
    expect(code).toBe("QUERY_TOO_COMPLEX");
  });
});

describe("a currency or a zone with SQL in it", () => {
  it("changes nothing", async () => {
    const orderBy = [{ sum: { value: "desc" }, currency: "USD" }];
    const query = `query ($orderBy: [DealGroupOrder!], $owner: String) {
      dealsAggregate(where: { ownerId: { ne: $owner } }, groupBy: [{ field: stage }], orderBy: $orderBy) { count } }`;
    const data = await gateway.data(key, query, { orderBy, owner: "'); DROP TABLE deals; --" });
    expect(data).toEqual({ dealsAggregate: { count: 0 } });
    expect(await gateway.data(key, "{ dealsAggregate { count } }")).toEqual({
      dealsAggregate: { count: 1 },
    });
  });
});

describe("the forecast refuses", () => {
  it("a range the wrong way round, and days that are none", async () => {
    expect(
      await refusal('{ forecast(from: "2026-02-01", to: "2026-01-31") { month } }'),
    ).toMatchObject({ code: "BAD_USER_INPUT", inputPath: ["to"] });
    const query = "query ($from: Date, $to: Date) { forecast(from: $from, to: $to) { month } }";
    expect(await refusal(query, { from: "2026-02-30" })).toMatchObject({
      code: "BAD_USER_INPUT",
      inputPath: ["from"],
    });
    expect(await refusal(query, { to: "tomorrow" })).toMatchObject({
      code: "BAD_USER_INPUT",
      inputPath: ["to"],
    });
    expect(await refusal(query, { from: "99999-01-01" })).toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

describe("a sort term takes exactly one field", () => {
  const groups = "dealsAggregate(groupBy: [{ field: stage }], orderBy: $orderBy) { count }";
  const list = "deals(orderBy: $orderBy) { totalCount }";
  const inText = (field: string, value: string) => `{ ${field.replace("$orderBy", value)} }`;

  it.each([
    [list, "[{ name: asc, value: desc }]"],
    [list, "[{ name: asc, value: null }]"],
    [list, "[{}]"],
    [list, "{ name: null }"],
    [list, "[{ name: asc }, { name: asc, value: desc }]"],
    [groups, "[{ key: {} }]"],
    [groups, "[{ key: { stage: null } }]"],
    [groups, "[{ key: { stage: asc, ownerId: asc } }]"],
  ])("%s of %s, before anything runs", async (field, value) => {
    const { data, errors } = await gateway.ask(key, inText(field, value));
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors?.[0]?.message).toMatch(
      /^(OneOf Input Object "Deal(Key)?Order" must specify exactly one key|Field "Deal(Key)?Order\.\w+" must be non-null)\.$/,
    );
    expect(errors?.[0]?.extensions.code).toBe("BAD_USER_INPUT");
  });

  it.each([
    [list, "DealOrder", [{ name: "asc", value: "desc" }], /at "orderBy\[0\]"; Exactly one key/],
    [list, "DealOrder", [{ name: "asc" }, {}], /at "orderBy\[1\]"; Exactly one key/],
    [list, "DealOrder", { name: null }, /at "orderBy.name"; Field "name" must be non-null/],
    [groups, "DealGroupOrder", [{ key: {} }], /at "orderBy\[0\].key"; Exactly one key/],
    [groups, "DealGroupOrder", [{ sum: { value: null } }], /at "orderBy\[0\].sum.value"; Field/],
  ])("%s of a %s %j: the message names the place", async (field, type, orderBy, message) => {
    const told = await refusal(`query ($orderBy: [${type}!]) { ${field} }`, { orderBy });
    expect(told).toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringMatching(message),
    });
  });

  it("whose direction is a variable that has a value", async () => {
    for (const value of ["[{ value: $way }]", "{ value: $way }"]) {
      const ask = (type: string, variables: object) =>
        gateway.ask(key, `query ($way: ${type}) ${inText(list, value)}`, { ...variables });
      const answer = { data: { deals: { totalCount: 1 } } };
      expect(await ask("OrderDirection!", { way: "desc" })).toMatchObject(answer);
      expect(await ask("OrderDirection! = asc", {})).toMatchObject(answer);
      for (const variables of [{}, { way: null }]) {
        const { data, errors = [] } = await ask("OrderDirection", variables);
        expect(data).toEqual({ deals: null });
        expect(errors.map(({ message }) => message)).toEqual([
          `Argument "orderBy" has invalid value ${value.replace("{ value: $way }", "{value: $way}")}.`,
        ]);
      }
    }
    const ofGroups = inText(groups, "[{ key: { stage: $way } }]");
    expect(
      await gateway.data(key, `query ($way: OrderDirection!) ${ofGroups}`, { way: "asc" }),
    ).toEqual({
      dealsAggregate: { count: 1 },
    });
    const { message } = await refusal(`query ($way: OrderDirection) ${ofGroups}`, { way: "asc" });
    expect(message).toMatch(/"\$way" is of type "OrderDirection" but must be non-nullable/);
  });
});
