import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Made, TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { expectWritten, idOf, type Outcome, problemsOf } from "../support/writes/mutation.ts";
import { uuidOf } from "../support/samples/one-of-each.ts";
import { Writes } from "../support/writes/writes.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;
let department: Made;
let write: Writes;

beforeAll(async () => {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("keys");
  department = await tenant.department("Sales");
  write = new Writes(gateway, await gateway.keyFor(tenant.slug));
});
afterAll(() => gateway.close());

type Values = Readonly<Record<string, unknown>>;
const selection =
  "id name environment scopes departmentId appId requestsPerMinute expiresAt revokedAt createdBy version";

function create(input: Values, calls = write): Promise<Outcome> {
  return calls.mutate("createApiKey", { input: { name: "test", ...input } }, selection);
}
function rotate(id: string, graceMinutes?: number, calls = write): Promise<Outcome> {
  const grace = graceMinutes === undefined ? {} : { graceMinutes };
  return calls.mutate("rotateApiKey", { id, ...grace }, selection);
}
function revoke(id: string, calls = write): Promise<Outcome> {
  return calls.mutate("revokeApiKey", { id }, selection);
}
const secretOf = ({ payload }: Outcome) => String(at(payload, "secret"));

/** A key with a credential's calls. */
async function keyWith(input: Values): Promise<{ id: string; secret: string; calls: Writes }> {
  const outcome = await create(input);
  const secret = secretOf(outcome);
  return { id: idOf(expectWritten(outcome)), secret, calls: new Writes(gateway, secret) };
}
const createdBy = ({ key }: Writes) => `key-${key.split("_")[2]}`;

/** Whether a key opens the tenant. */
async function works(secret: string): Promise<boolean> {
  const { data } = await gateway.ask(secret, "{ viewer { tenant { id } } }");
  return data != null && at(data, "viewer", "tenant", "id") === tenant.id;
}

/** Everything that the database holds as text. */
async function dump(): Promise<string> {
  const { client } = gateway.fixtures;
  const tables = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const texts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<{ text: string }>(
      `SELECT t::text AS text FROM "${name}" t`,
    );
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join("\n");
}

