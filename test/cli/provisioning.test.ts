import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  parseDuration,
  parseExpiry,
  parseQuota,
  parseShards,
} from "../../src/cli/option-values.ts";
import { createKey, listKeys, revokeKey, rotateKey } from "../../src/modules/api-key/operator.ts";
import { createTenant, listTenants } from "../../src/modules/tenant/operator.ts";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { runCli, type Ended } from "../support/processes/cli.ts";
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

const tokens = {
  JWT_ISSUER: "http://localhost/dev",
  JWT_AUDIENCE: "crm",
  JWT_SECRET: "a secret of the tests, 32 bytes and more",
};

let gateway: TestGateway;
let tenant: TenantFixtures;
let department: Made;

beforeAll(async () => {
  gateway = await startGateway({ env: tokens });
  tenant = await gateway.fixtures.tenant("north-harbor");
  department = await tenant.department("Field Service");
  await gateway.fixtures.tenant("blue-ridge");
});
afterAll(() => gateway.close());

const crm = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runCli(words, { DATABASE_URL: gateway.databaseUrl, ...env });

/** What a command that ended well has printed. */
function printed({ code, output, errors }: Ended): string {
  if (code !== 0) throw new Error(`it ended with ${code}: ${errors}`);
  return output;
}

/** One line on standard error, exit code 1. */
function expectRefused({ code, output, errors }: Ended, line: RegExp): void {
  expect(errors).toMatch(line);
  expect({ code, output }).toEqual({ code: 1, output: "" });
}

const idOf = (key: string): string => `key-${key.split("_")[2]}`;
const made = (...more: readonly string[]) =>
  crm(["keys", "create", "--tenant", tenant.slug, "--scopes", "read:*,write:deals", ...more]);

/** What `keys list --json` prints of a key, without starting the command. */
async function listed(id: string): Promise<unknown> {
  const keys: unknown = JSON.parse(JSON.stringify(await listKeys(gateway.database)));
  return listAt(keys).find((key) => at(key, "id") === id);
}

async function statusOf(header: string, value: string): Promise<number> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", [header]: value },
    body: '{"query":"{ tenant { slug } }"}',
  });
  return response.status;
}

/** Whether its use is noted, which the gateway does every few seconds. */
async function isUsed(key: string): Promise<boolean> {
  const { rowCount } = await gateway.fixtures.client.query(
    "SELECT FROM api_keys WHERE id = $1 AND last_used_at IS NOT NULL",
    [idOf(key).slice("key-".length)],
  );
  return rowCount === 1;
}

/** What the change log says of a key, by operation and actor. */
async function history(id: string): Promise<string[]> {
  const { rows } = await gateway.fixtures.client.query<{ text: string }>(
    "SELECT operation || ' by ' || actor AS text FROM change_events WHERE entity_id = $1 ORDER BY position",
    [id.slice("key-".length)],
  );
  return rows.map(({ text }) => text);
}

describe("crm tenants", () => {
  it("creates a tenant that a key then opens, and lists it", async () => {
    const create = ["tenants", "create", "--slug", "green-field", "--name", " Green Field "];
    const id = printed(await crm([...create, "--currency", "EUR", "--time-zone", "europe/berlin"]));
    expect(id).toMatch(/^ten-[0-9a-f-]{36}$/);
    const all: unknown = JSON.parse(JSON.stringify(await listTenants(gateway.database)));
    expect(listAt(all).find((one) => at(one, "id") === id)).toEqual({
      id,
      slug: "green-field",
      name: "Green Field",
      currency: "EUR",
      timeZone: "Europe/Berlin",
      createdAt: expect.stringMatching(/^\d{4}-/),
    });
    expect(printed(await crm(["tenants", "list"]))).toMatch(
      /SLUG[^]*green-field +EUR +Europe\/Berlin/,
    );
    const key = await gateway.keyFor("green-field", ["read:*"]);
    expect(await gateway.data(key, "{ tenant { id defaultCurrency } }")).toEqual({
      tenant: { id, defaultCurrency: "EUR" },
    });
  });

  it.each([
    ["a slug that is taken", { slug: "north-harbor" }, /^There is a tenant "north-harbor" already/],
    ["a slug with capitals", { slug: "North" }, /^"North" cannot be a slug/],
    ["no name", { name: " " }, /^The name must have/],
    [
      "no such currency",
      { currency: "XXQ" },
      /^--currency must be a currency.s code .* "XXQ" is none/,
    ],
    ["no such zone", { timeZone: "Mars" }, /^--time-zone: not a time zone/],
  ])("refuses %s", async (_name, wrong, line) => {
    const good = { slug: "new", name: "New", currency: "USD", timeZone: "UTC" };
    await expect(createTenant(gateway.database, { ...good, ...wrong })).rejects.toThrow(line);
  });
});

