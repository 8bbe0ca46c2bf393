import { setTimeout as after } from "node:timers/promises";
import { getOperationAST, parse } from "graphql";
import { describe, expect, it } from "vitest";
import type { Actor } from "../../src/auth/actor.ts";
import { Kept } from "../../src/graphql/compile/kept.ts";
import { Compiler } from "../../src/graphql/compile/compiler.ts";
import { shapeOf, usesOf } from "../../src/graphql/compile/shape.ts";
import { planOf } from "../../src/graphql/limits/use-operation-limits.ts";
import { encodeCursor } from "../../src/lib/cursor.ts";
import type { Entity } from "../../src/model/entity.ts";
import { catalog } from "../../src/modules/catalog.ts";
import { parseOrder } from "../../src/query/order.ts";
import { orderKeyOf } from "../../src/query/page.ts";
import { schema } from "../support/gateway/schema.ts";
import { collectGarbage } from "../support/run/collect.ts";

type Variables = Readonly<Record<string, unknown>>;

const account = catalog.entity("account");
const uuid = "018c1d86-7400-7629-b997-8deb69744df0";
const other = "018c1d86-7400-7629-b997-8deb69744df1";

/** A cursor of a list in the order that is asked for, or in its own. */
function cursor(entity: Entity, field: string | null, ...values: (string | null)[]): string {
  const order = field === null ? null : parseOrder([{ [field]: "asc" }]);
  return encodeCursor(
    orderKeyOf({
      entity,
      order,
      parent: null,
      words: null,
      where: null,
      includeDeleted: false,
      backward: false,
    }),
    values,
  );
}

const viewer: Actor = {
  kind: "apiKey",
  id: "key",
  tenantId: uuid,
  scopes: ["read:*"],
  appId: null,
  departmentId: null,
  expiresAt: null,
  requestsPerMinute: null,
};

/** An operation, prepared by a compiler of its own. */
function prepared(text: string) {
  const document = parse(text);
  const operation = getOperationAST(document);
  const plan = planOf({ schema, document, operationName: null });
  if (operation == null || plan === null) throw new Error("no operation");
  const compiler = new Compiler(schema, catalog);
  return {
    query: compiler.query(document, operation, plan.fields),
    mutation: compiler.mutation(document, operation, plan.fields),
  };
}

/** The compiled statements of a query. */
function compiled(text: string) {
  const { query } = prepared(text);
  if (query === null) throw new Error("no query");
  return (variables: Variables) => query.statement(viewer, variables);
}

const shape = (text: string, variables: Variables): string =>
  shapeOf(usesOf(schema, parse(text)), variables);

describe("calls of one shape", () => {
  it.each<[string, Variables, Variables]>([
    ["query ($id: ID!) { deal(id: $id) { id } }", { id: `deal-${uuid}` }, { id: `deal-${other}` }],
    ["query ($n: String!) { deal(number: $n) { id } }", { n: "D-1" }, { n: "D-2" }],
    ["query ($id: ID!) { node(id: $id) { id } }", { id: `acc-${uuid}` }, { id: `acc-${other}` }],
    [
      "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
      { ids: [`acc-${uuid}`, `con-${uuid}`] },
      { ids: [`con-${other}`, `acc-${other}`, `acc-${uuid}`] },
    ],
    [
      "query ($n: Int) { accounts(first: $n) { pageInfo { hasNextPage } nodes { deals(first: $n) { totalCount nodes { id } } } } }",
      { n: 3 },
      { n: 100 },
    ],
    [
      "query ($a: String, $o: [AccountOrder!]) { accounts(after: $a, orderBy: $o) { edges { cursor } } }",
      { a: cursor(account, "name", "A", uuid), o: [{ name: "asc" }] },
      { a: cursor(account, "name", "B", other), o: [{ name: "asc" }] },
    ],
    [
      'query ($n: Int, $a: String) { search(query: "ana", first: $n, after: $a) { nodes { id } } }',
      { n: 3, a: null },
      { n: 5, a: null },
    ],
  ])("share the statement: %s", (text, one, another) => {
    expect(shape(text, one)).toBe(shape(text, another));
    const call = compiled(text);
    const [first, second, alone] = [call(one), call(another), compiled(text)(another)];
    expect(first).not.toBeNull();
    // What was compiled for the first call has the values of the second.
    expect(second?.text).toBe(first?.text);
    expect(second?.values).not.toEqual(first?.values);
    expect({ ...second, counted: second?.counted?.() }).toEqual({
      ...alone,
      counted: alone?.counted?.(),
    });
  });

  it.each<[string, Variables, Variables]>([
    ["query ($id: ID!) { node(id: $id) { id } }", { id: `acc-${uuid}` }, { id: `con-${uuid}` }],
    ["query ($n: Int) { accounts(first: $n) { totalCount } }", { n: 3 }, {}],
    ["query ($n: Int) { accounts(first: $n) { totalCount } }", { n: null }, {}],
    [
      "query ($a: String, $o: [AccountOrder!]) { accounts(after: $a, orderBy: $o) { edges { cursor } } }",
      { a: cursor(account, "name", "A", uuid), o: [{ name: "asc" }] },
      { a: cursor(account, "name", null, uuid), o: [{ name: "asc" }] },
    ],
    [
      "query ($w: AccountFilter) { accounts(where: $w) { totalCount } }",
      { w: { name: { eq: "A" } } },
      { w: { name: { eq: "B" } } },
    ],
    // A variable that stands in two places has the wider use of both.
    [
      "query ($n: Int!) { accounts(first: $n) { totalCount } dealsAggregate(groupBy: [{ field: stage }], first: $n) { groups { count } } }",
      { n: 3 },
      { n: 4 },
    ],
  ])("are not these: %s", (text, one, another) => {
    expect(shape(text, one)).not.toBe(shape(text, another));
  });

  // None of these values is a parameter of the statement.
  it.each<[string, Variables, Variables]>([
    ["query ($n: Int) { accounts(first: $n) { totalCount } }", { n: 3 }, { n: -1 }],
    [
      "query ($a: String) { accounts(after: $a) { totalCount } }",
      { a: cursor(account, null, "2026-01-01T00:00:00Z", uuid) },
      { a: cursor(catalog.entity("deal"), null, "2026-01-01T00:00:00Z", uuid) },
    ],
    [
      "query ($a: String) { accounts(before: $a, orderBy: [{ name: asc }]) { nodes { id } } }",
      { a: cursor(account, "name", null, null) },
      { a: cursor(account, "createdAt", null, null) },
    ],
  ])("are refused if an argument is wrong: %s", (text, right, wrong) => {
    const call = compiled(text);
    expect(shape(text, right)).toBe(shape(text, wrong));
    expect(call(right)).not.toBeNull();
    expect(call(wrong)).toBeNull();
    expect(call(right)).not.toBeNull();
  });

  it("have texts that no value of another variable looks like", () => {
    const uses = new Map([
      ["a", "entity"],
      ["s", "whole"],
      ["c", "entity"],
      ["ids", "entities"],
    ] as const);
    const of = (variables: Variables): string => shapeOf(uses, { ids: [], ...variables });
    expect(of({ a: `acc-${uuid}`, s: "p n q", c: `con-${uuid}` })).not.toBe(
      of({ a: `acc "p-${uuid}`, s: null, c: `q" con-${uuid}` }),
    );
    expect(of({ a: `acc-${uuid}`, ids: [`acc-${uuid}`, `con-${uuid}`] })).not.toBe(
      of({ a: `acc-${uuid}`, ids: [`acc,con-${uuid}`] }),
    );
  });
});

