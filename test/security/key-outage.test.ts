import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import {
  makeSigningKey,
  nowInSeconds,
  signed,
  startKeyServer,
  type KeyServer,
  type SigningKey,
} from "../support/gateway/key-server.ts";
import { send } from "../support/gateway/raw-http.ts";

const issuer = "https://login.example/";

let server: KeyServer;
let key: SigningKey;
let gateway: TestGateway;
let tenant: TenantFixtures;

beforeAll(async () => {
  key = await makeSigningKey("ES256", "one");
  server = await startKeyServer([key.jwk]);
});
afterAll(async () => {
  await gateway.close();
  await server.stop();
});

/** A gateway that asks for the keys again with every token, and for unknown ones at once. */
async function start(): Promise<void> {
  gateway = await startGateway({
    logLevel: "silent",
    env: {
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: "crm",
      JWKS_URL: server.url,
      JWKS_REFRESH_SECONDS: "0",
      JWKS_COOLDOWN_SECONDS: "0",
    },
  });
  tenant = await gateway.fixtures.tenant("north-harbor");
}

async function ask(signer: SigningKey = key) {
  const token = await signed(signer, {
    iss: issuer,
    aud: "crm",
    sub: "usr-1",
    tenant_id: tenant.id,
    scopes: ["read:*"],
    exp: nowInSeconds() + 60,
  });
  return send(`${gateway.url}/graphql`, {
    headers: [
      ["content-type", "application/json"],
      ["authorization", `Bearer ${token}`],
    ],
    body: JSON.stringify({ query: "{ tenant { slug } }" }),
  });
}

describe("an outage of the key server", () => {
  it("before its keys were ever had is 503 with Retry-After, until it is back", async () => {
    await server.stop();
    await start();
    const { status, headers, body } = await ask();
    expect(status).toBe(503);
    expect(Number(headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expect(Number(headers["retry-after"])).toBeLessThanOrEqual(5);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: "UNAVAILABLE" } }] });
    expect(body).not.toContain("127.0.0.1");
    await server.restart();
    await expect.poll(async () => (await ask()).status).toBe(200);
  });

  it("is not noticed by callers with known keys; API keys do not mind either", async () => {
    await server.stop();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const apiKey = await gateway.keyFor(tenant.slug);
    expect(await gateway.ask(apiKey, "{ tenant { slug } }")).toEqual({
      data: { tenant: { slug: "north-harbor" } },
    });
  });

  it("leaves 401 to tokens of keys that nobody knows", async () => {
    expect((await ask(await makeSigningKey("ES256", "two"))).status).toBe(401);
  });

  it("over, new keys work and withdrawn ones do not", async () => {
    const next = await makeSigningKey("ES256", "next");
    server.publish([next.jwk]);
    await server.restart();
    await expect.poll(async () => (await ask(next)).status).toBe(200);
    expect((await ask()).status).toBe(401);
  });
});
