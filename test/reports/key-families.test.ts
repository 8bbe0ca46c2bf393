import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { limitedKey, post } from "../support/gateway/limits.ts";
import { problemsOf } from "../support/writes/mutation.ts";
import { Writes } from "../support/writes/writes.ts";

const gateways: TestGateway[] = [];
let slug: string;

beforeAll(async () => {
  const env = { REQUESTS_PER_MINUTE: "20" };
  gateways.push(await startGateway({ logLevel: "silent", env }));
  gateways.push(
    await startGateway({ logLevel: "silent", env: { ...env, RATE_LIMIT_STORE: "postgres" } }),
  );
  for (const gateway of gateways) slug = (await gateway.fixtures.tenant("north-harbor")).slug;
});
afterAll(() => Promise.all(gateways.map((gateway) => gateway.close())));

type Made = { readonly id: string; readonly secret: string };

/** A key that another one makes: one request of its maker's. */
async function madeBy(
  gateway: TestGateway,
  maker: string,
  input: Readonly<Record<string, unknown>> = {},
): Promise<Made> {
  const data = await gateway.data(
    maker,
    "mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } userErrors { code path } } }",
    { input: { name: "made", scopes: ["*"], ...input } },
  );
  const payload = at(data, "createApiKey");
  expect(at(payload, "userErrors")).toEqual([]);
  return { id: String(at(payload, "apiKey", "id")), secret: String(at(payload, "secret")) };
}

async function rotated(gateway: TestGateway, by: string, id: string): Promise<Made> {
  const data = await gateway.data(
    by,
    "mutation($id: ID!) { rotateApiKey(id: $id) { secret apiKey { id } userErrors { code path } } }",
    { id },
  );
  return {
    id: String(at(data, "rotateApiKey", "apiKey", "id")),
    secret: String(at(data, "rotateApiKey", "secret")),
  };
}

/** How often a key is answered until it is refused. */
async function answersOf(gateway: TestGateway, key: string): Promise<number> {
  for (let count = 0; ; count += 1) {
    if ((await post(gateway.url, key)).status === 429) return count;
  }
}

describe.each(["memory", "postgres"])("a family of keys, counted in %s", (store) => {
  const gateway = (): TestGateway => {
    const found = gateways[store === "memory" ? 0 : 1];
    if (found === undefined) throw new Error("no gateway");
    return found;
  };

  it("has one minute, however many keys it makes", async () => {
    const first = await limitedKey(gateway(), slug, 12);
    const child = await madeBy(gateway(), first);
    const grandchild = await madeBy(gateway(), child.secret);
    // Two were taken by making them.
    expect(await answersOf(gateway(), grandchild.secret)).toBe(10);
    expect((await post(gateway().url, child.secret)).status).toBe(429);
    expect((await post(gateway().url, first)).status).toBe(429);
  });

  it("leaves a key with less than its maker that much", async () => {
    const first = await limitedKey(gateway(), slug, 12);
    const child = await madeBy(gateway(), first, { requests_per_minute: 4 });
    expect(await answersOf(gateway(), child.secret)).toBe(4);
    const sibling = await madeBy(gateway(), first, { requests_per_minute: 4 });
    expect(await answersOf(gateway(), sibling.secret)).toBe(4);
    // Twelve less two makings, eight answers and the two that were refused: they are not counted.
    expect(await answersOf(gateway(), first)).toBe(2);
  });

  it("counts for its maker what is made without a quota of its own or with a larger one", async () => {
    const first = await limitedKey(gateway(), slug, null);
    const child = await madeBy(gateway(), first, { requests_per_minute: 1_000 });
    expect(await answersOf(gateway(), child.secret)).toBe(19);
  });

  it("goes on in one minute when a key is rotated", async () => {
    const first = await limitedKey(gateway(), slug, 12);
    const child = await madeBy(gateway(), first, { requests_per_minute: 5 });
    const next = await rotated(gateway(), first, child.id);
    const last = await rotated(gateway(), first, next.id);
    expect(await answersOf(gateway(), next.secret)).toBe(5);
    expect((await post(gateway().url, last.secret)).status).toBe(429);
    expect((await post(gateway().url, child.secret)).status).toBe(429);
  });

  it("has one minute of points", async () => {
    const first = await limitedKey(gateway(), slug, 12);
    const child = await madeBy(gateway(), first);
    const points = async (key: string) => {
      const { answer } = await post(gateway().url, key, { query: "{ accounts { nodes { id } } }" });
      return Number(at(answer, "extensions", "rateLimit", "points", "remaining"));
    };
    const before = await points(first);
    expect(await points(child.secret)).toBeLessThan(before);
  });
});

describe("a key takes over no key with more than its own", () => {
  it.each([
    [null, 21, false],
    [null, 20, true],
    [null, null, true],
    [19, null, false],
    [20, null, true],
    [30, null, true],
    [30, 31, false],
  ] as const)("%s a minute, and a key of %s", async (own, other, isAllowed) => {
    const [gateway] = gateways;
    if (gateway === undefined) throw new Error("no gateway");
    const key = await limitedKey(gateway, slug, own);
    const target = await limitedKey(gateway, slug, other);
    const id = `key-${target.split("_")[2]}`;
    const outcome = await new Writes(gateway, key).mutate("rotateApiKey", { id });
    expect(problemsOf(outcome)).toEqual(isAllowed ? [] : ["BAD_USER_INPUT id"]);
  });

  it("but one that it made, whatever that says, since it counts in its own minute", async () => {
    const [gateway] = gateways;
    if (gateway === undefined) throw new Error("no gateway");
    const first = await limitedKey(gateway, slug, null);
    const child = await madeBy(gateway, first, { requests_per_minute: 1_000 });
    const next = await rotated(gateway, first, child.id);
    expect(await answersOf(gateway, next.secret)).toBe(18);
  });
});

it("a key cannot be made by way of any number of others", async () => {
  const [gateway] = gateways;
  if (gateway === undefined) throw new Error("no gateway");
  let key = await limitedKey(gateway, slug, 20);
  for (let count = 0; count < 8; count += 1) key = (await madeBy(gateway, key)).secret;
  const input = { name: "one too many", scopes: ["*"] };
  const outcome = await new Writes(gateway, key).mutate("createApiKey", { input });
  expect(outcome.record).toBeNull();
  expect(problemsOf(outcome)).toEqual(["BAD_USER_INPUT "]);
});
