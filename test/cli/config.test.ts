import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { StartupError } from "../../src/lib/startup-error.ts";

describe("the configuration", () => {
  test("needs nothing", () => {
    expect(loadConfig({})).toEqual({
      port: 4000,
      host: "127.0.0.1",
      dataDir: resolve(".data"),
      databaseUrl: null,
      demo: true,
      environment: "development",
      logLevel: "info",
      startedByNpm: false,
      auth: { issuers: [], keySets: { refresh: 300, cooldown: 10, keep: 86_400 } },
    });
  });

  test("takes an empty variable for an unset one", () => {
    expect(loadConfig({ PORT: "", DATABASE_URL: "", DEMO: "" })).toEqual(loadConfig({}));
  });

  test("reads every variable", () => {
    expect(
      loadConfig({
        JWT_ISSUER: "https://login.example/",
        JWT_AUDIENCE: "crm",
        JWKS_URL: "https://login.example/keys",
        JWT_CLAIM_TENANT: "org",
        JWKS_REFRESH_SECONDS: "60",
        JWKS_COOLDOWN_SECONDS: "5",
        JWKS_KEEP_SECONDS: "3600",
        PORT: "0",
        HOST: "::1",
        DATA_DIR: "/srv/crm",
        DATABASE_URL: "postgresql://crm@db/crm",
        DEMO: "on",
        NODE_ENV: "production",
        LOG_LEVEL: "warn",
      }),
    ).toEqual({
      port: 0,
      host: "::1",
      dataDir: "/srv/crm",
      databaseUrl: "postgresql://crm@db/crm",
      demo: true,
      environment: "production",
      logLevel: "warn",
      startedByNpm: false,
      auth: {
        issuers: [
          {
            issuer: "https://login.example/",
            audience: "crm",
            key: { kind: "keySet", url: new URL("https://login.example/keys") },
            claims: { subject: "sub", tenant: "org", scopes: "scopes", app: "app_id" },
            tenants: null,
          },
        ],
        keySets: { refresh: 60, cooldown: 5, keep: 3_600 },
      },
    });
  });

  test("puts no invented data into a database of the operator's own", () => {
    expect(loadConfig({ DATABASE_URL: "postgres://crm@db/crm" }).demo).toBe(false);
    expect(loadConfig({ DEMO: "off" }).demo).toBe(false);
  });

  test("reports all problems at once, a line each, without repeating a secret", () => {
    const problems = messageOf({
      PORT: "70000",
      HOST: "not a host",
      DATA_DIR: "a\0b",
      DATABASE_URL: "mysql://crm:hunter2@db/crm",
      DEMO: "maybe",
      NODE_ENV: "prod",
      LOG_LEVEL: "loud",
    });
    const names = problems.split("\n").map((line) => line.split(" ")[0]);
    expect(names).toEqual([
      "PORT",
      "HOST",
      "DATA_DIR",
      "DATABASE_URL",
      "DEMO",
      "NODE_ENV",
      "LOG_LEVEL",
    ]);
    expect(problems).not.toContain("hunter2");
    expect(problems).toContain("PORT must be a number from 0 to 65535");
  });

  test.for(["-1", "4000.5", "4e3", " 4000", "65536"])("refuses PORT=%s", (port) => {
    expect(messageOf({ PORT: port })).toMatch(/^PORT must be a number[^\n]*$/);
  });
});

describe("issuers of tokens", () => {
  const secret = "hunter2 hunter2 hunter2 hunter2 hunter2";
  const single = { JWT_ISSUER: "a", JWT_AUDIENCE: "crm", JWT_SECRET: secret };
  const listed = (...issuers: readonly unknown[]) => ({ JWT_ISSUERS: JSON.stringify(issuers) });

  test("can be several, with claims of their own and tenants that they may speak for", () => {
    const other = { issuer: "b", audience: "crm", jwksUrl: "http://localhost:8080/keys" };
    const { issuers } = loadConfig({
      ...single,
      ...listed({ ...other, claims: { app: "azp" }, tenants: ["blue-ridge"] }),
      JWT_CLAIM_SUBJECT: "uid",
    }).auth;
    expect(issuers).toEqual([
      {
        issuer: "a",
        audience: "crm",
        key: { kind: "secret", secret },
        claims: { subject: "uid", tenant: "tenant_id", scopes: "scopes", app: "app_id" },
        tenants: null,
      },
      {
        issuer: "b",
        audience: "crm",
        key: { kind: "keySet", url: new URL("http://localhost:8080/keys") },
        claims: { subject: "uid", tenant: "tenant_id", scopes: "scopes", app: "azp" },
        tenants: ["blue-ridge"],
      },
    ]);
  });

  const good = { issuer: "b", audience: "crm", secret };
  test.for<[string, Record<string, string>, RegExp]>([
    ["no audience", { JWT_ISSUER: "a", JWT_SECRET: secret }, /^JWT_AUDIENCE is needed/],
    ["no issuer", { JWT_AUDIENCE: "crm", JWT_SECRET: secret }, /^JWT_ISSUER is needed/],
    ["no key", { JWT_ISSUER: "a", JWT_AUDIENCE: "crm" }, /^JWT_SECRET or JWKS_URL is needed/],
    ["two keys", { ...single, JWKS_URL: "https://a/keys" }, /^JWT_SECRET or JWKS_URL .*not both$/],
    ["a short secret", { ...single, JWT_SECRET: "hunter2" }, /^JWT_SECRET must have at least 32/],
    ["keys over http", { JWKS_URL: "http://login.example/keys" }, /^JWKS_URL must be an https URL/],
    ["a key file", { JWKS_URL: "file:///etc/keys" }, /^JWKS_URL must be an https URL/],
    ["no seconds", { JWKS_KEEP_SECONDS: "-1" }, /^JWKS_KEEP_SECONDS must be a whole number/],
    ["no JSON", { JWT_ISSUERS: `[{"secret": ${secret}` }, /^JWT_ISSUERS is not JSON$/],
    ["no list", { JWT_ISSUERS: "{}" }, /^JWT_ISSUERS must be a list of issuers$/],
    ["no object", listed(secret), /^JWT_ISSUERS\.0 must be an object$/],
    ["no key in the list", listed({ ...good, secret: undefined }), /^JWT_ISSUERS\.0 needs either/],
    ["no tenants", listed({ ...good, tenants: [] }), /^JWT_ISSUERS\.0\.tenants must name a tenant/],
    ["an unknown setting", listed({ ...good, algorithm: "none" }), /^JWT_ISSUERS\.0 .*algorithm/],
    ["one twice", listed(good, good), /^JWT_ISSUERS must name each issuer once/],
    [
      "the single one again",
      { ...single, ...listed({ ...good, issuer: "a" }) },
      /each issuer once/,
    ],
  ])("with %s are refused in a line, which repeats no secret", ([, env, line]) => {
    const problems = messageOf(env);
    expect(problems).toMatch(line);
    expect(problems).not.toContain("hunter2");
  });

  test("are told together with everything else that is wrong", () => {
    const names = messageOf({ PORT: "x", JWT_SECRET: "short", JWKS_REFRESH_SECONDS: "y" })
      .split("\n")
      .map((line) => line.split(" ")[0]);
    expect(names).toEqual(["PORT", "JWT_SECRET", "JWKS_REFRESH_SECONDS"]);
  });
});

function messageOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
  throw new Error("the configuration was accepted");
}
