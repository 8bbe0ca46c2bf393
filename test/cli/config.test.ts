import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { StartupError } from "../../src/lib/startup-error.ts";

describe("the configuration", () => {
  test("needs nothing", () => {
    expect(loadConfig({})).toMatchObject({
      port: 4000,
      host: "127.0.0.1",
      dataDir: resolve(".data"),
      databaseUrl: null,
      demo: true,
      environment: "development",
      logLevel: "info",
      startedByNpm: false,
    });
  });

  test("takes an empty variable for an unset one", () => {
    expect(loadConfig({ PORT: "", DATABASE_URL: "", DEMO: "" })).toEqual(loadConfig({}));
  });

  test("reads every variable", () => {
    expect(
      loadConfig({
        PORT: "0",
        HOST: "::1",
        DATA_DIR: "/srv/crm",
        DATABASE_URL: "postgresql://crm@db/crm",
        DEMO: "on",
        NODE_ENV: "production",
        LOG_LEVEL: "warn",
      }),
    ).toMatchObject({
      port: 0,
      host: "::1",
      dataDir: "/srv/crm",
      databaseUrl: "postgresql://crm@db/crm",
      demo: true,
      environment: "production",
      logLevel: "warn",
      startedByNpm: false,
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

function messageOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
  throw new Error("the configuration was accepted");
}
