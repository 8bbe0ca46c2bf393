import { describe, expect, it } from "vitest";
import { costOf, scopesOf } from "../support/gateway/demand.ts";

const event = "evt-0190aaaa-0000-7000-8000-000000000000";
const contact = "con-0190aaaa-0000-7000-8000-000000000000";

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
    "webhooks",
  ];
  const searched = all.filter((subject) => !["keys", "tenant", "webhooks"].includes(subject));
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
    ["changes of webhooks", "{ changes(types: Webhook) { totalCount } }", ["webhooks"]],
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
