import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { printSchemaText } from "../../src/graphql/schema/print.ts";
import { schema } from "../support/gateway/schema.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";

type Keyed = { readonly gateway: TestGateway; readonly key: string };

const started: TestGateway[] = [];
async function startAs(env: Readonly<Record<string, string>>): Promise<Keyed> {
  const gateway = await startGateway({ logLevel: "silent", env });
  started.push(gateway);
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  return { gateway, key: await gateway.keyFor(slug) };
}
let production: Keyed;
let allowed: Keyed;
beforeAll(async () => {
  [production, allowed] = await Promise.all([
    startAs({ NODE_ENV: "production" }),
    startAs({ NODE_ENV: "production", INTROSPECTION: "on" }),
  ]);
});
afterAll(async () => {
  for (const gateway of started) await gateway.close();
});

const askAt = ({ gateway, key }: Keyed, query: string, variables = {}) =>
  gateway.ask(key, query, variables);

describe("introspection in production", () => {
  const operations = [
    getIntrospectionQuery(),
    "{ __schema { types { name } } }",
    '{ __type(name: "Account") { name } }',
    "{ a: __schema { description } }",
    "query { ...F } fragment F on Query { __schema { description } }",
    "{ ... on Query { ... { __schema { description } } } }",
    "query ($no: Boolean = false) { __schema @include(if: $no) { description } }",
  ];

  it.each(operations)("is refused: %s", async (query) => {
    const { data, errors = [] } = await askAt(production, query);
    expect(data).toBeUndefined();
    expect(errors.length).toBeGreaterThan(0);
    for (const { message, extensions } of errors) {
      expect(message).toMatch(/introspection/);
      expect(extensions.code).toBe("BAD_USER_INPUT");
    }
  });

  it("leaves __typename, which clients add everywhere", async () => {
    const { data } = await askAt(production, "{ __typename accounts { __typename } }");
    expect(data).toEqual({ __typename: "Query", accounts: { __typename: "AccountConnection" } });
  });

  it("is allowed by INTROSPECTION=on", async () => {
    const { data, errors } = await askAt(allowed, getIntrospectionQuery());
    expect(errors).toBeUndefined();
    expect(data).toHaveProperty("__schema");
  });

  it("hides the file of the schema likewise", async () => {
    const file = ({ gateway }: Keyed) => fetch(`${gateway.url}/schema.graphql`);
    expect((await file(production)).status).toBe(404);
    const answer = await file(allowed);
    expect(await answer.text()).toBe(printSchemaText(schema));
    expect(answer.headers.get("content-type")).toBe("application/graphql; charset=utf-8");
    const posted = await fetch(`${allowed.gateway.url}/schema.graphql`, { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("a misspelt name in production", () => {
  const misspelt: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
    ["field", "{ acounts { totalCount } }", {}],
    ["field of a type", "{ accounts { totlCount } }", {}],
    ["field of another type", '{ node(id: "x") { displayName } }', {}],
    ["argument", "{ accounts(frst: 1) { totalCount } }", {}],
    ["directive's argument", "{ accounts @include(iff: true) { totalCount } }", {}],
    ["type of a variable", "query ($w: AcountFilter) { accounts(where: $w) { totalCount } }", {}],
    ["type of a fragment", "{ ...F } fragment F on Qery { __typename }", {}],
    ["input field", '{ accounts(where: { nme: { eq: "x" } }) { totalCount } }', {}],
    ["enum value", "{ accounts(where: { accountType: { eq: busines } }) { totalCount } }", {}],
    [
      "enum value as text",
      '{ accounts(where: { accountType: { eq: "business" } }) { totalCount } }',
      {},
    ],
    [
      "input field in a variable",
      "query ($w: AccountFilter) { accounts(where: $w) { totalCount } }",
      { w: { nme: { eq: "x" } } },
    ],
    [
      "enum value in a variable",
      "query ($w: AccountFilter) { accounts(where: $w) { totalCount } }",
      { w: { accountType: { eq: "busines" } } },
    ],
  ];

  it.each(misspelt)(
    '%s: gets no "Did you mean", and does where introspection is allowed',
    async (_name, query, variables) => {
      const hidden = await askAt(production, query, variables);
      const shown = await askAt(allowed, query, variables);
      expect(JSON.stringify(hidden)).not.toMatch(/did you mean/i);
      expect(JSON.stringify(shown)).toMatch(/did you mean/i);
      const codes = (answer: typeof hidden) =>
        answer.errors?.map(({ extensions }) => extensions.code);
      expect(codes(hidden)).toEqual(codes(shown));
    },
  );
});
