import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
let slug: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env: { POINTS_PER_MINUTE: "100" } });
  const tenant = await gateway.fixtures.tenant("north-harbor");
  ({ slug } = tenant);
  // As many as any page below has: nothing of what is held for them is given back.
  for (let count = 0; count < 99; count += 1) await tenant.account({ name: `Account ${count}` });
});
afterAll(() => gateway.close());

/** An operation of that cost: the tenant, and a page of the rest. */
function operationOf(cost: number): string {
  if (cost === 0) return "{ __typename }";
  return cost === 1
    ? "{ tenant { id } }"
    : `{ tenant { id accounts(first: ${cost - 1}) { nodes { id } } } }`;
}
const ask = (key: string, cost: number) =>
  post(gateway.url, key, { body: JSON.stringify({ query: operationOf(cost) }) });

describe("points of cost", () => {
  it("are taken before an operation runs, and every answer says how many are left", async () => {
    const key = await gateway.keyFor(slug);
    const answers = [await ask(key, 40), await ask(key, 0), await ask(key, 60)];
    const left = answers.map(({ answer }) =>
      at(answer, "extensions", "rateLimit", "points", "remaining"),
    );
    expect(left).toEqual([60, 60, 0]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("that are not left refuse the operation, say when to come again, and stay for a cheaper one", async () => {
    const key = await gateway.keyFor(slug);
    await ask(key, 70);
    const { status, retryAfter, answer } = await ask(key, 31);
    expect(status).toBe(429);
    expect(Number(retryAfter)).toBeGreaterThan(0);
    expect(answer).not.toHaveProperty("data");
    expect(at(answer, "errors", 0)).toEqual({
      message: `API key minute points limit exceeded: the operation costs 31, 30 of 100 points are left; try again in ${retryAfter} s.`,
      extensions: {
        code: "RATE_LIMITED",
        limit: 100,
        remaining: 30,
        window: "minute",
        retryAfter: Number(retryAfter),
      },
    });
    expect((await ask(key, 30)).status).toBe(200);
  });

  it("that no minute has are no reason to come again", async () => {
    const { retryAfter, answer } = await ask(await gateway.keyFor(slug), 101);
    expect(retryAfter).toBeNull();
    expect(at(answer, "errors", 0, "extensions")).toEqual({
      code: "QUERY_TOO_COMPLEX",
      points: 101,
      limit: 100,
    });
  });

  it("of one key are not another's", async () => {
    const [spent, fresh] = [await gateway.keyFor(slug), await gateway.keyFor(slug)];
    await ask(spent, 100);
    expect((await ask(spent, 1)).status).toBe(429);
    expect((await ask(fresh, 100)).status).toBe(200);
  });
});
