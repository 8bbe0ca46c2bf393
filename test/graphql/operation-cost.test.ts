import { getIntrospectionQuery } from "graphql";
import { describe, expect, it } from "vitest";
import { catalog } from "../../src/modules/catalog.ts";
import { costOf, demandOf } from "../support/gateway/demand.ts";

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
