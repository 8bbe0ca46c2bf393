import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { v7 as uuidv7 } from "uuid";
import { ApiKeys } from "../../src/auth/api-keys.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";

let gateway: TestGateway;
let tenant: TenantFixtures;

/** For each part of the file: the use of keys is written at any time, also of those of the part before. */
async function start(): Promise<void> {
  gateway = await startGateway();
  tenant = await gateway.fixtures.tenant("north-harbor");
}

beforeEach(() => gateway.statements.clear());

const countOf = (name: string): number =>
  gateway.statements.everything().filter(({ text }) => text.includes(name)).length;
const lookUps = () => countOf("find_api_key");
const writes = () => countOf("note_api_key_use");

const ask = (key: string) => gateway.ask(key, "{ __typename }");
const codes = (answers: readonly Awaited<ReturnType<typeof ask>>[]) =>
  new Set(answers.map(({ errors }) => errors?.[0]?.extensions.code ?? "none"));
const secret = "0".repeat(48);

describe("checking keys", () => {
  beforeAll(start);
  afterAll(() => gateway.close());

  it("costs a key that is used all the time a statement every two seconds, not one a request", async () => {
    const key = await gateway.keyFor(tenant.slug);
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(key)));
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(codes(answers)).toEqual(new Set(["none"]));
    expect(lookUps()).toBeGreaterThanOrEqual(1);
    expect(lookUps()).toBeLessThanOrEqual(1 + seconds / 2);
  });

  it("costs wrong secrets of one key no more", async () => {
    const id = (await gateway.keyFor(tenant.slug)).split("_")[2];
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        ask(`crm_test_${id}_${String(index).padStart(48, "0")}`),
      ),
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(codes(answers)).toEqual(new Set(["UNAUTHENTICATED"]));
    expect(lookUps()).toBeLessThanOrEqual(1 + seconds / 2);
  });

  it("costs a made-up key that comes again and again no more", async () => {
    const key = `crm_test_${uuidv7()}_${secret}`;
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 200 }, () => ask(key)));
    const seconds = (performance.now() - startedAt) / 1_000;
    expect(lookUps()).toBeLessThanOrEqual(1 + seconds / 2);
  });

  it("costs a flood of made-up keys as many statements as fit in one after the other, not one a key", async () => {
    const { pool } = gateway.database;
    const keys = new ApiKeys({ pool, requestsPerMinute: 600, logger: { debug: () => undefined } });
    const flood = Array.from({ length: 2_000 }, () =>
      keys.authenticate(`crm_test_${uuidv7()}_${secret}`),
    );
    const refusals = new Set((await Promise.all(flood)).map((found) => JSON.stringify(found)));
    expect(refusals).toEqual(new Set(['{"refused":"no such API key"}']));
    // A thousand at a time.
    expect(lookUps()).toBe(2);
  });

  it("goes on for good keys amid a flood of made-up ones", async () => {
    const good = await gateway.keyFor(tenant.slug);
    const flood = Array.from({ length: 500 }, () => ask(`crm_test_${uuidv7()}_${secret}`));
    const amid = await Promise.all(Array.from({ length: 20 }, () => ask(good)));
    expect(codes(amid)).toEqual(new Set(["none"]));
    expect(codes(await Promise.all(flood))).toEqual(new Set(["UNAUTHENTICATED"]));
  });

  it("costs text that cannot be a key nothing", async () => {
    await Promise.all(["hello", `crm_test_${secret}`, "crm_", "x".repeat(9_000)].map(ask));
    // The use of other tests' keys is written at any time.
    const sent = gateway.statements.everything().map(({ text }) => text);
    expect(sent.filter((text) => !text.includes("note_api_key_use"))).toEqual([]);
  });
});

describe("the last use of a key", () => {
  beforeAll(start);
  afterAll(() => gateway.close());

  const noted = async (key: string) => {
    const { rows } = await gateway.fixtures.client.query<{
      last_used_at: Date | null;
      version: number;
    }>("SELECT last_used_at, version FROM api_keys WHERE id = $1", [key.split("_")[2]]);
    return rows[0];
  };
  const untilNoted = async (key: string): Promise<void> => {
    const read = async () => (await noted(key))?.last_used_at;
    await expect.poll(read).not.toBeNull();
  };

  it("is written once for many uses of many keys, is no change of them, and can be read", async () => {
    const keys: string[] = [];
    while (keys.length < 10) keys.push(await gateway.keyFor(tenant.slug));
    const [startedAt, started] = [Date.now(), performance.now()];
    for (const key of keys) await Promise.all(Array.from({ length: 5 }, () => ask(key)));
    for (const key of keys) await untilNoted(key);
    // At most one in five seconds.
    expect(writes()).toBeLessThanOrEqual((performance.now() - started) / 4_990);
    for (const key of keys) {
      const row = await noted(key);
      expect(row?.version).toBe(1);
      expect(Number(row?.last_used_at)).toBeGreaterThan(startedAt - 60_000);
      expect(Number(row?.last_used_at)).toBeLessThanOrEqual(Date.now() + 60_000);
    }
    const query =
      "{ apiKeys(where: { lastUsedAt: { isNull: false } }) { totalCount } changes { nodes { id } } }";
    const data = await gateway.data(keys[0] ?? "", query);
    expect(Number(at(data, "apiKeys", "totalCount"))).toBeGreaterThanOrEqual(10);
    expect(at(data, "changes", "nodes")).toEqual([]);
  });

  it("is left as it is for a minute, whichever process asks", async () => {
    const { pool } = gateway.database;
    const key = await gateway.keyFor(tenant.slug);
    const id = key.split("_")[2] ?? "";
    await pool.callFunction("note_api_key_use", [id]);
    const first = await noted(key);
    await pool.callFunction("note_api_key_use", [id]);
    expect(await noted(key)).toEqual(first);
    const { client } = gateway.fixtures;
    const older = "UPDATE api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1";
    await client.query(older, [id]);
    await pool.callFunction("note_api_key_use", [id]);
    expect(Number((await noted(key))?.last_used_at)).toBeGreaterThanOrEqual(
      Number(first?.last_used_at),
    );
  });

  it("waits for nobody who is changing the key", async () => {
    const key = await gateway.keyFor(tenant.slug);
    const id = key.split("_")[2] ?? "";
    const { client } = gateway.fixtures;
    await client.query("BEGIN");
    await client.query("SELECT FROM api_keys WHERE id = $1 FOR UPDATE", [id]);
    await gateway.database.pool.callFunction("note_api_key_use", [id]);
    await client.query("COMMIT");
    expect((await noted(key))?.last_used_at).toBeNull();
  });

  it("is not worth a failure: what cannot be written is left", async () => {
    const { client } = gateway.fixtures;
    await client.query("ALTER FUNCTION note_api_key_use RENAME TO gone");
    const other = await startGateway({ logLevel: "silent" });
    await other.fixtures.client.query("ALTER FUNCTION note_api_key_use RENAME TO gone");
    const { slug } = await other.fixtures.tenant("blue-ridge");
    const key = await other.keyFor(slug);
    expect(codes([await other.ask(key, "{ __typename }")])).toEqual(new Set(["none"]));
    // Closing writes what is left to be written.
    await expect(other.close()).resolves.toBeUndefined();
    await client.query("ALTER FUNCTION gone RENAME TO note_api_key_use");
  });
});
