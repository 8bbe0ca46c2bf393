import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";

const secret = "a secret of the tests, 32 bytes and more";

let gateway: TestGateway;
let north: TenantFixtures;
let blue: TenantFixtures;
let sales: Made;
let service: Made;
let foreign: Made;
let key: string;
let salesKey: string;
let token: string;

beforeAll(async () => {
  gateway = await startGateway({
    env: { JWT_ISSUER: "crm", JWT_AUDIENCE: "crm", JWT_SECRET: secret },
  });
  north = await gateway.fixtures.tenant("north-harbor");
  blue = await gateway.fixtures.tenant("blue-ridge");
  sales = await north.department("Sales");
  service = await north.department("Service");
  foreign = await blue.department("Sales");
  key = await gateway.keyFor(north.slug);
  salesKey = await gateway.keyFor(north.slug);
  await gateway.fixtures.client.query("UPDATE api_keys SET department_id = $1 WHERE id = $2", [
    sales.uuid,
    salesKey.split("_")[2],
  ]);
  token = await new SignJWT({ tenant_id: north.id, scopes: ["*"] })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("crm")
    .setAudience("crm")
    .setSubject("usr-1")
    .setExpirationTime("10m")
    .sign(Buffer.from(secret));
});
afterAll(() => gateway.close());

type Headers = readonly (readonly [string, string])[];
const nobody = "0190aaaa-0000-7000-8000-000000000000";

const post = (headers: Headers, query = "{ viewer { tenant { slug } } }") =>
  send(`${gateway.url}/graphql`, {
    headers: [["content-type", "application/json"], ...headers],
    body: JSON.stringify({ query }),
  });
const withKey = (...headers: Headers) => post([["x-api-key", key], ...headers]);

describe("X-Organization-Id", () => {
  it.each([
    ["with its prefix", () => north.id],
    ["bare", () => north.uuid],
    ["in upper case", () => north.uuid.toUpperCase()],
  ])("of the credential's own tenant is agreed to, %s", async (_name, id) => {
    const bearer = ["authorization", `Bearer ${token}`] as const;
    const named = ["x-organization-id", id()] as const;
    expect((await withKey(named)).status).toBe(200);
    expect((await post([bearer, named])).status).toBe(200);
  });

  it.each([
    ["another tenant's", () => blue.id],
    ["another tenant's, bare", () => blue.uuid],
    ["nobody's", () => `ten-${nobody}`],
    ["a slug", () => "north-harbor"],
    ["an account's", () => `acc-${north.uuid}`],
    ["empty", () => ""],
    ["a list", () => `${north.id}, ${blue.id}`],
  ])("that is %s is 403, the same bytes for all", async (_name, id) => {
    const answers = [
      await withKey(["x-organization-id", id()]),
      await post([
        ["authorization", `Bearer ${token}`],
        ["x-organization-id", id()],
      ]),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(403);
      expect(JSON.parse(body)).toEqual({
        errors: [
          {
            message:
              "X-Organization-Id does not name the organization of the credential; send its id.",
            extensions: { code: "FORBIDDEN" },
          },
        ],
      });
    }
  });

  it("sent twice is 403, even if one of them agrees", async () => {
    const answer = await withKey(["x-organization-id", north.id], ["x-organization-id", blue.id]);
    expect(answer.status).toBe(403);
  });

  it("does not help who has no credential", async () => {
    expect((await post([["x-organization-id", north.id]])).status).toBe(401);
  });
});

describe("X-Department-Id", () => {
  it.each([
    ["with its prefix", () => sales.id],
    ["bare", () => sales.uuid],
  ])("of a department of the tenant is agreed to, %s", async (_name, id) => {
    expect((await withKey(["x-department-id", id()])).status).toBe(200);
  });

  it.each([
    ["another tenant's", () => foreign.id],
    ["nobody's", () => `dep-${nobody}`],
    ["a name", () => "Sales"],
    ["the tenant's own id", () => north.id],
    ["empty", () => ""],
  ])("that is %s is 403, the same bytes for all", async (_name, id) => {
    const answer = await withKey(["x-department-id", id()]);
    expect(answer.status).toBe(403);
    const none = await withKey(["x-department-id", `dep-${nobody}`]);
    expect(answer.body).toBe(none.body);
    expect(at(JSON.parse(answer.body), "errors", 0, "extensions")).toEqual({ code: "FORBIDDEN" });
  });

  it("must be the key's own where the key is bound to one", async () => {
    const bound = (id: string) =>
      post([
        ["x-api-key", salesKey],
        ["x-department-id", id],
      ]);
    expect((await bound(sales.id)).status).toBe(200);
    expect((await bound(service.id)).status).toBe(403);
  });

  it("binds the caller for this request: a key that it makes is of that department", async () => {
    const create =
      'mutation { createApiKey(input: { name: "n", scopes: ["read:*"] }) { apiKey { departmentId } } }';
    const made = async (...headers: Headers) =>
      at(
        JSON.parse((await post([["x-api-key", key], ...headers], create)).body),
        "data",
        "createApiKey",
        "apiKey",
        "departmentId",
      );
    expect(await made(["x-department-id", service.uuid])).toBe(service.id);
    expect(await made()).toBeNull();
  });

  it("costs one look-up every few seconds, and none where the key is bound to it", async () => {
    const count = () =>
      gateway.statements.all().filter(({ text }) => /FROM departments/.test(text));
    await withKey(["x-department-id", sales.id]);
    gateway.statements.clear();
    await Promise.all(Array.from({ length: 20 }, () => withKey(["x-department-id", sales.id])));
    expect(count().length).toBeLessThanOrEqual(1);
    gateway.statements.clear();
    await post([
      ["x-api-key", salesKey],
      ["x-department-id", sales.id],
    ]);
    expect(count()).toEqual([]);
  });
});
