import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config.ts";

const databaseUrl = "postgres://crm@db/crm";

describe("the configuration of limits", () => {
  it("counts quotas in memory, and in the operator's own database when there is one", () => {
    expect(loadConfig({}).limits.store).toBe("memory");
    expect(loadConfig({ DATABASE_URL: databaseUrl }).limits.store).toBe("postgres");
    const env = { DATABASE_URL: databaseUrl, RATE_LIMIT_STORE: "memory" };
    expect(loadConfig(env).limits.store).toBe("memory");
  });

  it("follows the size of the pool with what it lets in, unless told otherwise", () => {
    const env = { POOL_SIZE: "20" };
    expect(loadConfig(env)).toMatchObject({ pool: { waiters: 2_000 }, limits: { inFlight: 20 } });
    expect(loadConfig({ ...env, POOL_QUEUE: "7", MAX_IN_FLIGHT: "9" })).toMatchObject({
      pool: { size: 20, waiters: 7 },
      limits: { inFlight: 9 },
    });
  });

  it("reads times with their unit", () => {
    const env = { POOL_WAIT: "250ms", STATEMENT_TIMEOUT: "3s", REQUEST_TIMEOUT: "2min" };
    expect(loadConfig(env)).toMatchObject({
      pool: { waitMilliseconds: 250, statementMilliseconds: 3_000, lockMilliseconds: 5_000 },
      limits: { requestMilliseconds: 120_000 },
    });
  });

  it.each(["0", "-1", "1.5", "ten", "2000000000"])("takes no count of %s", (count) => {
    expect(() => loadConfig({ REQUESTS_PER_MINUTE: count })).toThrow(
      /^REQUESTS_PER_MINUTE must be a whole number from 1 to 1000000000$/,
    );
  });

  it.each(["10", "0s", "2d", "s", "-1s"])("takes no time of %s", (time) => {
    expect(() => loadConfig({ REQUEST_TIMEOUT: time })).toThrow(/^REQUEST_TIMEOUT must be a time/);
  });
});
