import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  ({ gateway, key } = await startTenant("exact-numbers"));
});
afterAll(() => gateway.close());

const numbers = `{"a":[12345678901234567890,0.1234567890123456789,-9007199254740993],"b":1.5e-30}`;
/** As PostgreSQL prints them: without exponents, keys in its order. */
const found = /12345678901234567890, ?0\.1234567890123456789, ?-9007199254740993\]/;

async function send(path: string, method: string, body?: string): Promise<string> {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      "x-api-key": key,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
  });
  return response.text();
}
const graphql = (query: string, variables = "{}") =>
  send("/graphql", "POST", `{"query":${JSON.stringify(query)},"variables":${variables}}`);
const idIn = (text: string): string => /acc-[0-9a-f-]{36}/.exec(text)?.[0] ?? text;

const shown = "account { id customFields } userErrors { message }";
const literal =
  "{ a: [12345678901234567890, 0.1234567890123456789, -9007199254740993], b: 1.5e-30 }";
const writings: readonly [string, () => Promise<string>][] = [
  ["REST", () => send("/api/v1/crm/accounts", "POST", `{"custom_fields":${numbers}}`)],
  [
    "a variable of GraphQL",
    () =>
      graphql(
        `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { ${shown} } }`,
        `{"input":{"custom_fields":${numbers}}}`,
      ),
  ],
  [
    "a literal of GraphQL",
    () => graphql(`mutation { createAccount(input: { custom_fields: ${literal} }) { ${shown} } }`),
  ],
];

describe.each(writings)("numbers that a double would round, by %s", (_, write) => {
  it("are given back, logged and found with all digits", async () => {
    const made = await write();
    expect(made).toMatch(found);
    const id = idIn(made);
    const record = await send(`/api/v1/crm/accounts/${id}`, "GET");
    expect(record).toMatch(found);
    const told = await graphql(
      "query ($id: ID!) { account(id: $id) { customFields history { nodes { changes { field new } } } } }",
      `{"id":"${id}"}`,
    );
    expect(told.match(new RegExp(found, "g"))).toHaveLength(2);
    const matching = (value: string) =>
      graphql(
        'query ($id: ID!, $v: JSON) { accounts(where: { id: { eq: $id }, customFields: { path: ["a", "0"], eq: $v } }) { totalCount } }',
        `{"id":"${id}","v":${value}}`,
      );
    expect(await matching("12345678901234567890")).toContain('"totalCount":1');
    expect(await matching("12345678901234567891")).toContain('"totalCount":0');
    const above = await graphql(
      `{ accounts(where: { id: { eq: "${id}" }, customFields: { path: ["a", "0"], gt: 12345678901234567889 } }) { totalCount } }`,
    );
    expect(above).toContain('"totalCount":1');
    // A change of something else leaves them, and their being sent back changes nothing.
    const fields = /"custom_fields":(\{.*?\})/.exec(record)?.[1] ?? "";
    const body = `{"name":"n","custom_fields":${fields}}`;
    expect(await send(`/api/v1/crm/accounts/${id}`, "PATCH", body)).toMatch(found);
    const history = await graphql(
      "query ($id: ID!) { account(id: $id) { history(first: 1) { nodes { changes { field } } } } }",
      `{"id":"${id}"}`,
    );
    expect(history).toContain('"field":"name"');
    expect(history).not.toContain("custom_fields");
  });
});

it("are kept by a merge, told of and given again under an idempotency key", async () => {
  const write = writings[0]?.[1] ?? (() => Promise.resolve(""));
  const [into, from] = [
    idIn(await graphql(`mutation { createAccount(input: { name: "x" }) { ${shown} } }`)),
    idIn(await write()),
  ];
  const query = `mutation { mergeAccounts(into: "${into}", from: "${from}") { account { customFields } fields { field result } userErrors { message } } }`;
  const merge = async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: { "x-api-key": key, "content-type": "application/json", "idempotency-key": "m" },
      body: JSON.stringify({ query }),
    });
    return response.text();
  };
  const first = await merge();
  expect(first.match(new RegExp(found, "g"))).toHaveLength(2);
  expect((await merge()).match(new RegExp(found, "g"))).toHaveLength(2);
});
