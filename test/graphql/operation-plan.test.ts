import { getIntrospectionQuery, getOperationAST, Kind, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { OperationPlan, type Demand } from "../../src/graphql/limits/operation-plan.ts";
import { readVariables } from "../../src/graphql/server/variables.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { schema } from "../support/gateway/schema.ts";

/** What an operation asks for; it must be valid. */
function demandOf(text: string, variables: Readonly<Record<string, unknown>> = {}): Demand {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error("not one operation");
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  const read = readVariables(schema, operation, variables);
  if ("errors" in read) throw new Error(read.errors.map(({ message }) => message).join("; "));
  return new OperationPlan(schema, operation, fragments).demand(read.values);
}
const costOf = (text: string, variables = {}): number => demandOf(text, variables).cost;
const scopesOf = (text: string, variables = {}): string[] =>
  [...demandOf(text, variables).scopes].toSorted();

const widest = Math.max(...catalog.entities.map(({ fields }) => Object.keys(fields).length));
const event = "evt-0190aaaa-0000-7000-8000-000000000000";
const contact = "con-0190aaaa-0000-7000-8000-000000000000";

describe("cost: the nodes that could be read", () => {
  const costs: readonly (readonly [name: string, text: string, cost: number])[] = [
    ["nothing of the data", "{ __typename viewer { scopes } }", 0],
    ["one record", "{ tenant { name } }", 1],
    ["a page", "{ accounts(first: 10) { nodes { id } } }", 10],
    ["a page of the usual size", "{ accounts { nodes { id } } }", 25],
    ["a page from the end", "{ accounts(last: 7) { nodes { id } } }", 7],
    [
      "a page of edges costs no more",
      "{ accounts(first: 10) { edges { cursor node { id } } } }",
      10,
    ],
    [
      "where a page stands: it is read for that",
      "{ accounts(first: 10) { pageInfo { hasNextPage } } }",
      10,
    ],
    ["only a count", "{ accounts(first: 10) { totalCount } }", 100],
    [
      "pages in a page",
      "{ accounts(first: 10) { nodes { deals(first: 5) { nodes { id } } } } }",
      10 + 50,
    ],
    [
      "records in a page in a page",
      "{ accounts(first: 10) { nodes { deals(first: 5) { nodes { account { parent { id } } } } } } }",
      10 + 50 + 50 + 50,
    ],
    [
      "edges side by side add up",
      "{ accounts(first: 10) { nodes { parent { id } tenant { id } } } }",
      30,
    ],
    [
      "ten values of a record as much as the record",
      "{ accounts(first: 10) { nodes { id name email phone industry website domain source industry2: industry ownerId } } }",
      20,
    ],
    [
      "values that can be long, for their bytes: 100 KB of each, and no more than an answer has",
      "{ accounts(first: 3) { nodes { description } } }",
      3 + 30,
    ],
    [
      "a filter on parts of texts, wherever it stands: all rows may be read",
      '{ activities(first: 1, where: { not: { account: { name: { endsWith: "zqaa" } } } }) { nodes { id } } }',
      1 + 100 + 2,
    ],
    [
      "a filter on JSON",
      '{ activities(first: 1, where: { customFields: [{ path: ["a"], eq: 1 }] }) { nodes { id } } }',
      1 + 100,
    ],
    [
      "an order that no index has",
      "{ activities(first: 1, orderBy: [{ subject: asc }]) { nodes { id } } }",
      1 + 100,
    ],
    [
      "an order that one has",
      "{ activities(first: 1, orderBy: [{ dueDate: asc }, { subject: asc }]) { nodes { id } } }",
      1,
    ],
    [
      "both, of each parent",
      '{ accounts(first: 10) { nodes { deals(first: 1, where: { name: { contains: "x" } }, orderBy: [{ name: asc }]) { nodes { id } } } } }',
      10 + 10 * 2,
    ],
    [
      "each two characters that are looked for",
      `{ accounts(first: 1, where: { or: [{ name: { contains: "${"x".repeat(200)}" } }, { name: { startsWith: "${"y".repeat(100)}" } }] }) { nodes { id } } }`,
      1 + 100 + 150,
    ],
    [
      "many of them",
      "{ accounts(first: 100) { nodes { description customFields addresses { city } } } }",
      100 + 100 + 1_600,
    ],
    [
      "lists in groups, five items each",
      "{ dealsAggregate(groupBy: [{ field: stage }], first: 10) { groups { a: sum { value { currency amount } } b: sum { value { amount } } } } }",
      7_010 + 10 * 2,
    ],
    [
      "what is in a list that is no page, under many names: more than an operation may",
      `{ changes(first: 100) { nodes { ${Array.from({ length: 97 }, (_, index) => `a${index}: changes { field }`).join(" ")} } } }`,
      100 + 100 * Math.floor((97 * widest * 2) / 10),
    ],
    [
      "aliases add up",
      "{ a: accounts(first: 10) { nodes { id } } b: accounts(first: 10) { nodes { id } } }",
      20,
    ],
    [
      "what is merged counts once",
      `{ accounts(first: 10) { nodes { id } } ...F } fragment F on Query { accounts(first: 10) { nodes { name parent { id } } } }`,
      20,
    ],
    [
      "what is left out counts nothing",
      "{ accounts(first: 10) @skip(if: true) { nodes { id } } }",
      0,
    ],
    [
      "fragments count wherever they are spread",
      `{ a: tenant { ...F } b: tenant { ...F } } fragment F on Tenant { accounts(first: 10) { nodes { id } } }`,
      22,
    ],
    ["a count of each parent", "{ accounts(first: 10) { nodes { deals { totalCount } } } }", 20],
    ["figures over the tenant", "{ dealsAggregate { count } }", 2_000],
    ["the same as an edge of the tenant", "{ tenant { dealsAggregate { count } } }", 2_001],
    [
      "figures of each parent",
      "{ accounts(first: 10) { nodes { dealsAggregate { count } } } }",
      10 + 20,
    ],
    [
      "groups",
      "{ dealsAggregate(groupBy: [{ field: stage }], first: 10) { groups { count } } }",
      7_010,
    ],
    [
      "likely duplicates of each",
      "{ accounts(first: 10) { nodes { duplicates(first: 5) { score } } } }",
      10 + 10 * 205,
    ],
    [
      "a node: the dearest of what it can be",
      `{ node(id: "${contact}") { id ... on Contact { account { id } deals(first: 3) { nodes { id } } } ... on Deal { account { id } } } }`,
      1 + 4,
    ],
    ["nodes", `{ nodes(ids: ["${contact}", "${event}"]) { id } }`, 2],
    [
      "a search",
      `{ search(query: "x", first: 10) { nodes { ... on Account { parent { id } } ... on Deal { name } } } }`,
      2_500 + 10 + 10,
    ],
    ["a search that is counted", `{ search(query: "x", first: 10) { totalCount } }`, 5_010],
    ["a list that is searched", `{ accounts(search: "x", first: 10) { nodes { id } } }`, 1_010],
    [
      "one that is counted too",
      `{ accounts(search: "x", first: 10) { totalCount nodes { id } } }`,
      100 + 2_000 + 10,
    ],
    [
      "each parent's list that is searched",
      `{ accounts(first: 10) { nodes { deals(search: "x", first: 5) { nodes { id } } } } }`,
      10 + 10 * (2 + 5),
    ],
    ["figures over what is searched", `{ dealsAggregate(search: "x") { count } }`, 3_000],
    [
      "a hundred searches: more than an operation may",
      `{ ${Array.from({ length: 100 }, (_, index) => `a${index}: accounts(search: "${index}") { nodes { id } }`).join(" ")} }`,
      102_500,
    ],
    ["a mutation", `mutation { createAccount(input: {}) { account { parent { id } } } }`, 10 + 2],
    [
      "what is written along with it",
      `mutation { createQuotes(inputs: [{ account_id: "x", line_items: [{}, {}] }, { account_id: "x" }]) { written } }`,
      10 * 4,
    ],
    [
      "a filter of many values",
      `{ accounts(first: 1, where: { name: { in: [${Array.from({ length: 997 }, () => '"a"').join(" ")}] } }) { nodes { id } } }`,
      1 + 10,
    ],
    [
      "a batch",
      `mutation { createAccounts(inputs: [{}, {}, {}]) { results { account { id } } } }`,
      3 * 11,
    ],
  ];
  it.each(costs)("%s", (_name, text, cost) => {
    expect(costOf(text)).toBe(cost);
  });

  it("the schema's description is not free: it is resolved in one go", () => {
    const whole = costOf(getIntrospectionQuery());
    expect(whole).toBeGreaterThan(2_000);
    expect(whole).toBeLessThan(20_000);
    const types = "types { name fields { name args { name } } }";
    expect(costOf(`{ __schema { a: ${types} b: ${types} } }`)).toBe(
      2 * costOf(`{ __schema { ${types} } }`),
    );
    expect(costOf('{ __type(name: "Deal") { fields { name } } }')).toBeLessThan(10);
  });

  it("page sizes, conditions and lists may be variables, with defaults", () => {
    const pages =
      "query ($n: Int = 7) { accounts(first: $n) { nodes { deals(first: $n) { nodes { id } } } } }";
    expect([costOf(pages), costOf(pages, { n: 3 }), costOf(pages, { n: null })]).toEqual([
      7 + 49,
      3 + 9,
      25 + 625,
    ]);
    const maybe =
      "query ($yes: Boolean = true) { accounts(first: 4) @include(if: $yes) { nodes { id } } }";
    expect([costOf(maybe), costOf(maybe, { yes: false })]).toEqual([4, 0]);
    const batch = "mutation ($i: [CreateDealInput!]!) { createDeals(inputs: $i) { written } }";
    expect(costOf(batch, { i: Array.from({ length: 40 }, () => ({ account_id: "x" })) })).toBe(400);
  });

  it("says where most of it lies", () => {
    const { heaviest } = demandOf(
      "{ tenant { name } big: accounts(first: 50) { nodes { parent { id } d: deals(first: 90) { nodes { id } } } } }",
    );
    expect(heaviest).toEqual(["big", "nodes", "d"]);
  });

  it("of the largest pages in each other is beyond every limit, and a number", () => {
    const text = "{ accounts(first: 100) { nodes { ".repeat(1);
    const deep = `${text}deals(first: 100) { nodes { quotes(first: 100) { nodes { lineItems(first: 100) { nodes { id } } } } } } } } }`;
    expect(costOf(deep)).toBe(100 + 100 ** 2 + 100 ** 3 + 100 ** 4);
  });
});

describe("scopes: what leads to an entity needs its read scope, by whatever path", () => {
  const all = [
    "accounts",
    "activities",
    "contacts",
    "deals",
    "keys",
    "line_items",
    "quotes",
    "tenant",
  ];
  const searched = all.filter((subject) => subject !== "keys" && subject !== "tenant");
  const needs: readonly (readonly [name: string, text: string, subjects: readonly string[]])[] = [
    [
      "nothing",
      "{ __typename viewer { scopes actor { id } } __schema { queryType { name } } }",
      [],
    ],
    ["a root field", '{ deal(id: "x") { id } }', ["deals"]],
    ["an alias", "{ a: deals { totalCount } }", ["deals"]],
    ["an edge to one", "{ deals { nodes { account { id } } } }", ["accounts", "deals"]],
    ["an edge to many", "{ deals { nodes { contacts { totalCount } } } }", ["contacts", "deals"]],
    [
      "a part of a record goes by the record",
      "{ deals { nodes { stageHistory { nodes { id } } } } }",
      ["deals"],
    ],
    [
      "a fragment",
      "{ tenant { ...F } } fragment F on Tenant { quotes { nodes { lineItems { nodes { id } } } } }",
      ["line_items", "quotes", "tenant"],
    ],
    ["a type name alone", `{ node(id: "x") { ... on Quote { __typename } } }`, ["quotes"]],
    ["an id in node", `{ node(id: "${contact}") { id } }`, ["contacts"]],
    ["ids in nodes", `{ nodes(ids: ["${contact}", "nothing"]) { __typename } }`, ["contacts"]],
    ["an event's id: it could tell of any", `{ node(id: "${event}") { id } }`, all],
    [
      "a filter",
      '{ deals(where: { account: { name: { eq: "x" } } }) { totalCount } }',
      ["accounts", "deals"],
    ],
    [
      "a filter in filters",
      "{ deals(where: { not: { or: [{ contacts: { some: { activities: { none: {} } } } }] } }) { totalCount } }",
      ["activities", "contacts", "deals"],
    ],
    [
      "a filter of an aggregate",
      "{ dealsAggregate(where: { quotes: { every: {} } }) { count } }",
      ["deals", "quotes"],
    ],
    [
      "an aggregate on an edge",
      "{ accounts { nodes { dealsAggregate { count } } } }",
      ["accounts", "deals"],
    ],
    ["a history: what it tells of", "{ deals { nodes { history { totalCount } } } }", ["deals"]],
    [
      "a filter by a history",
      '{ deals(where: { history: { some: { actor: { eq: "x" } } } }) { totalCount } }',
      ["deals"],
    ],
    [
      "changes of named kinds",
      "{ changes(types: [Deal, ApiKey]) { totalCount } }",
      ["deals", "keys"],
    ],
    ["changes", "{ changes { totalCount } }", all],
    ["changes by an edge", "{ tenant { changes { totalCount } } }", all],
    ["figures over changes", "{ changesAggregate { count } }", all],
    [
      "changes by a filter",
      "{ deals(where: { tenant: { changes: { none: {} } } }) { totalCount } }",
      all,
    ],
    [
      "the record of a change",
      "{ changes(types: [Deal]) { nodes { record { id ... on Account { id } } } } }",
      ["accounts", "deals"],
    ],
    [
      "a search among named kinds",
      '{ search(query: "x", types: [Quote]) { totalCount } }',
      ["quotes"],
    ],
    ["a search", '{ search(query: "x") { totalCount } }', searched],
    ["a pipeline", "{ pipeline { count } }", ["deals"]],
    [
      "a forecast with a filter",
      "{ forecast(where: { account: {} }) { count } }",
      ["accounts", "deals"],
    ],
    ["duplicates", "{ duplicateContacts { pageInfo { hasNextPage } } }", ["contacts"]],
  ];
  it.each(needs)("%s", (_name, text, subjects) => {
    expect(scopesOf(text)).toEqual(subjects.map((subject) => `read:${subject}`));
  });

  it("variables count as what they hold", () => {
    const where =
      "query ($w: DealFilter!, $a: AccountFilter = { contacts: { some: {} } }) { deals(where: { and: [$w, { account: $a }] }) { totalCount } }";
    expect(scopesOf(where, { w: { and: { quotes: { some: {} } } } })).toEqual([
      "read:accounts",
      "read:contacts",
      "read:deals",
      "read:quotes",
    ]);
    expect(scopesOf(where, { w: { stage: { eq: "lead" } }, a: null })).toEqual(["read:deals"]);
    expect(scopesOf("query ($id: ID!) { node(id: $id) { id } }", { id: contact })).toEqual([
      "read:contacts",
    ]);
    expect(
      scopesOf("query ($t: [RecordType!]) { changes(types: $t) { totalCount } }", { t: "Deal" }),
    ).toEqual(["read:deals"]);
    const maybe =
      "query ($yes: Boolean!) { deals { nodes { account @include(if: $yes) { id } } } }";
    expect(scopesOf(maybe, { yes: false })).toEqual(["read:deals"]);
  });

  it("a variable that is called like what every object has is absent unless it was sent", () => {
    for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf", "__proto__"]) {
      const changes = `query ($${name}: [RecordType!]) { changes(types: $${name}) { totalCount } }`;
      expect(scopesOf(changes)).toEqual(all.map((subject) => `read:${subject}`));
      const search = `query ($${name}: [SearchType!]) { search(query: "x", types: $${name}) { totalCount } }`;
      expect(scopesOf(search)).toEqual(searched.map((subject) => `read:${subject}`));
      const pages = `query ($${name}: Int) { accounts(first: $${name}, last: 90) { nodes { id } } }`;
      expect(costOf(pages)).toBe(90);
    }
    expect(
      scopesOf(
        "query ($constructor: [RecordType!]) { changes(types: $constructor) { totalCount } }",
        { constructor: ["Deal"] },
      ),
    ).toEqual(["read:deals"]);
  });

  it("a mutation needs its write scope, and read scopes for what its payload shows", () => {
    const create = (payload: string) =>
      `mutation { createDeal(input: { account_id: "x" }) { ${payload} } }`;
    expect(
      scopesOf(create("userErrors { code ... on DuplicateError { existingId existing { id } } }")),
    ).toEqual(["write:deals"]);
    expect(scopesOf(create("deal { id }"))).toEqual(["read:deals", "write:deals"]);
    expect(
      scopesOf(
        create("userErrors { ... on DuplicateError { existing { ... on Account { name } } } }"),
      ),
    ).toEqual(["read:accounts", "write:deals"]);
    expect(
      scopesOf(create("userErrors { ... on ConflictError { current { ... on Deal { name } } } }")),
    ).toEqual(["read:deals", "write:deals"]);
    expect(
      scopesOf(
        `mutation { createCustomer(input: { account_type: business, email: "a@b.example", phone: "1" }) { contact { id } } }`,
      ),
    ).toEqual(["read:contacts", "write:customers"]);
  });

  it("a merge tells no more than may be read", () => {
    const merge = (payload: string) =>
      `mutation { mergeAccounts(into: "x", from: "y", dryRun: true) { ${payload} } }`;
    expect(scopesOf(merge("dryRun"))).toEqual(["write:accounts"]);
    expect(scopesOf(merge("fields { into }"))).toEqual(["read:accounts", "write:accounts"]);
    expect(scopesOf(merge("contactsMerged { fields { into } }"))).toEqual([
      "read:contacts",
      "write:accounts",
    ]);
    expect(scopesOf(merge("moved { count }"))).toEqual([
      "read:accounts",
      "read:activities",
      "read:contacts",
      "read:deals",
      "read:quotes",
      "write:accounts",
    ]);
  });
});
