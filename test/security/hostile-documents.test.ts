import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => gateway.close());

const times = (count: number, piece: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => piece(index)).join(" ");
const nested = (count: number, open: string, core: string, close: string): string =>
  open.repeat(count) + core + close.repeat(count);

const post = (accept: string, query: string, variables: object = {}) =>
  send(`${gateway.url}/graphql`, {
    headers: [
      ["x-api-key", key],
      ["content-type", "application/json"],
      ["accept", accept],
    ],
    body: JSON.stringify({ query, variables }),
  });

/** Refused as a whole: 400 under graphql-response+json, 200 under plain JSON, before any statement of the operation is sent. */
async function expectRefused(query: string, code: string, message: RegExp): Promise<void> {
  for (const [accept, status] of [
    ["application/graphql-response+json", 400],
    ["application/json", 200],
  ] as const) {
    const answer = await post(accept, query);
    expect(answer.status).toBe(status);
    expect(answer.body.length).toBeLessThan(100_000);
    const body: unknown = JSON.parse(answer.body);
    expect(body).not.toHaveProperty("data");
    for (const error of listAt(body, "errors")) expect(at(error, "extensions", "code")).toBe(code);
    expect(at(body, "errors", 0, "message")).toMatch(message);
  }
}

const bomb = (levels: number, leaf: string, inner: (name: string) => string): string =>
  times(levels, (index) => `fragment F${index} on Account { ${inner(`...F${index + 1}`)} }`) +
  ` fragment F${levels} on Account { ${leaf} }`;

