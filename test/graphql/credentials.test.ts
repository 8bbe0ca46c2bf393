import { withoutExtensions } from "../support/gateway/without-extensions.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let key: string;
let otherKey: string;
let revoked: string;
let expired: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  const north = await gateway.fixtures.tenant("north-harbor");
  const blue = await gateway.fixtures.tenant("blue-ridge");
  key = await gateway.keyFor(north.slug);
  otherKey = await gateway.keyFor(blue.slug);
  revoked = await gateway.keyFor(north.slug);
  expired = await gateway.keyFor(north.slug);
  const { client } = gateway.fixtures;
  await client.query("UPDATE api_keys SET revoked_at = now() WHERE id = $1", [
    revoked.split("_")[2],
  ]);
  await client.query("UPDATE api_keys SET expires_at = now() WHERE id = $1", [
    expired.split("_")[2],
  ]);
});
afterAll(() => gateway.close());

type Headers = readonly (readonly [string, string])[];

const ask = (headers: Headers) =>
  send(`${gateway.url}/graphql`, {
    headers: [["content-type", "application/json"], ...headers],
    body: '{"query":"{ viewer { tenant { slug } } }"}',
  });
const turned = (text: string): string =>
  text.endsWith("0") ? `${text.slice(0, -1)}1` : `${text.slice(0, -1)}0`;
const secretOf = (text: string): string => text.split("_")[3] ?? "";

describe("credentials that do not work", () => {
  const cases: readonly (readonly [string, () => Headers])[] = [
    ["none", () => []],
    ["empty", () => [["x-api-key", ""]]],
    ["wrong", () => [["x-api-key", "hello"]]],
    ["the right prefix and a wrong tail", () => [["x-api-key", turned(key)]]],
    ["another key's secret", () => [["x-api-key", key.replace(secretOf(key), secretOf(otherKey))]]],
    ["another environment", () => [["x-api-key", key.replace("_test_", "_live_")]]],
    [
      "an id that is nobody's",
      () => [
        ["x-api-key", key.replace(/_[0-9a-f-]{36}_/, "_0190aaaa-0000-7000-8000-000000000000_")],
      ],
    ],
    ["upper case", () => [["x-api-key", key.toUpperCase()]]],
    ["something before it", () => [["x-api-key", `x${key}`]]],
    ["something behind it", () => [["x-api-key", `${key}0`]]],
    ["revoked", () => [["x-api-key", revoked]]],
    ["expired", () => [["x-api-key", expired]]],
    ["10 KB long", () => [["x-api-key", `crm_test_${"a".repeat(10_000)}`]]],
    ["SQL", () => [["x-api-key", "crm_test_' OR 1=1 --_x"]]],
    [
      "twice the same",
      () => [
        ["x-api-key", key],
        ["x-api-key", key],
      ],
    ],
    [
      "two tenants' in one name",
      () => [
        ["x-api-key", key],
        ["x-api-key", otherKey],
      ],
    ],
    [
      "two tenants' in two names",
      () => [
        ["x-api-key", key],
        ["authorization", `Bearer ${otherKey}`],
      ],
    ],
    [
      "two bearers",
      () => [
        ["authorization", `Bearer ${key}`],
        ["authorization", `Bearer ${otherKey}`],
      ],
    ],
    ["a bearer that is none", () => [["authorization", "Bearer hello"]]],
    ["another scheme", () => [["authorization", `Basic ${key}`]]],
    ["a bearer that was revoked", () => [["authorization", `Bearer ${revoked}`]]],
  ];

  it.each(cases)("%s: 401, the same bytes for all", async (_name, headers) => {
    const none = await ask([]);
    const answer = await ask(headers());
    expect(answer.status).toBe(401);
    expect(answer.body).toBe(none.body);
    const own = ["date", "x-request-id"];
    const shared = (given: typeof answer) =>
      Object.entries(given.headers).filter(([name]) => !own.includes(name));
    expect(shared(answer)).toEqual(shared(none));
  });

  it("are told what would: the code, the header, the scheme", async () => {
    const answer = await ask([]);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    expect(JSON.parse(answer.body)).toEqual({
      errors: [
        {
          message:
            "Send a valid API key in the x-api-key header (or as Authorization: Bearer <key>).",
          extensions: { code: "UNAUTHENTICATED" },
        },
      ],
    });
  });

  it("come before anything else that is wrong", async () => {
    const answer = await send(`${gateway.url}/graphql`, { method: "PUT", body: "{" });
    expect(answer.status).toBe(401);
  });
});

describe("credentials that work", () => {
  const cases: readonly (readonly [string, () => Headers])[] = [
    ["x-api-key", () => [["x-api-key", key]]],
    ["a bearer", () => [["authorization", `Bearer ${key}`]]],
    ["a bearer in lower case", () => [["authorization", `bearer ${key}`]]],
    [
      "both, when they agree",
      () => [
        ["x-api-key", key],
        ["authorization", `Bearer ${key}`],
      ],
    ],
  ];

  it.each(cases)("%s", async (_name, headers) => {
    const answer = await ask(headers());
    expect([answer.status, withoutExtensions(answer.body)]).toEqual([
      200,
      '{"data":{"viewer":{"tenant":{"slug":"north-harbor"}}}}',
    ]);
  });
});
