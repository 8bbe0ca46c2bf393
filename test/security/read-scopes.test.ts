import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug, ["read:accounts"]);
});
afterAll(() => gateway.close());

describe("a read scope that is missing: 403 with missingScopes, and nothing is read", () => {
  const paths: readonly (readonly [string, string, readonly string[]])[] = [
    ["by the field itself", "{ deals { totalCount } }", ["read:deals"]],
    ["through an alias", "{ accounts: deals { totalCount } }", ["read:deals"]],
    ["in a fragment", "{ ...F } fragment F on Query { deals { totalCount } }", ["read:deals"]],
    ["in an inline fragment", "{ ... { ... on Query { deals { totalCount } } } }", ["read:deals"]],
    ["on a nested path", "{ accounts { nodes { contacts { nodes { id } } } } }", ["read:contacts"]],
    ["in a filter", "{ accounts(where: { deals: { some: {} } }) { totalCount } }", ["read:deals"]],
    ["as a figure", "{ accounts { nodes { dealsAggregate { count } } } }", ["read:deals"]],
    [
      "all of them are named",
      "{ deals { totalCount } accounts { nodes { quotes { nodes { lineItems { totalCount } } } } } }",
      ["read:deals", "read:line_items", "read:quotes"],
    ],
  ];

  it.each(paths)("%s", async (_name, query, missing) => {
    gateway.statements.clear();
    const { status, body } = await send(`${gateway.url}/graphql`, {
      headers: [
        ["x-api-key", key],
        ["content-type", "application/json"],
      ],
      body: JSON.stringify({ query }),
    });
    const answer: unknown = JSON.parse(body);
    const { code, missingScopes } = { missingScopes: null, code: null, ...extensionsOf(answer) };
    expect({ status, code, missing: new Set([missingScopes].flat()) }).toEqual({
      status: 403,
      code: "FORBIDDEN",
      missing: new Set(missing),
    });
    expect(answer).not.toHaveProperty("data");
    expect(gateway.statements.all()).toEqual([]);
  });
});

function extensionsOf(answer: unknown): object {
  const extensions = at(answer, "errors", 0, "extensions");
  return typeof extensions === "object" && extensions !== null ? extensions : {};
}