describe("documents that are refused before they are read", () => {
  const tooComplex: readonly (readonly [string, string, RegExp])[] = [
    ["2,000 nested fields", nested(2_000, "{ parent ", "{ id }", " }"), /levels/],
    [
      "2,000 nested fields that exist",
      `{ account(id: "1") ${nested(2_000, "{ parent ", "{ id }", " }")} }`,
      /levels/,
    ],
    ["2,000 nested inline fragments", nested(2_000, "{ ... ", "{ __typename }", " }"), /levels/],
    [
      "20,000 [ in a literal",
      `{ accounts(where: ${nested(20_000, "[", "1", "]")}) { totalCount } }`,
      /levels|tokens/,
    ],
    ["20,000 [ that never close", `{ accounts(where: ${"[".repeat(20_000)}`, /levels|tokens/],
    [
      "20,000 { in a literal",
      `{ accounts(where: ${nested(20_000, "{ a: ", "1", "}")}) { totalCount } }`,
      /levels|tokens/,
    ],
    [
      "a 20,000-deep variable type",
      `query ($a: ${nested(20_000, "[", "Int", "]")}) { __typename }`,
      /levels|tokens/,
    ],
    [
      "fragment doubling ×12",
      `{ account(id: "1") { ...F0 } } ${bomb(12, "id", (next) => `${next} ${next}`)}`,
      /fragment|at one place/,
    ],
    [
      "fragment doubling ×12 under other names",
      `{ account(id: "1") { ...F0 } } ${bomb(12, "id", (next) => `a: parent { ${next} } b: parent { ${next} }`)}`,
      /aliases|fields|levels/,
    ],
    [
      "depth hidden in fragments",
      `{ account(id: "1") { ...F0 } } ${bomb(40, "id", (next) => `parent { ${next} }`)}`,
      /levels of fields/,
    ],
    [
      "depth hidden in fragments that are reached last",
      `{ account(id: "1") { id ... { ... on Account { ...F0 } } } } ${bomb(31, "id", (next) => `id parent { ${next} }`)}`,
      /levels of fields/,
    ],
    ["101 aliases", `{ ${times(101, (index) => `a${index}: __typename`)} }`, /aliases/],
    ["an alias of 101 characters", `{ ${"a".repeat(101)}: __typename }`, /alias .* characters/],
    [
      "101 aliases in a fragment",
      `{ account(id: "1") { ...F } } fragment F on Account { ${times(101, (index) => `a${index}: id`)} }`,
      /aliases/,
    ],
    [
      "page sizes multiplied over the node budget",
      "{ accounts(first: 100) { nodes { contacts(first: 100) { nodes { deals(first: 100) { nodes { id } } } } } } }",
      /nodes/,
    ],
    [
      "page sizes multiplied in variables' defaults",
      "query ($n: Int = 100) { accounts(first: $n) { nodes { contacts(first: $n) { nodes { deals(first: $n) { nodes { id } } } } } } }",
      /nodes/,
    ],
    [
      "2,000 conflicting fields",
      `{ ${times(2_000, (index) => `accounts(first: ${index}) { totalCount }`)} }`,
      /accounts/,
    ],
    ["a document of 300 KB", `{ __typename } #${"x".repeat(300_000)}`, /bytes/],
    ["4,900 fields at the root", `{ ${times(4_900, (index) => `a${index}`)} }`, /at its root/],
    ["250,001 bytes", `{ __typename } #${"x".repeat(249_985)}`, /250,000 bytes/],
    ["20,001 tokens", `{ ${"a ".repeat(19_999)} }`, /20,000 tokens/],
    [
      "101 fields at the root",
      `{ ${times(101, (index) => `a${index}`)} }`,
      /100 fields at its root/,
    ],
    ["101 directives", `{ __typename ${"@include(if: true) ".repeat(101)} }`, /100 directives/],
  ];

  it.each(tooComplex)("%s: QUERY_TOO_COMPLEX", async (_name, query, message) => {
    gateway.statements.clear();
    await expectRefused(query, "QUERY_TOO_COMPLEX", message);
    expect(gateway.statements.all()).toEqual([]);
  });

  const invalid: readonly (readonly [string, string, RegExp])[] = [
    [
      "a fragment cycle",
      '{ account(id: "1") { ...A } } fragment A on Account { ...B } fragment B on Account { ...A }',
      /Cannot spread fragment "A" within itself via "B"/,
    ],
    [
      "a fragment of itself",
      '{ account(id: "1") { ...A } } fragment A on Account { parent { ...A } }',
      /within itself/,
    ],
    [
      "a ring of 50 fragments",
      `{ account(id: "1") { ...F0 } } ${bomb(50, "...F0", (next) => next)}`,
      /within itself/,
    ],
    [
      "30 conflicting fields",
      `{ ${times(30, (index) => `accounts(first: ${index}) { totalCount }`)} }`,
      /conflict/,
    ],
    [
      "circular introspection",
      `{ __schema { types { ${nested(6, "fields { type { ", "name", " } }")} } } }`,
      /introspection depth/,
    ],
    ["a subscription", "subscription { anything }", /./],
    ["a name of 100 KB", `{ ${"a".repeat(100_000)} }`, /…$/],
    ["100 unknown fields", `{ ${times(100, (index) => `a${index}`)} }`, /Cannot query/],
  ];

  it.each(invalid)("%s: BAD_USER_INPUT", (_name, query, message) =>
    expectRefused(query, "BAD_USER_INPUT", message),
  );

  it("variables of 900 KB that are wrong: told in less than 100 KB", async () => {
    const query =
      "query ($w: AccountFilter, $n: Int) { accounts(where: $w, first: $n) { totalCount } }";
    const long = "x".repeat(900_000);
    const many = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [`a${index}`, "x"]),
    );
    for (const variables of [
      { n: long },
      { w: long },
      { w: { [long]: 1 } },
      { w: many },
      { w: { name: { eq: [long] } } },
      { w: { id: { eq: long } } },
      { w: { customFields: [{ path: [long], eq: { [long.slice(1)]: "\u0000" } }] } },
    ]) {
      const { body } = await post("application/json", query, variables);
      expect(body).toContain('"code":"BAD_USER_INPUT"');
      expect(body.length).toBeLessThan(100_000);
    }
  });

  it("1,000 unknown directives: one error, under 2 KB", async () => {
    for (const query of [
      `{ __typename ${"@a ".repeat(1_000)} }`,
      `query ${"@a ".repeat(1_000)} { __typename }`,
      `{ ... ${"@a ".repeat(1_000)} { __typename } }`,
      `query ($a: Int ${"@a ".repeat(1_000)}) { __typename }`,
      `{ ...F } fragment F on Query ${"@a ".repeat(1_000)} { __typename }`,
      `{ ...F ${"@a ".repeat(1_000)} } fragment F on Query { __typename }`,
    ]) {
      const { body } = await post("application/json", query);
      expect(listAt(JSON.parse(body), "errors"), query.slice(0, 20)).toHaveLength(1);
      expect(body.length).toBeLessThan(2_000);
    }
  });
});

