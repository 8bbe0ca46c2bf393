import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { limitedKey, post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
let slug: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env: { REQUESTS_PER_MINUTE: "5" } });
  slug = (await gateway.fixtures.tenant("north-harbor")).slug;
});
afterAll(() => gateway.close());

const states = (answers: readonly { readonly remaining: string | null }[]) =>
  answers.map(({ remaining }) => remaining);

describe("a key that has 60 requests a minute", () => {
  it("gets 60 answers that count down, then 429 that says when to come again", async () => {
    const key = await limitedKey(gateway, slug, 60);
    const admitted = [];
    for (let count = 1; count <= 60; count += 1) admitted.push(await post(gateway.url, key));
    expect(admitted.map(({ status }) => status)).toEqual(admitted.map(() => 200));
    expect(states(admitted)).toEqual(Array.from({ length: 60 }, (_, index) => `${59 - index}`));
    expect(new Set(admitted.map(({ limit }) => limit))).toEqual(new Set(["60"]));

    const refused = await post(gateway.url, key);
    expect([refused.status, refused.limit, refused.remaining]).toEqual([429, "60", "0"]);
    const retryAfter = Number(refused.retryAfter);
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(refused.reset).toBe(refused.retryAfter);
    expect(refused.answer).toEqual({
      errors: [
        {
          message: `API key minute rate limit exceeded: 60 requests a minute; try again in ${retryAfter} s.`,
          extensions: { code: "RATE_LIMITED", limit: 60, window: "minute", retryAfter },
        },
      ],
      extensions: { rateLimit: expect.objectContaining({ limit: 60, remaining: 0 }) },
    });
  });

  it("is refused before its body is read", async () => {
    const key = await limitedKey(gateway, slug, 1);
    await post(gateway.url, key);
    expect((await post(gateway.url, key, { body: "{" })).status).toBe(429);
  });

  it("does not take from another key of the tenant", async () => {
    const [spent, fresh] = [await limitedKey(gateway, slug, 1), await limitedKey(gateway, slug, 1)];
    expect((await post(gateway.url, spent)).status).toBe(200);
    expect((await post(gateway.url, spent)).status).toBe(429);
    expect((await post(gateway.url, fresh)).status).toBe(200);
  });
});

describe("every request with a valid credential", () => {
  it("counts, whatever comes of it, and its answer says what is left", async () => {
    const key = await limitedKey(gateway, slug, 60);
    const answers = [
      await post(gateway.url, key),
      await post(gateway.url, key, { body: "{" }),
      await post(gateway.url, key, { type: "text/plain" }),
      await post(gateway.url, key, { query: "{ nothing }" }),
      await post(gateway.url, key, { method: "PUT" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 415, 200, 405]);
    expect(states(answers)).toEqual(["59", "58", "57", "56", "55"]);
    for (const { reset } of answers) expect(Number(reset)).toBeGreaterThan(0);
    for (const [index, { answer }] of answers.slice(0, 4).entries()) {
      expect(at(answer, "extensions", "rateLimit", "remaining")).toBe(59 - index);
    }
  });

  it("counts too when it names another organization or a department that is none", async () => {
    const key = await limitedKey(gateway, slug, 3);
    const name = (header: string, id: string) =>
      post(gateway.url, key, {
        headers: { [header]: `${id}-0190aaaa-0000-7000-8000-000000000000` },
      });
    const first = [await name("x-organization-id", "ten"), await name("x-department-id", "dep")];
    expect(first.map(({ status }) => status)).toEqual([403, 403]);
    expect(states(first)).toEqual(["2", "1"]);
    expect((await post(gateway.url, key)).status).toBe(200);
    gateway.statements.clear();
    expect((await name("x-department-id", "dep")).status).toBe(429);
    expect(gateway.statements.all()).toEqual([]);
  });

  it("has the operator's quota when its key has none of its own", async () => {
    const key = await gateway.keyFor(slug);
    expect(await post(gateway.url, key)).toMatchObject({ status: 200, limit: "5", remaining: "4" });
  });

  it("is told nothing of quotas when its credential is wrong", async () => {
    const { status, limit, remaining, answer } = await post(gateway.url, "crm_test_wrong");
    expect([status, limit, remaining]).toEqual([401, null, null]);
    expect(answer).not.toHaveProperty("extensions");
  });
});

describe("an answer that is repeated under its idempotency key", () => {
  it("says what is left now, around what was kept", async () => {
    const key = await limitedKey(gateway, slug, 60);
    const query =
      'mutation { createAccount(input: { name: "Kept" }) { account { id } userErrors { message } } }';
    const ask = () => post(gateway.url, key, { query, headers: { "idempotency-key": "quota" } });
    const [first, again] = [await ask(), await ask()];
    expect(at(again.answer, "data")).toEqual(at(first.answer, "data"));
    expect(at(again.answer, "data", "createAccount", "account", "id")).toMatch(/^acc-/);
    expect(at(first.answer, "extensions", "rateLimit", "remaining")).toBe(59);
    expect(at(again.answer, "extensions", "rateLimit", "remaining")).toBe(58);
    const { rows } = await gateway.fixtures.client.query<{ body: string }>(
      "SELECT response AS body FROM idempotency_keys WHERE response IS NOT NULL",
    );
    expect(rows).toHaveLength(1);
  });
});
