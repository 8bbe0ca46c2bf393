import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, type RawAnswer } from "../support/gateway/raw-http.ts";

const secret = "a secret of the tests, 32 bytes and more";
const nobody = "0190aaaa-0000-7000-8000-000000000000";

let gateway: TestGateway;
let north: TenantFixtures;
let blue: TenantFixtures;
let key: string;
let otherKey: string;
let revoked: string;
let expired: string;

beforeAll(async () => {
  gateway = await startGateway({
    logLevel: "silent",
    env: { JWT_ISSUER: "crm", JWT_AUDIENCE: "crm", JWT_SECRET: secret },
  });
  north = await gateway.fixtures.tenant("north");
  blue = await gateway.fixtures.tenant("blue");
  [key, otherKey] = [await gateway.keyFor("north"), await gateway.keyFor("blue")];
  const ended = async (column: string): Promise<string> => {
    const made = await gateway.keyFor("north");
    const text = `UPDATE api_keys SET ${column} = now() WHERE id = $1`;
    await gateway.fixtures.client.query(text, [made.split("_")[2]]);
    return made;
  };
  [revoked, expired] = [await ended("revoked_at"), await ended("expires_at")];
});
afterAll(() => gateway.close());

const token = (
  { id }: TenantFixtures,
  { claims = {}, issuer = "crm", audience = "crm", expires = "10m", signedWith = secret } = {},
): Promise<string> =>
  new SignJWT({ tenant_id: id, scopes: ["*"], ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject("usr-1")
    .setExpirationTime(expires)
    .sign(Buffer.from(signedWith));

type Headers = readonly (readonly [string, string])[];

const requests = [
  ["GET", "/api/v1/crm/accounts", "Invalid API key or token"],
  ["PATCH", `/api/v1/crm/accounts/${nobody}`, "Invalid API key or token"],
  ["POST", "/v1/customers", "Invalid API key or token"],
  ["POST", "/api/public/v1/customers", "Invalid API key"],
] as const;

const ask = (
  headers: Headers,
  [method, path]: readonly [string, string, string],
): Promise<RawAnswer> =>
  send(`${gateway.url}${path}`, {
    method,
    headers: [["content-type", "application/json"], ["x-organization-id", north.id], ...headers],
    ...(method === "GET" ? {} : { body: "{}" }),
  });

describe("credentials that do not work", () => {
  const bearer = async (made: Promise<string> | string): Promise<Headers> => [
    ["authorization", `Bearer ${await made}`],
  ];
  const cases: readonly (readonly [string, () => Headers | Promise<Headers>])[] = [
    ["none", () => []],
    ["empty", () => [["x-api-key", ""]]],
    ["wrong", () => [["x-api-key", "hello"]]],
    ["the right prefix and a wrong tail", () => [["x-api-key", `${key.slice(0, -4)}zzzz`]]],
    ["another environment", () => [["x-api-key", key.replace("_test_", "_live_")]]],
    ["revoked", () => [["x-api-key", revoked]]],
    ["expired", () => [["x-api-key", expired]]],
    ["10 KB long", () => [["x-api-key", `crm_test_${"a".repeat(10_000)}`]]],
    [
      "two keys in one name",
      () => [
        ["x-api-key", key],
        ["x-api-key", otherKey],
      ],
    ],
    [
      "a key and a token of another tenant",
      async () => [["x-api-key", key], ...(await bearer(token(blue)))],
    ],
    ["another scheme", () => [["authorization", `Basic ${key}`]]],
    ["a token in x-api-key", async () => [["x-api-key", await token(north)]]],
    ["alg none", () => bearer(new UnsecuredJWT({ tenant_id: north.id, scopes: ["*"] }).encode())],
    ["another secret", () => bearer(token(north, { signedWith: "x".repeat(40) }))],
    ["another issuer", () => bearer(token(north, { issuer: "other" }))],
    ["another audience", () => bearer(token(north, { audience: "other" }))],
    ["an expiry that is past", () => bearer(token(north, { expires: "-2m" }))],
    ["no tenant", () => bearer(token(north, { claims: { tenant_id: undefined } }))],
  ];

  it.each(cases)("%s: 401 on every face, the same bytes for all", async (_name, headers) => {
    const sent = await headers();
    for (const request of requests) {
      const [none, answer] = [await ask([], request), await ask(sent, request)];
      expect([answer.status, answer.body]).toEqual([401, JSON.stringify({ error: request[2] })]);
      const own = ["date", "x-request-id"];
      const shared = (given: RawAnswer) =>
        Object.entries(given.headers).filter(([name]) => !own.includes(name));
      expect(shared(answer)).toEqual(shared(none));
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
  });

  it("come before anything else that is wrong, but a path or a method that there is not", async () => {
    const wrong = [
      ["POST", "/api/v1/crm/accounts?limit=x", 401],
      ["GET", "/api/v1/crm/accounts/nobody", 401],
      ["GET", "/api/public/v1/customers", 401],
      ["PUT", "/api/v1/crm/accounts", 405],
      ["GET", "/api/v1/crm/nothing", 404],
    ] as const;
    for (const [method, path, status] of wrong) {
      const answer = await send(`${gateway.url}${path}`, { method, body: "{" });
      expect([method, path, answer.status]).toEqual([method, path, status]);
    }
  });
});

describe("credentials that work", () => {
  it("are a key in either header, and a token, on every face", async () => {
    const forms: readonly Headers[] = [
      [["x-api-key", key]],
      [["authorization", `Bearer ${key}`]],
      [["authorization", `bearer ${await token(north)}`]],
    ];
    for (const headers of forms) {
      for (const path of ["/api/v1/crm/accounts", "/v1/customers", "/api/public/v1/customers"]) {
        const answer = await ask(headers, ["GET", path, "Invalid API key"]);
        expect([path, answer.status]).toEqual([path, 200]);
      }
    }
  });

  it("stamp what they write: a key its id, a token its subject", async () => {
    const stamps: unknown[] = [];
    const forms: readonly Headers[] = [
      [["x-api-key", key]],
      [["authorization", `Bearer ${await token(north)}`]],
    ];
    for (const headers of forms) {
      const answer = await ask(headers, ["POST", "/api/v1/crm/accounts", ""]);
      stamps.push(at(JSON.parse(answer.body), "created_by"));
    }
    expect(stamps).toEqual([`key-${key.split("_")[2]}`, "usr-1"]);
  });
});
