import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createCrmClient, TimeoutError, type CrmClient } from "../../client/src/index.ts";
import { at } from "../support/gateway/gateway.ts";
import {
  reply,
  silence,
  startScriptedServer,
  type ScriptedServer,
} from "../support/processes/scripted-server.ts";

let server: ScriptedServer;
let client: CrmClient;

beforeAll(async () => {
  server = await startScriptedServer();
  client = createCrmClient({ baseUrl: server.url, apiKey: "crm_test_key" });
});
afterAll(() => server.close());

const good = reply(200, { id: "acc-1" });
const half: typeof good = (response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"id": ');
};
const later = reply(503, {}, { "retry-after": "50" });
const page = (next_cursor: string | null) =>
  reply(200, { data: [{ id: "acc-1" }], pagination: { count: 9, limit: 1, next_cursor } });

const untilReceived = (count: number): Promise<void> =>
  vi.waitFor(() => expect(server.received).toHaveLength(count), { timeout: 30_000 });

const timers = (): string[] =>
  process.getActiveResourcesInfo().filter((kind) => kind === "Timeout");

describe("a call whose signal fires", () => {
  it.each([
    ["before it begins", null],
    ["while it waits for the answer", silence],
    ["in the middle of the answer", half],
    ["before the next attempt", later],
  ])("%s rejects with the signal's reason, and is not sent again", async (_name, turn) => {
    server.script(...(turn === null ? [] : [turn]));
    const controller = new AbortController();
    const reason = new Error("the user left");
    if (turn === null) controller.abort(reason);
    const call = client.customer.accounts.get("acc-1", { signal: controller.signal });
    const outcome = call.catch((error: unknown) => error);
    if (turn !== null) {
      await untilReceived(1);
      controller.abort(reason);
    }
    expect(await outcome).toBe(reason);
    expect(server.received).toHaveLength(turn === null ? 0 : 1);
  });

  it("without a reason rejects as fetch does", async () => {
    await expect(
      client.customer.accounts.get("acc-1", { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ name: "AbortError" });
  });

  it("rejects with the reason also when there would be no other attempt", async () => {
    server.script(silence);
    const controller = new AbortController();
    const { signal } = controller;
    const call = client.customer.accounts.get("acc-1", { signal, maxRetries: 0 });
    const outcome = call.catch((error: unknown) => error);
    await untilReceived(1);
    controller.abort("gone");
    expect(await outcome).toBe("gone");
  });

  it("does not wait for the next attempt when it fires with an answer", async () => {
    const controller = new AbortController();
    let before = 0;
    const answers: typeof fetch = () => {
      controller.abort("gone");
      before = timers().length;
      return Promise.resolve(new Response("{}", { status: 503, headers: { "retry-after": "50" } }));
    };
    const fetching = createCrmClient({ baseUrl: server.url, apiKey: "k", fetch: answers });
    const { signal } = controller;
    const call = fetching.customer.accounts.get("acc-1", { signal, timeout: Infinity });
    expect(await call.catch((error: unknown) => error)).toBe("gone");
    // None is left that keeps a program from ending.
    expect(timers().length).toBeLessThanOrEqual(before);
  });

  it("ends a list before its next page", async () => {
    server.script(page("1"), page("2"), page("3"));
    const controller = new AbortController();
    const seen: string[] = [];
    const walk = async (): Promise<void> => {
      const { signal } = controller;
      for await (const { id } of client.customer.accounts.list({ limit: 1 }, { signal })) {
        seen.push(id);
        if (seen.length === 2) controller.abort();
      }
    };
    await expect(walk()).rejects.toMatchObject({ name: "AbortError" });
    expect(seen).toHaveLength(2);
    expect(server.received).toHaveLength(2);
  });

  it("is let go of when the call is over: one signal can serve many calls", async () => {
    server.script(reply(503, {}, { "retry-after": "0" }), good);
    const { signal } = new AbortController();
    await client.customer.accounts.get("acc-1", { signal });
    expect(server.received).toHaveLength(2);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a call that takes too long", () => {
  it.each([
    ["without an answer", silence],
    ["within the answer", half],
  ])("%s is tried again, and says so in the end", async (_name, turn) => {
    server.script(turn);
    let attempts = 0;
    const counted: typeof fetch = (...request) => {
      attempts += 1;
      return fetch(...request);
    };
    const patient = createCrmClient({ baseUrl: server.url, apiKey: "k", fetch: counted });
    const failure = await patient.customer.accounts
      .get("acc-1", { timeout: 300, maxRetries: 1 })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TimeoutError);
    expect(at(failure, "message")).toBe("There was no answer within 300 ms");
    expect(attempts).toBe(2);
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 31])("has no limit with %d", async (timeout) => {
    server.script(good);
    expect(await client.customer.accounts.get("acc-1", { timeout })).toEqual({ id: "acc-1" });
  });
});
