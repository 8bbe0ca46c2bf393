import { afterEach, describe, expect, it } from "vitest";
import { captureLog, type CapturedLog } from "../support/gateway/captured-log.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";

let gateway: TestGateway;
let log: CapturedLog;
let isOpen = false;
afterEach(close);

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  log = captureLog();
  gateway = await startGateway({ logLevel: "info", logTo: log.stream, env });
  isOpen = true;
}

async function close(): Promise<void> {
  if (isOpen) await gateway.close();
  isOpen = false;
}

async function ask(headers: readonly (readonly [string, string])[], query = "{ __typename }") {
  const answer = await send(`${gateway.url}/graphql`, {
    headers: [["content-type", "application/json"], ...headers],
    body: JSON.stringify({ query }),
  });
  return { status: answer.status, id: String(answer.headers["x-request-id"]) };
}

const denials = () => log.lines().filter(({ audit }) => audit === true);

describe("access that was denied", () => {
  it("is a line of the audit: from where, with which kind of credential, and none of it", async () => {
    await start();
    const kinds = [
      [[], "none", "no credential"],
      [[["x-api-key", "hunter2-a"]], "x-api-key", "not an API key"],
      [[["authorization", "Bearer hunter2-b"]], "authorization", "neither an API key nor a token"],
      [
        [
          ["x-api-key", "hunter2-c"],
          ["authorization", "Basic hunter2-d"],
        ],
        "both",
        "not an API key",
      ],
    ] as const;
    for (const [headers, credential, reason] of kinds) {
      const { status, id } = await ask(headers);
      expect(status).toBe(401);
      expect(await log.of(id)).toMatchObject([
        {
          level: "warn",
          msg: "denied",
          audit: true,
          address: "127.0.0.1",
          credential,
          reason,
          codes: ["UNAUTHENTICATED"],
        },
      ]);
    }
    expect(log.text()).not.toContain("hunter2");
  });

  it("for want of a scope says who, what and which scopes", async () => {
    await start();
    const { slug, id: tenant } = await gateway.fixtures.tenant("north-harbor");
    const key = await gateway.keyFor(slug, ["read:*"]);
    const { id } = await ask(
      [["x-api-key", key]],
      'mutation Add { createAccount(input: { name: "x" }) { account { id } } }',
    );
    const [line] = await log.of(id);
    expect(line).toMatchObject({
      msg: "denied",
      audit: true,
      tenant,
      actor: { kind: "apiKey", id: `key-${key.split("_")[2]}` },
      operation: "Add",
      operationType: "mutation",
      codes: ["FORBIDDEN"],
      missingScopes: ["write:accounts"],
    });
  });

  it("names the address that the proxy has seen, when there is one", async () => {
    await start({ TRUST_PROXY: "on" });
    const { id } = await ask([["x-forwarded-for", "198.51.100.1, 203.0.113.7"]]);
    expect(await log.of(id)).toMatchObject([{ address: "203.0.113.7" }]);
    const forged = await ask([["x-forwarded-for", "not an address"]]);
    expect(await log.of(forged.id)).toMatchObject([{ address: "127.0.0.1" }]);
  });

  it("names no address that a caller only claims", async () => {
    await start();
    const { id } = await ask([["x-forwarded-for", "203.0.113.7"]]);
    expect(await log.of(id)).toMatchObject([{ address: "127.0.0.1" }]);
  });
});

describe("a flood of refusals", () => {
  it("gets ten lines a minute for an address; the rest is counted", async () => {
    await start({ TRUST_PROXY: "on" });
    for (let time = 0; time < 40; time += 1) await ask([["x-forwarded-for", "203.0.113.7"]]);
    const other = await ask([["x-forwarded-for", "203.0.113.8"]]);
    await log.of(other.id);
    expect(denials()).toHaveLength(11);
    await close();
    expect(denials().slice(11)).toMatchObject([
      { count: 30, most: [{ address: "203.0.113.7", count: 30 }] },
    ]);
  });

  it("gets no lines of another kind either: unknown paths, bad hosts", async () => {
    await start();
    const status = async (path: string) => (await send(`${gateway.url}${path}`)).status;
    for (let time = 0; time < 30; time += 1) expect(await status(`/${time}`)).toBe(404);
    await close();
    expect(log.lines().filter(({ msg }) => msg === "answered")).toHaveLength(10);
  });

  it("takes nothing from those who have a working credential", async () => {
    await start();
    const { slug } = await gateway.fixtures.tenant("north-harbor");
    const key = await gateway.keyFor(slug);
    for (let time = 0; time < 20; time += 1) await ask([]);
    const ids: string[] = [];
    for (let time = 0; time < 15; time += 1) ids.push((await ask([["x-api-key", key]])).id);
    for (const id of ids) expect(await log.of(id)).toHaveLength(1);
  });
});
