import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

const secret = "a secret of the tests, 32 bytes and more";
const otherSecret = "another secret of the tests, 32 bytes and more";
const [issuer, otherIssuer, audience] = ["https://a.example/", "https://b.example/", "crm"];

let gateway: TestGateway;
let tenantId: string;

beforeAll(async () => {
  gateway = await startGateway({
    env: {
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: audience,
      JWT_SECRET: secret,
      JWT_ISSUERS: JSON.stringify([{ issuer: otherIssuer, audience, secret: otherSecret }]),
    },
  });
  tenantId = (await gateway.fixtures.tenant("replays")).id;
});
afterAll(() => gateway.close());

/** The same person, as far as the name goes. */
const tokenOf = (from: string, appId: string | null): Promise<string> =>
  new SignJWT({ tenant_id: tenantId, scopes: ["*"], ...(appId === null ? {} : { app_id: appId }) })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(from)
    .setAudience(audience)
    .setSubject("alice")
    .setExpirationTime("5m")
    .sign(Buffer.from(from === issuer ? secret : otherSecret));

async function create(token: string): Promise<unknown> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      "idempotency-key": "one-key",
    },
    body: JSON.stringify({
      query: 'mutation { createAccount(input: { name: "Mine" }) { account { id appId } } }',
    }),
  });
  return at(await response.json(), "data", "createAccount", "account");
}

it("an idempotency key is its caller's: of one issuer, one application", async () => {
  const callers = [
    [issuer, "app-x"],
    [issuer, "app-y"],
    [issuer, null],
    [otherIssuer, null],
    [otherIssuer, "app-x"],
  ] as const;
  const made = [];
  for (const [from, appId] of callers) {
    const account = await create(await tokenOf(from, appId));
    expect(at(account, "appId")).toBe(appId);
    // Its own again, with another token of the same.
    expect(await create(await tokenOf(from, appId))).toEqual(account);
    made.push(at(account, "id"));
  }
  expect(new Set(made).size).toBe(callers.length);
});