describe("createApiKey", () => {
  it("makes a key that works, for this tenant", async () => {
    const { id, secret } = await keyWith({ scopes: ["read:*"] });
    expect(secret).toMatch(/^crm_live_[0-9a-f-]{36}_[0-9a-f]{48}$/);
    expect(secret.split("_")[2]).toBe(uuidOf(id));
    expect(await works(secret)).toBe(true);
  });

  it("holds what was said", async () => {
    const input = {
      scopes: ["read:*", "write:deals"],
      environment: "test",
      department_id: department.id,
      app_id: "app-7",
      requests_per_minute: 60,
      expires_at: "2999-01-01T00:00:00Z",
    };
    const record = expectWritten(await create({ name: "Countertop", ...input }));
    expect(record).toEqual({
      id: idOf(record),
      name: "Countertop",
      environment: "test",
      scopes: ["read:*", "write:deals"],
      departmentId: department.id,
      appId: "app-7",
      requestsPerMinute: 60,
      expiresAt: "2999-01-01T00:00:00.000Z",
      revokedAt: null,
      createdBy: createdBy(write),
      version: 1,
    });
  });

  it("shows the secret once: nothing that can be read holds it", async () => {
    const { secret } = await keyWith({ scopes: ["*"] });
    const fields = "id name environment scopes appId createdBy";
    const data = await gateway.data(write.key, `{ apiKeys { nodes { ${fields} } } }`);
    expect(JSON.stringify(data)).not.toContain(secret.split("_")[3]);
    const type = await gateway.data(write.key, '{ __type(name: "ApiKey") { fields { name } } }');
    expect(JSON.stringify(type)).not.toMatch(/secret|hash/i);
  });

  it("stores the secret as a hash only, also where answers and changes are kept", async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-api-key": write.key,
        "idempotency-key": "make-a-key",
      },
      body: JSON.stringify({
        query:
          'mutation { createApiKey(input: { name: "kept", scopes: ["*"] }) { secret apiKey { id } } }',
      }),
    });
    const answer: unknown = await response.json();
    const [, , id = "", secret = ""] = String(at(answer, "data", "createApiKey", "secret")).split(
      "_",
    );
    expect(secret).toHaveLength(48);
    const stored = await dump();
    expect(stored).toContain(createHash("sha256").update(secret).digest("hex"));
    expect(stored).not.toContain(secret);
    const { rows } = await gateway.fixtures.client.query(
      "SELECT changes FROM change_events WHERE entity_id = $1",
      [id],
    );
    expect(rows).toHaveLength(1);
    expect(Object.keys(Object(at(rows[0], "changes")))).not.toContain("secret_hash");
  });

  it.each([
    [["write:keys", "read:keys", "read:accounts"], ["read:accounts"], []],
    [["write:keys", "read:keys", "read:accounts"], ["read:*"], ["scopes.0"]],
    [
      ["write:keys", "read:keys", "read:accounts"],
      ["read:accounts", "write:accounts", "*"],
      ["scopes.1", "scopes.2"],
    ],
    [["write:*", "read:keys"], ["write:deals", "write:*"], []],
    [
      ["write:*", "read:keys"],
      ["*", "read:deals"],
      ["scopes.0", "scopes.1"],
    ],
    [["*"], ["*", "read:*", "write:keys"], []],
  ])("gives no scope beyond the caller's own: %j may give %j", async (own, scopes, refused) => {
    const { calls } = await keyWith({ scopes: own });
    const outcome = await create({ scopes }, calls);
    expect(problemsOf(outcome)).toEqual(refused.map((path) => `BAD_USER_INPUT ${path}`));
    expect(at(outcome.payload, "secret") === null).toBe(refused.length > 0);
  });

  it("takes scopes that there are, at least one, and a name", async () => {
    expect(problemsOf(await create({ scopes: [] }))).toEqual(["BAD_USER_INPUT scopes"]);
    expect(problemsOf(await create({ scopes: ["read:secrets"] }))).toEqual([
      "BAD_USER_INPUT scopes.0",
    ]);
    const outcome = await create({ name: " ", scopes: ["*"], environment: "Live!" });
    expect(problemsOf(outcome).toSorted()).toEqual([
      "BAD_USER_INPUT environment",
      "BAD_USER_INPUT name",
    ]);
  });

  it("of a caller that is bound to an application or a department is bound to the same", async () => {
    const own = { app_id: "app-1", department_id: department.id };
    const { calls } = await keyWith({ scopes: ["*"], ...own });
    const inherited = await create({ scopes: ["*"] }, calls);
    expect(at(expectWritten(inherited), "appId")).toBe("app-1");
    expect(at(inherited.record, "departmentId")).toBe(department.id);
    const other = await tenant.department("Support");
    const outcome = await create(
      { scopes: ["*"], app_id: "app-2", department_id: other.id },
      calls,
    );
    expect(problemsOf(outcome).toSorted()).toEqual([
      "BAD_USER_INPUT app_id",
      "BAD_USER_INPUT department_id",
    ]);
  });

  it("a key of no requests or of the past is refused", async () => {
    const expires_at = new Date(Date.now() - 1).toISOString();
    for (const requests_per_minute of [0, -1]) {
      const outcome = await create({ scopes: ["read:*"], requests_per_minute, expires_at });
      expect(problemsOf(outcome).toSorted()).toEqual([
        "BAD_USER_INPUT expires_at",
        "BAD_USER_INPUT requests_per_minute",
      ]);
      expect(secretOf(outcome)).toBe("null");
    }
  });

  it("of a caller that expires, or has a quota, gives no longer life and no larger quota", async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const { calls } = await keyWith({ scopes: ["*"], expires_at: soon, requests_per_minute: 100 });
    const inherited = expectWritten(await create({ scopes: ["read:*"] }, calls));
    expect(at(inherited, "expiresAt")).toBe(soon);
    expect(at(inherited, "requestsPerMinute")).toBe(100);
    const late = new Date(Date.now() + 7_200_000).toISOString();
    const outcome = await create(
      { scopes: ["read:*"], expires_at: late, requests_per_minute: 101 },
      calls,
    );
    expect(problemsOf(outcome).toSorted()).toEqual([
      "BAD_USER_INPUT expires_at",
      "BAD_USER_INPUT requests_per_minute",
    ]);
    const endless = await keyWith({ scopes: ["read:*"] });
    expect(problemsOf(await rotate(endless.id, 0, calls))).toEqual(["BAD_USER_INPUT id"]);
  });
});

describe("revokeApiKey", () => {
  it("makes a key invalid at once; revoking it again changes nothing", async () => {
    const { id, secret } = await keyWith({ scopes: ["*"] });
    expect(await works(secret)).toBe(true);
    const revoked = expectWritten(await revoke(id));
    expect(at(revoked, "revokedAt")).not.toBeNull();
    expect(at(revoked, "version")).toBe(2);
    expect(await works(secret)).toBe(false);
    expect(expectWritten(await revoke(id))).toEqual(revoked);
  });
});

