import { errors } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KeySet } from "../../src/auth/key-set.ts";
import { GatewayError } from "../../src/lib/errors.ts";
import {
  makeSigningKey,
  startKeyServer,
  type KeyServer,
  type SigningKey,
} from "../support/gateway/key-server.ts";

const second = 1_000;
const ages = { refresh: 300, cooldown: 10, keep: 86_400 };

let first: SigningKey;
let next: SigningKey;
let server: KeyServer;
let time: number;
let told: string[];

beforeAll(async () => {
  first = await makeSigningKey("RS256", "first");
  next = await makeSigningKey("RS256", "next");
});
beforeEach(async () => {
  server = await startKeyServer([first.jwk]);
  time = 1_000_000;
  told = [];
});
afterEach(() => server.stop());

/** A key set whose clock goes when the test says so. */
function keySet(): KeySet {
  const note = (_about: unknown, message?: unknown): void => void told.push(String(message));
  return new KeySet({
    url: new URL(server.url),
    ages,
    logger: { info: note, warn: note },
    now: () => time,
  });
}

const token = { payload: "", signature: "" };
/** What becomes of a token that names the key: `key`, `no key` or `unavailable`. */
async function outcome(keys: KeySet, kid = "first"): Promise<string> {
  try {
    const { type } = await keys.keyFor({ alg: "RS256", kid }, token);
    return type === "public" ? "key" : type;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return "no key";
    if (error instanceof GatewayError && error.code === "UNAVAILABLE") return "unavailable";
    throw error;
  }
}

/** Until a fetch in the background has been tried. */
const settled = (keys: KeySet) => keys.fetch();

describe("a key set", () => {
  it("is fetched once for all who wait for it", async () => {
    const keys = keySet();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(keys)));
    expect(new Set(outcomes)).toEqual(new Set(["key"]));
    expect(server.requests()).toBe(1);
  });

  it("is fetched again before anybody waits for it", async () => {
    const keys = keySet();
    await keys.fetch();
    time += ages.refresh * second;
    server.publish([first.jwk, next.jwk]);
    expect(await outcome(keys)).toBe("key");
    await expect.poll(() => server.requests()).toBe(2);
    await expect.poll(() => outcome(keys, "next")).toBe("key");
    expect(server.requests()).toBe(2);
  });

  it("does not outlive a withdrawal by much, however long nobody asked", async () => {
    const keys = keySet();
    await keys.fetch();
    server.publish([next.jwk]);
    time += 3 * ages.refresh * second;
    expect(await outcome(keys)).toBe("no key");
  });

  it("follows a rotation at the first token that names the new key", async () => {
    const keys = keySet();
    await keys.fetch();
    time += ages.cooldown * second;
    server.publish([next.jwk]);
    expect(await outcome(keys, "next")).toBe("key");
    expect(await outcome(keys, "first")).toBe("no key");
    expect(server.requests()).toBe(2);
  });

  it("is not fetched for made-up keys more often than the cooldown allows", async () => {
    const keys = keySet();
    await keys.fetch();
    for (let round = 1; round <= 3; round += 1) {
      time += ages.cooldown * second;
      const made = Array.from({ length: 100 }, (_, index) => outcome(keys, `made-up-${index}`));
      expect(new Set(await Promise.all(made))).toEqual(new Set(["no key"]));
      expect(server.requests()).toBe(1 + round);
    }
  });

  it("is not taken from a server that redirects, lies or floods", async () => {
    const elsewhere = await startKeyServer([first.jwk]);
    const answers: Parameters<KeyServer["misbehave"]>[0][] = [
      (response) => response.writeHead(302, { location: elsewhere.url }).end(),
      (response) => response.writeHead(500).end(),
      (response) => response.writeHead(200).end("not JSON"),
      (response) => response.writeHead(200).end('{"keys": "all"}'),
      (response) => response.writeHead(200).end(`{"keys": [], "x": "${"x".repeat(600_000)}"}`),
      (response) => response.destroy(),
    ];
    for (const answer of answers) {
      server.misbehave(answer);
      expect(await outcome(keySet())).toBe("unavailable");
    }
    expect(elsewhere.requests()).toBe(0);
    await elsewhere.stop();
  });

  it("gives up on a server that never answers", async () => {
    server.misbehave(() => undefined);
    expect(await outcome(keySet())).toBe("unavailable");
  });

  it("never opens with a key that is secret, or too weak to be one", async () => {
    server.publish([{ kty: "oct", k: "c2VjcmV0", kid: "first", alg: "HS256" }]);
    expect(await outcome(keySet())).toBe("no key");
  });
});

describe("while its server is down, a key set", () => {
  it("serves callers with known keys as if nothing were, for as long as keys are kept", async () => {
    const keys = keySet();
    await keys.fetch();
    await server.stop();
    // Every ten seconds for ten minutes, in which fetching them again is tried and fails.
    for (let call = 0; call < 60; call += 1) {
      expect(await outcome(keys)).toBe("key");
      time += 10 * second;
    }
    for (const hours of [1, 6, 12]) {
      time += hours * 3_600 * second;
      expect(await outcome(keys)).toBe("key");
      await settled(keys);
    }
    time += 12 * 3_600 * second;
    expect(await outcome(keys)).toBe("unavailable");
  });

  it("tells so once, and once that it is back", async () => {
    const keys = keySet();
    await keys.fetch();
    await server.stop();
    for (let round = 0; round < 5; round += 1) {
      time += ages.refresh * second;
      await outcome(keys);
      await settled(keys);
    }
    expect(told).toEqual(["the key set cannot be fetched"]);
    await server.restart();
    await settled(keys);
    expect(told).toEqual(["the key set cannot be fetched", "the key set is back"]);
    expect(await outcome(keys)).toBe("key");
  });

  it("that was never fetched says when to come again, and asks no more often", async () => {
    await server.stop();
    const keys = keySet();
    const refusal = await keys.keyFor({ alg: "RS256", kid: "first" }, token).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ refusal: { code: "UNAVAILABLE", retryAfter: 5 } });
    await server.restart();
    // Whoever comes within the pause is told how long to wait, and causes no request.
    expect(await outcome(keys)).toBe("unavailable");
    expect(server.requests()).toBe(0);
    time += 5 * second;
    expect(await outcome(keys)).toBe("key");
  });
});
