import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { mostConnections } from "../../src/cli/doctor.ts";
import { loadConfig } from "../../src/config.ts";
import { StartupError } from "../../src/lib/startup-error.ts";

const telemetry = {
  metrics: { port: null, host: "127.0.0.1", token: null },
  tracing: null,
};

describe("the configuration", () => {
  test("needs nothing", () => {
    expect(loadConfig({})).toMatchObject({
      port: 4000,
      host: "127.0.0.1",
      dataDir: resolve(".data"),
      databaseUrl: null,
      databaseDirectUrl: null,
      pool: { fence: "session", preparedStatements: true },
      demo: true,
      environment: "development",
      logLevel: "warn",
      startedByNpm: false,
      telemetry,
      browsers: {
        corsOrigins: ["http://localhost:*", "http://127.0.0.1:*"],
        graphiql: true,
        trustProxy: false,
      },
      http: { maxConnections: 10_000, receiveMilliseconds: 12_000 },
      graphql: { introspection: true, federation: false, manifest: null },
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
        DATABASE_DIRECT_URL: "postgresql://owner@db/crm",
        FENCE: "transaction",
        PREPARED_STATEMENTS: "on",
        DEMO: "on",
        NODE_ENV: "production",
        LOG_LEVEL: "debug",
        METRICS_PORT: "9464",
        METRICS_HOST: "0.0.0.0",
        METRICS_TOKEN: "sixteen-or-more-characters",
        CORS_ORIGINS: "https://app.example.com, http://localhost:*",
        IMPORT_MAX_BYTES: "5000000000",
        WEBHOOK_ALLOW_HOSTS: "Hooks.corp.example, *.corp.internal, 10.0.0.0/8, fd12::7",
        GRAPHIQL: "on",
        TRUST_PROXY: "on",
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Basic%20abc,x-scope=1",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_RESOURCE_ATTRIBUTES: "service.name=crm,deployment.environment.name=eu",
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: "0.25",
        OTEL_BSP_SCHEDULE_DELAY: "1000",
        MAX_CONNECTIONS: "500",
        RECEIVE_TIMEOUT: "2500ms",
        INTROSPECTION: "on",
        OPERATIONS: "/srv/manifest.json",
      }),
    ).toMatchObject({
      port: 0,
      host: "::1",
      dataDir: "/srv/crm",
      databaseUrl: "postgresql://crm@db/crm",
      databaseDirectUrl: "postgresql://owner@db/crm",
      pool: { fence: "transaction", preparedStatements: true },
      demo: true,
      environment: "production",
      logLevel: "debug",
      startedByNpm: false,
      telemetry: {
        metrics: { port: 9464, host: "0.0.0.0", token: "sixteen-or-more-characters" },
        tracing: {
          url: "http://collector:4318/v1/traces",
          headers: { authorization: "Basic abc", "x-scope": "1" },
          resource: { "service.name": "crm", "deployment.environment.name": "eu" },
          sampler: "parentbased_traceidratio",
          ratio: 0.25,
          delay: 1_000,
        },
      },
      browsers: {
        corsOrigins: ["https://app.example.com", "http://localhost:*"],
        graphiql: true,
        trustProxy: true,
      },
      webhooks: {
        allowHosts: {
          names: ["hooks.corp.example"],
          suffixes: [".corp.internal"],
          networks: ["10.0.0.0/8", "fd12::7/128"],
        },
      },
      http: { maxConnections: 500, receiveMilliseconds: 2_500 },
      graphql: { introspection: true, manifest: "/srv/manifest.json" },
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

  test("reads what one operation may ask for", () => {
    expect(loadConfig({}).operations.maxCost).toBe(100_000);
    expect(loadConfig({ MAX_COST: "7", MAX_DEPTH: "5" }).operations).toMatchObject({
      maxCost: 7,
      maxDepth: 5,
    });
    for (const value of ["0", "-1", "1.5", "many", "1e9"]) {
      expect(messageOf({ MAX_COST: value })).toMatch(/^MAX_COST must be a whole number/);
    }
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
      MAX_CONNECTIONS: "0",
      RECEIVE_TIMEOUT: "0",
      INTROSPECTION: "yes",
      OPERATIONS: "a\0b",
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
      "MAX_CONNECTIONS",
      "RECEIVE_TIMEOUT",
      "INTROSPECTION",
      "OPERATIONS",
    ]);
    expect(problems).not.toContain("hunter2");
    expect(problems).toContain("PORT must be a number from 0 to 65535");
  });

  test("writes a line for each request in production, and not where somebody tries it out", () => {
    expect(loadConfig({ NODE_ENV: "production" }).logLevel).toBe("info");
    expect(loadConfig({}).logLevel).toBe("warn");
    expect(loadConfig({ LOG_LEVEL: "info" }).logLevel).toBe("info");
  });

  test.for([
    ["CORS_ORIGINS", "https://app.example.com/"],
    ["CORS_ORIGINS", "app.example.com"],
    ["CORS_ORIGINS", "https://app.example.com:443"],
    ["CORS_ORIGINS", "*,https://app.example.com"],
    ["CORS_ORIGINS", "https://app.example.com:*"],
    ["CORS_ORIGINS", "null"],
    ["FEDERATION", "yes"],
    ["METRICS_PORT", "70000"],
    ["METRICS_TOKEN", "hunter2"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "hunter2"],
    ["OTEL_TRACES_SAMPLER_ARG", "2"],
    ["TRUST_PROXY", "yes"],
    ["FENCE", "statement"],
    ["PREPARED_STATEMENTS", "yes"],
  ] as const)("refuses %s=%s in one line, without repeating it", ([name, value]) => {
    const problem = messageOf({ [name]: value });
    expect(problem).toMatch(new RegExp(`^${name} must be [^\\n]*$`));
    expect(problem).not.toContain("hunter2");
  });

  test("prepares statements behind poolers too, unless told otherwise", () => {
    const prepares = (env: Record<string, string>) => loadConfig(env).pool.preparedStatements;
    expect(prepares({ FENCE: "transaction" })).toBe(true);
    expect(prepares({ FENCE: "session", PREPARED_STATEMENTS: "off" })).toBe(false);
  });

  test("takes a direct URL for the database's own, and none without it", () => {
    const url = "postgres://crm@db/crm";
    expect(loadConfig({ DATABASE_URL: url }).databaseDirectUrl).toBe(url);
    expect(messageOf({ DATABASE_DIRECT_URL: url })).toMatch(
      /^DATABASE_DIRECT_URL needs DATABASE_URL/,
    );
  });

  test("has PostgreSQL bear what does not go through a pooler", () => {
    const env = { WORKERS: "8", POOL_SIZE: "50", DATABASE_URL: "postgres://crm@db/crm" };
    expect(mostConnections(loadConfig(env))).toBe(440);
    const pooled = { ...env, FENCE: "transaction", DATABASE_DIRECT_URL: "postgres://crm@db:1/crm" };
    expect(mostConnections(loadConfig(pooled))).toBe(40);
  });

  test("keeps metrics on a port of their own", () => {
    const taken = /^METRICS_PORT must be another port than PORT$/;
    expect(messageOf({ PORT: "4000", METRICS_PORT: "4000" })).toMatch(taken);
    expect(messageOf({ METRICS_PORT: "4000", HOST: "0.0.0.0" })).toMatch(taken);
    const apart = { METRICS_PORT: "4000", HOST: "192.0.2.1" };
    expect(loadConfig(apart).telemetry.metrics.port).toBe(4000);
    expect(loadConfig({ PORT: "0", METRICS_PORT: "0" }).telemetry.metrics.port).toBe(0);
  });

  test("hides the schema in production, unless told otherwise", () => {
    const isShown = (env: Record<string, string>) => loadConfig(env).graphql.introspection;
    expect(isShown({ NODE_ENV: "production" })).toBe(false);
    expect(isShown({ NODE_ENV: "development" })).toBe(true);
    expect(isShown({ NODE_ENV: "development", INTROSPECTION: "off" })).toBe(false);
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