describe("a kept statement", () => {
  it("takes the place of others by the length of its document too, whose literals it holds", () => {
    const kept = new Kept<string>(20_000, (text) => text.length);
    let made = 0;
    const of = (key: string, length: number): string =>
      kept.of(key, length, () => `statement ${(made += 1)}`);
    expect([of("a", 100), of("b", 100), of("a", 100)]).toEqual(
      [1, 2, 1].map((n) => `statement ${n}`),
    );
    of("c", 17_000);
    expect(of("a", 100)).toBe("statement 4");
  });

  it("holds no variables of the call that it was compiled for", async () => {
    const payload = "account { id deals(first: $n, after: $a) { nodes { id } } }";
    const kept = [
      "query ($id: ID!, $n: Int, $a: String, $ids: [ID!]!) { account(id: $id) { name deals(first: $n, after: $a) { nodes { id } } } node(id: $id) { id } nodes(ids: $ids) { id } }",
      "query ($n: Int) { viewer { actor { id } scopes tenant { id } } accounts(first: $n) { totalCount } }",
      `mutation ($input: CreateAccountInput!, $n: Int, $a: String) { createAccount(input: $input) { ${payload} userErrors { code } } }`,
      `mutation ($inputs: [CreateAccountInput!]!, $n: Int, $a: String) { createAccounts(inputs: $inputs) { results { ${payload} } } }`,
      // The last function that ran may hold what it was given.
      "{ viewer { scopes } }",
    ].map((text) => {
      const { query, mutation } = prepared(text);
      const call = (variables: Variables) =>
        query?.statement(viewer, variables) ?? mutation?.fields(viewer, variables) ?? null;
      const variables = {
        input: { name: "Ana" },
        inputs: [],
        id: `acc-${uuid}`,
        n: 3,
        a: cursor(catalog.entity("deal"), null, "2026-01-01T00:00:00Z", uuid),
        ids: [`acc-${uuid}`],
      };
      return { call, isCompiled: call(variables) !== null, variables: new WeakRef(variables) };
    });
    kept.pop();
    const held = async () => {
      await after(0);
      collectGarbage();
      return kept.map(({ isCompiled, variables }) => [isCompiled, variables.deref()]);
    };
    await expect.poll(held).toEqual(kept.map(() => [true, undefined]));
  });
});

describe("a value that aliases ask for many times", () => {
  it.each([
    ["totalCount", "{ accounts { %s } }", "count(*) FROM"],
    ["totalCount", "{ accounts { nodes { deals { %s } } } }", "count(*) FROM"],
    ["totalCount", '{ search(query: "ana") { %s } }', "search_pattern"],
    [
      "pageInfo { hasPreviousPage }",
      `{ accounts(after: "${cursor(account, null, uuid, uuid)}") { %s } }`,
      "SELECT TRUE",
    ],
  ])("is computed once: %s in %s", (field, text, computation) => {
    const count = (aliases: readonly string[]): number => {
      const asked = aliases.map((alias) => `${alias}: ${field}`).join(" ");
      const statement = compiled(text.replace("%s", asked))({});
      return (statement?.text ?? "").split(computation).length - 1;
    };
    expect(count(["a"])).toBeGreaterThan(0);
    expect(count(["a", "b", "c"])).toBe(count(["a"]));
  });
});
