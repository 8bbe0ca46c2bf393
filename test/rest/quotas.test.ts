import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { limitedKey, post } from "../support/gateway/limits.ts";
import { startSecond } from "../support/writes/races.ts";
import { restClient, type RestAnswer, type RestClient } from "../support/rest/client.ts";

/** Twice what a list of 25 whole records holds while it is read. */
const pointsPerMinute = 3_000;
const environment = { POINTS_PER_MINUTE: String(pointsPerMinute) };

let gateway: TestGateway;
let slug: string;
let organization: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env: environment });
  const tenant = await gateway.fixtures.tenant("north-harbor");
  ({ slug, uuid: organization } = tenant);
});
afterAll(() => gateway.close());

const accounts = "/api/v1/crm/accounts";
const clientOf = (key: string): RestClient =>
  restClient(gateway, { "x-api-key": key, "x-organization-id": organization });

/** What an answer's headers say of the minute. */
const minuteOf = ({ headers }: RestAnswer) =>
  ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map((name) => {
    const value = headers.get(name);
    return value === null ? null : Number(value);
  });

describe("one minute for REST and GraphQL", () => {
  it("counts down over all faces, and each answer says what is left, whatever came of it", async () => {
    const key = await limitedKey(gateway, slug, 60);
    const rest = clientOf(key);
    const created = await rest.post(accounts, { name: "Harbor", email: "a@harbor.example" });
    const path = `${accounts}/${String(at(created.body, "id"))}`;
    const reused = { "idempotency-key": "one" };
    const requests: readonly (readonly [number, () => Promise<RestAnswer>])[] = [
      [200, () => rest.get(accounts)],
      [200, () => rest.get(path)],
      [200, () => rest.get("/api/public/v1/customers")],
      [201, () => rest.post("/v1/customer", { last_name: "Harbor" }, reused)],
      [200, () => rest.patch(path, { name: "South" })],
      [400, () => rest.get(`${accounts}?limit=0`)],
      [400, () => rest.post(accounts, "{")],
      [400, () => rest.post(accounts, { nmae: "x" })],
      [
        403,
        () => rest.get(accounts, { "x-organization-id": "0190aaaa-0000-7000-8000-000000000000" }),
      ],
      [404, () => rest.get(`${accounts}/acc-0190aaaa-0000-7000-8000-000000000000`)],
      [404, () => rest.get("/api/v1/crm/nothing")],
      [405, () => rest.delete(accounts)],
      [409, () => rest.post(accounts, { email: "A@harbor.example" })],
      [412, () => rest.patch(path, {}, { "if-match": '"9"' })],
      [413, () => rest.post(accounts, "x".repeat(1_000_001))],
      [415, () => rest.post(accounts, "x", { "content-type": "text/plain" })],
      [422, () => rest.post("/v1/customer", { last_name: "Other" }, reused)],
      [200, () => rest.delete(path)],
    ];
    let left = 59;
    expect(minuteOf(created)).toEqual([60, left, expect.any(Number)]);
    for (const [status, send] of requests) {
      const answer = await send();
      left -= 1;
      expect([answer.status, ...minuteOf(answer)], answer.text).toEqual([
        status,
        60,
        left,
        expect.any(Number),
      ]);
      const { status: graphqlStatus, remaining } = await post(gateway.url, key);
      left -= 1;
      expect([graphqlStatus, remaining]).toEqual([200, String(left)]);
    }
  });

  it("ends for all of them at once, with 429 in the words of each", async () => {
    const key = await limitedKey(gateway, slug, 3);
    const rest = clientOf(key);
    expect((await rest.get(accounts)).status).toBe(200);
    expect((await post(gateway.url, key)).status).toBe(200);
    expect((await rest.get("/v1/customers")).status).toBe(200);
    expect((await post(gateway.url, key)).status).toBe(429);
    const body = { error: "API key minute rate limit exceeded", limit: 3, window: "minute" };
    for (const path of [accounts, "/v1/customers", "/api/public/v1/customers"]) {
      for (const refused of [
        await rest.get(path),
        // Before anything of its body is read.
        await rest.post(path, "{"),
        await rest.get(`${path}?limit=x`),
      ]) {
        expect([refused.status, refused.text]).toEqual([429, JSON.stringify(body)]);
        const [limit, remaining, reset] = minuteOf(refused);
        expect([limit, remaining]).toEqual([3, 0]);
        expect(refused.headers.get("retry-after")).toBe(String(reset));
        expect(reset).toBeGreaterThan(0);
        expect(reset).toBeLessThanOrEqual(60);
      }
    }
  });

  it("is no credential's that is none", async () => {
    const { status, headers } = await clientOf("crm_test_none").get(accounts);
    expect([status, headers.get("x-ratelimit-limit")]).toEqual([401, null]);
  });
});

describe("one account of points for REST and GraphQL", () => {
  it("costs a list the same over both", async () => {
    const spent = async (read: (key: string) => Promise<unknown>): Promise<number> => {
      const key = await gateway.keyFor(slug);
      await read(key);
      const { answer } = await post(gateway.url, key);
      const left = Number(at(answer, "extensions", "rateLimit", "points", "remaining"));
      return pointsPerMinute - left;
    };
    const nothing = await spent(() => Promise.resolve());
    const query = "{ accounts(first: 50) { totalCount nodes { id } } }";
    const overGraphql = (await spent((key) => post(gateway.url, key, { query }))) - nothing;
    const overRest = (await spent((key) => clientOf(key).get(`${accounts}?limit=50`))) - nothing;
    expect(overRest).toBeGreaterThanOrEqual(70);
    expect(overRest).toBe(overGraphql);
    const mutation = 'mutation { createAccount(input: { name: "x" }) { account { id } } }';
    const made = (await spent((key) => post(gateway.url, key, { query: mutation }))) - nothing;
    const posted = (await spent((key) => clientOf(key).post(accounts, { name: "x" }))) - nothing;
    expect(posted).toBeGreaterThan(1);
    expect(Math.abs(posted - made)).toBeLessThanOrEqual(1);
  });

  it("is empty for both, and then 429 says when to come again", async () => {
    const key = await gateway.keyFor(slug);
    const rest = clientOf(key);
    const answers: RestAnswer[] = [];
    while (answers.length < 40 && answers.at(-1)?.status !== 429) {
      answers.push(await rest.get(`${accounts}?limit=50`));
    }
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, headers, body } of refused) {
      expect([status, body]).toEqual([
        429,
        {
          error: "API key minute points limit exceeded",
          limit: pointsPerMinute,
          window: "minute",
        },
      ]);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      expect(headers.get("x-ratelimit-limit")).not.toBeNull();
    }
    const query =
      "{ accounts(first: 90) { totalCount nodes { description customFields addresses { city } } } }";
    expect((await post(gateway.url, key, { query })).status).toBe(429);
  });
});

describe("two gateways on one database", () => {
  it("let a key that has 40 requests a minute send 40, over REST to one and GraphQL to the other", async () => {
    const env = { RATE_LIMIT_STORE: "postgres" };
    const shared = await startGateway({ logLevel: "silent", env });
    const second = await startSecond(shared.databaseUrl, "silent", env);
    try {
      const { slug: tenant } = await shared.fixtures.tenant("shared");
      const key = await limitedKey(shared, tenant, 40);
      const rest = restClient(shared, { "x-api-key": key });
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async (_, index) =>
          index % 2 === 0
            ? (await rest.get(accounts)).status
            : (await post(second.url, key)).status,
        ),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(40);
      expect(statuses.filter((status) => status === 429)).toHaveLength(160);
    } finally {
      await second.close();
      await shared.close();
    }
  });
});