describe("rotateApiKey", () => {
  it("makes a key that may do the same, with a secret of its own", async () => {
    const { id, secret } = await keyWith({
      scopes: ["read:*"],
      department_id: department.id,
      requests_per_minute: 9,
    });
    const outcome = await rotate(id);
    const record = expectWritten(outcome);
    expect(idOf(record)).not.toBe(id);
    expect(secretOf(outcome)).not.toBe(secret);
    expect(record).toMatchObject({
      scopes: ["read:*"],
      departmentId: department.id,
      requestsPerMinute: 9,
      expiresAt: null,
      createdBy: createdBy(write),
      version: 1,
    });
    expect(await works(secretOf(outcome))).toBe(true);
    expect(await dump()).not.toContain(secretOf(outcome).split("_")[3]);
  });

  it.concurrent.each([
    [undefined, 60],
    [5, 5],
    [10_080, 10_080],
  ])("with graceMinutes %s the old key works for %s minutes", async (graceMinutes, minutes) => {
    const { id, secret } = await keyWith({ scopes: ["*"] });
    const before = Date.now();
    expectWritten(await rotate(id, graceMinutes));
    const old = await gateway.data(
      write.key,
      "query ($id: ID!) { apiKeys(where: { id: { eq: $id } }) { nodes { expiresAt version } } }",
      { id },
    );
    const expiresAt = Date.parse(String(at(old, "apiKeys", "nodes", 0, "expiresAt")));
    expect(expiresAt).toBeGreaterThanOrEqual(before + minutes * 60_000);
    expect(expiresAt).toBeLessThanOrEqual(Date.now() + minutes * 60_000);
    expect(at(old, "apiKeys", "nodes", 0, "version")).toBe(2);
    expect(await works(secret)).toBe(true);
    const past = "UPDATE api_keys SET expires_at = now() WHERE id = $1";
    await gateway.fixtures.client.query(past, [uuidOf(id)]);
    // As if another process had done it.
    await expect.poll(() => works(secret)).toBe(false);
  });

  it("with graceMinutes 0 the old key works no more", async () => {
    const { id, secret } = await keyWith({ scopes: ["*"] });
    const outcome = await rotate(id, 0);
    expect(await works(secret)).toBe(false);
    expect(await works(secretOf(outcome))).toBe(true);
  });

  it("never lengthens the life of the old key", async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const { id } = await keyWith({ scopes: ["*"], expires_at: soon });
    expectWritten(await rotate(id, 600));
    const { rows } = await gateway.fixtures.client.query(
      "SELECT expires_at FROM api_keys WHERE id = $1",
      [uuidOf(id)],
    );
    expect(rows).toEqual([{ expires_at: new Date(soon) }]);
  });

  it.each([-1, 10_081])("with graceMinutes %s is refused", async (graceMinutes) => {
    const { id, secret } = await keyWith({ scopes: ["*"] });
    const outcome = await rotate(id, graceMinutes);
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT graceMinutes"]);
    expect(at(outcome.payload, "secret")).toBeNull();
    expect(await works(secret)).toBe(true);
  });

  it("of a key that works no more is refused", async () => {
    const { id } = await keyWith({ scopes: ["*"] });
    expectWritten(await revoke(id));
    expect(problemsOf(await rotate(id))).toEqual(["BAD_USER_INPUT id"]);
    const { id: expired } = await keyWith({ scopes: ["*"] });
    const past = "UPDATE api_keys SET expires_at = now() WHERE id = $1";
    await gateway.fixtures.client.query(past, [expired.slice("key-".length)]);
    expect(problemsOf(await rotate(expired))).toEqual(["BAD_USER_INPUT id"]);
  });

  it("of a key that may do more than the caller is refused", async () => {
    const { id } = await keyWith({ scopes: ["*"] });
    const { calls } = await keyWith({ scopes: ["write:keys", "read:*"] });
    const outcome = await rotate(id, 0, calls);
    expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT id"]);
    expect(at(outcome.payload, "secret")).toBeNull();
  });

  it("of another department's key, or of one for all, is refused to a caller bound to one", async () => {
    const other = await tenant.department("Elsewhere");
    const { calls } = await keyWith({ scopes: ["*"], department_id: department.id });
    for (const binding of [{}, { department_id: other.id }]) {
      const { id } = await keyWith({ scopes: ["read:*"], ...binding });
      const outcome = await rotate(id, 0, calls);
      expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT id"]);
      expect(at(outcome.payload, "secret")).toBeNull();
    }
    const { id } = await keyWith({ scopes: ["read:*"], department_id: department.id });
    expect(problemsOf(await rotate(id, 0, calls))).toEqual([]);
  });
});