describe("crm keys", () => {
  it("creates a key with all that can be said of it, lists it with its last use, and leaves a history", async () => {
    const key = printed(
      await made(
        "--name=Countertop",
        "--department=Field Service",
        "--app=app-7",
        "--expires=90d",
        "--per-minute=60",
        "--env=live",
      ),
    );
    expect(key).toMatch(/^crm_live_/);
    expect(await statusOf("x-api-key", key)).toBe(200);
    await expect.poll(() => isUsed(key)).toBe(true);
    const record = await listed(idOf(key));
    const all: unknown = JSON.parse(printed(await crm(["keys", "list", "--json"])));
    expect(listAt(all)).toContainEqual(record);
    expect(record).toMatchObject({
      tenant: "north-harbor",
      name: "Countertop",
      environment: "live",
      scopes: ["read:*", "write:deals"],
      department: "Field Service",
      appId: "app-7",
      requestsPerMinute: 60,
      lastUsedAt: expect.any(String),
      revokedAt: null,
    });
    const days = (Date.parse(String(at(record, "expiresAt"))) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(89.9);
    expect(days).toBeLessThanOrEqual(90);
    expect(await history(idOf(key))).toEqual(["created by cli"]);
    const table = printed(await crm(["keys", "list"]));
    expect(table).toMatch(/DEPARTMENT +APP +PER MINUTE[^]*LAST USED +STATE +NAME/);
    expect(table).toMatch(/Field Service +app-7 +60 .*active +Countertop/);
    expect(table).not.toContain(key.split("_")[3]);
  });

  it("takes a department by its id, and an instant", async () => {
    const expires = "2999-01-31T00:00:00Z";
    const json = printed(await made("--department", department.id, "--expires", expires, "--json"));
    expect(await listed(String(at(JSON.parse(json), "id")))).toMatchObject({
      department: "Field Service",
      environment: "test",
      expiresAt: "2999-01-31T00:00:00.000Z",
      lastUsedAt: null,
    });
  });

  it("rotates a key: the new one may do the same, the old one works for the grace", async () => {
    const scopes = ["read:*", "write:deals"];
    const given = { tenantSlug: tenant.slug, name: "Old", scopes, env: "test", appId: "app-7" };
    const { key: old } = await createKey(gateway.database, given);
    const fresh = printed(await crm(["keys", "rotate", idOf(old), "--grace", "10m"]));
    expect(await statusOf("x-api-key", old)).toBe(200);
    expect(await statusOf("x-api-key", fresh)).toBe(200);
    const left = Date.parse(String(at(await listed(idOf(old)), "expiresAt"))) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(600_000);
    expect(await listed(idOf(fresh))).toMatchObject({ appId: "app-7", expiresAt: null });
    expect(await history(idOf(old))).toEqual(["created by cli", "updated by cli"]);
    const now = await rotateKey(gateway.database, idOf(fresh), parseDuration("0m") / 60_000);
    expect(await statusOf("x-api-key", now.key)).toBe(200);
    await expect.poll(() => statusOf("x-api-key", fresh)).toBe(401);
  });

  it("revokes a key, and leaves a history of that too", async () => {
    const given = { tenantSlug: tenant.slug, name: "Revoked", scopes: ["read:*"], env: "test" };
    const { key } = await createKey(gateway.database, given);
    expect(await statusOf("x-api-key", key)).toBe(200);
    expect(printed(await crm(["keys", "revoke", idOf(key)]))).toBe(`Revoked ${idOf(key)}.`);
    await expect.poll(() => statusOf("x-api-key", key)).toBe(401);
    expect(await history(idOf(key))).toEqual(["created by cli", "updated by cli"]);
    await expect(rotateKey(gateway.database, idOf(key), 60)).rejects.toThrow(
      /works no more; create a new one/,
    );
  });

  it.each([
    ["a department that is not there", { department: "Nowhere" }, /It has: Field Service\.$/],
    ["an environment with capitals", { env: "LIVE" }, /^environment must be 1 to 16/],
    ["an application whose name is too long", { appId: "a".repeat(2_000) }, /^app_id /],
    ["an unknown scope", { scopes: ["eat:*"] }, /^Not a scope: eat:\*/],
  ])("refuses %s", async (_name, wrong, line) => {
    const good = { tenantSlug: tenant.slug, name: "n", scopes: ["read:*"], env: "test" };
    await expect(createKey(gateway.database, { ...good, ...wrong })).rejects.toThrow(line);
  });

  it.each([
    ["a past expiry", () => parseExpiry("2020-01-01T00:00:00Z"), /must be in the future/],
    ["an expiry that is no time", () => parseExpiry("soon"), /Give an instant such as/],
    ["a day that no calendar has", () => parseExpiry("2999-02-30"), /Give an instant such as/],
    ["a grace without a unit", () => parseDuration("60"), /such as 60m or 90d/],
    ["no quota", () => parseQuota("0"), /must be a whole number > 0/],
  ])("refuses %s", (_name, parse, line) => {
    expect(parse).toThrow(line);
  });

  it("refuses what is no key's id, a key that is not there, and a grace of a month", async () => {
    const nobody = "key-0190aaaa-0000-7000-8000-000000000000";
    await expect(revokeKey(gateway.database, "x")).rejects.toThrow(/"x" is not a key's id/);
    await expect(rotateKey(gateway.database, nobody, 60)).rejects.toThrow(/^There is no key/);
    await expect(revokeKey(gateway.database, nobody)).rejects.toThrow(/^There is no key/);
    const id = idOf(await gateway.keyFor(tenant.slug));
    const month = 30 * 24 * 60;
    await expect(rotateKey(gateway.database, id, month)).rejects.toThrow(/^graceMinutes must be/);
  });
});

describe("crm token mint", () => {
  const mint = (env: Readonly<Record<string, string>>, ...more: readonly string[]) =>
    crm(
      [
        "token",
        "mint",
        "--tenant",
        "north-harbor",
        "--sub",
        "usr-1",
        "--scopes",
        "read:*",
        ...more,
      ],
      env,
    );

  it("prints a token that the gateway takes, for as long as was said", async () => {
    const token = printed(await mint(tokens, "--app", "app-7", "--expires", "5m"));
    expect(await statusOf("authorization", `Bearer ${token}`)).toBe(200);
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({
      sub: "usr-1",
      tenant_id: tenant.id,
      scopes: ["read:*"],
      app_id: "app-7",
    });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(300);
  });

  it("names the claims as the issuer does", async () => {
    const names = { JWT_CLAIM_TENANT: "https://crm/tenant", JWT_CLAIM_SCOPES: "permissions" };
    const claims = decodeJwt(printed(await mint({ ...tokens, ...names })));
    expect(claims).toMatchObject({ "https://crm/tenant": tenant.id, permissions: ["read:*"] });
    expect(claims).not.toHaveProperty("tenant_id");
  });

  it("is not done in production, nor without a secret", async () => {
    const production = { ...tokens, NODE_ENV: "production" };
    expectRefused(await mint(production), /^Tokens are not minted under NODE_ENV=production/);
    expectRefused(await mint({}), /^Set JWT_ISSUER, JWT_AUDIENCE and JWT_SECRET/);
  });
});

describe("crm distribute", () => {
  it("says what a database without Citus lacks, and changes nothing", async () => {
    expectRefused(await crm(["distribute", "--yes"]), /^This database has no Citus: install it on/);
  });

  it.each(["0", "10000", "many"])("refuses %s shards", (shards) => {
    expect(() => parseShards(shards)).toThrow("It must be a whole number from 1 to 9999.");
  });
});