describe("the work of refusing", () => {
  /** The least CPU that the process took for it, of some times: what else goes on only adds to it. */
  async function work(documents: readonly string[]): Promise<number> {
    const taken: number[] = [];
    for (const query of documents) {
      const before = process.cpuUsage();
      await post("application/json", query);
      const { user, system } = process.cpuUsage(before);
      taken.push(user + system);
    }
    return Math.min(...taken);
  }
  /** None of them is in a cache. */
  const fresh = (make: (run: number) => string): string[] =>
    Array.from({ length: 7 }, (_, run) => make(run));

  it("2,000 conflicting fields is less than that of serving a document of their length", async () => {
    const conflicts = fresh(
      (run) =>
        `{ ${times(2_000, (index) => `a: accounts(first: ${run + index}) { totalCount }`)} }`,
    );
    const { length } = conflicts[0] ?? "";
    const served = fresh((run) => {
      const ids = times(length / 50, (index) => `"${run}-${"x".repeat(40)}${index}"`);
      return `{ accounts(where: { name: { in: [${ids}] } }) { totalCount } }`;
    });
    // Each of them is about a millisecond of a fast machine; twice is room for what else goes on.
    expect(await work(conflicts)).toBeLessThan(2 * (await work(served)));
  });

  const costly: readonly (readonly [string, (run: number) => string])[] = [
    [
      "fragments of nested inline fragments that are spread often",
      (run) =>
        `{ a${run}: __typename ${"...F ".repeat(2_400)} } fragment F on Query ${nested(240, "{ ... ", "{ __typename }", " }")}`,
    ],
    [
      "conflicts between fragments",
      (run) =>
        `{ b${run}: __typename ${times(40, (index) => `...F${index}`)} } ${times(40, (index) => `fragment F${index} on Query { ${times(40, (field) => `accounts(first: ${index + field}) { totalCount }`)} }`)}`,
    ],
    [
      "a filter of 20,000 names",
      (run) =>
        `{ c${run}: accounts(where: { ${times(6_000, (index) => `n${index}: 1`)} }) { totalCount } }`,
    ],
    [
      "4,000 unused variables",
      (run) => `query (${times(4_000, (index) => `$v${index}: Int`)}) { d${run}: __typename }`,
    ],
    [
      "1,000 unused fragments",
      (run) =>
        `{ e${run}: __typename } ${times(1_000, (index) => `fragment F${index} on Query { __typename }`)}`,
    ],
    [
      "1,000 fragments in a row, each in the next",
      (run) => `{ f${run}: account(id: "1") { ...F0 } } ${bomb(1_000, "id", (next) => next)}`,
    ],
    [
      "100 operations over the same fragments",
      (run) =>
        `${times(100, (index) => `query Q${index} { g${run}: account(id: "1") { ...F0 } }`)} ${bomb(100, "id", (next) => next)}`,
    ],
    [
      "4,000 misspelt fields",
      (run) => `{ h${run}: __typename ${times(4_000, (index) => `acounts${index}`)} }`,
    ],
  ];

  it.each(costly)("%s: under a second", async (_name, make) => {
    expect(await work(fresh(make))).toBeLessThan(1_000_000);
  });
});
