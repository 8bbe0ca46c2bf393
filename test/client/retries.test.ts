import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AsteriPublicApiClient,
  ConflictError,
  ConnectionError,
  createCrmClient,
  NotFoundError,
  RateLimitError,
  ServerError,
  type ClientOptions,
  type CrmClient,
} from "../../client/src/index.ts";
import { at } from "../support/gateway/gateway.ts";
import {
  breakOff,
  hangUp,
  reply,
  startScriptedServer,
  type ScriptedServer,
} from "../support/processes/scripted-server.ts";

let server: ScriptedServer;

beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());

const account = { id: "acc-1", version: 1 };
const good = reply(200, account);
const busy = reply(503, { error: "Too much to do." }, { "retry-after": "0" });

const clientWith = (options: Partial<ClientOptions> = {}): CrmClient =>
  createCrmClient({ baseUrl: server.url, apiKey: "crm_test_key", ...options });
const get = (client = clientWith()): Promise<unknown> => client.customer.accounts.get("acc-1");
/** How long after the first request the second came, in milliseconds. */
const secondAfter = (): number =>
  (server.received[1]?.at ?? Number.NaN) - (server.received[0]?.at ?? 0);

describe("a request that fails", () => {
  it.each([
    ["408", reply(408, { error: "Too slow." })],
    ["429", reply(429, { error: "Too many." }, { "retry-after": "0" })],
    ["502, with a proxy's page", reply(502, "<h1>Bad Gateway</h1>")],
    ["503", busy],
    ["504", reply(504, null)],
    ["a connection that is closed", hangUp],
    ["an answer that breaks off", breakOff],
  ])("with %s is sent again", async (_name, failure) => {
    server.script(failure, good);
    expect(await get()).toEqual(account);
    expect(server.received).toHaveLength(2);
  });

  it.each([400, 401, 403, 404, 405, 412, 413, 422, 500])(
    "with %i is not sent again: it would fail again",
    async (status) => {
      server.script(reply(status, { error: "No." }, { "retry-after": "0" }));
      await expect(get()).rejects.toMatchObject({ status, message: "No." });
      expect(server.received).toHaveLength(1);
    },
  );

  it("is sent twice more and then given up, unless said otherwise", async () => {
    server.script(busy);
    await expect(get()).rejects.toThrow(ServerError);
    expect(server.received).toHaveLength(3);
    server.script(busy);
    await expect(get(clientWith({ maxRetries: 4 }))).rejects.toThrow(ServerError);
    expect(server.received).toHaveLength(5);
    server.script(busy);
    const { accounts } = clientWith({ maxRetries: 4 }).customer;
    await expect(accounts.get("acc-1", { maxRetries: 0 })).rejects.toThrow(ServerError);
    expect(server.received).toHaveLength(1);
  });

  it("says what the connection broke of, when nothing else is left", async () => {
    server.script(hangUp);
    const failure = await get(clientWith({ maxRetries: 1 })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConnectionError);
    expect(failure).toMatchObject({ name: "ConnectionError", status: null, requestId: null });
    expect(at(failure, "message")).toMatch(/^There was no answer: (?!fetch failed)./);
    expect(at(failure, "cause")).toBeInstanceOf(Error);
  });
});

describe("the wait before the next attempt", () => {
  it("is what Retry-After says in seconds", async () => {
    server.script(reply(429, {}, { "retry-after": "1" }), good);
    await get();
    expect(secondAfter()).toBeGreaterThan(990);
  });

  it("is what Retry-After says as a date", async () => {
    // Dates have whole seconds: this one is between one and two ahead.
    const date = new Date(Date.now() + 2_000).toUTCString();
    server.script(reply(503, {}, { "retry-after": date }), good);
    await get();
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(date) - 5);
  });

  it.each(["soon", "-1", "1.5", ""])("is the client's own when Retry-After is %j", async (text) => {
    server.script(reply(503, {}, { "retry-after": text }), good);
    await get();
    expect(secondAfter()).toBeGreaterThan(240);
  });

  it("grows by itself where the server says nothing", async () => {
    server.script(reply(503, {}));
    await expect(get(clientWith({ maxRetries: 3 }))).rejects.toThrow(ServerError);
    const [first = 0, second = 0, third = 0, last = 0] = server.received.map(
      ({ at: time }) => time,
    );
    expect(second - first).toBeGreaterThan(240);
    expect(third - second).toBeGreaterThan(490);
    expect(last - third).toBeGreaterThan(990);
  });

  it("is not begun when it would be too long: the caller learns at once how long", async () => {
    server.script(
      reply(429, { error: "Later.", limit: 60, window: "minute" }, { "retry-after": "61" }),
    );
    const failure = await get().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RateLimitError);
    expect(failure).toMatchObject({ retryAfter: 61, limit: 60, window: "minute" });
    expect(server.received).toHaveLength(1);
    server.script(reply(429, {}, { "retry-after": "1" }));
    await expect(get(clientWith({ maxRetryDelay: 500 }))).rejects.toThrow(RateLimitError);
    expect(server.received).toHaveLength(1);
  });
});

describe("what is written", () => {
  const keys = (): unknown[] => server.received.map(({ headers }) => headers["idempotency-key"]);

  it.each([
    ["create", (client: CrmClient) => client.customer.accounts.create({ name: "Harbor" })],
    ["update", (client: CrmClient) => client.customer.accounts.update("acc-1", { name: "Bay" })],
    ["delete", (client: CrmClient) => client.customer.accounts.delete("acc-1")],
  ])("has one idempotency key for all attempts of a call: %s", async (_name, write) => {
    server.script(hangUp, busy, good);
    await write(clientWith());
    const [key] = keys();
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(keys()).toEqual([key, key, key]);
    expect(new Set(server.received.map(({ body }) => body)).size).toBe(1);
    await write(clientWith());
    expect(keys()[3]).not.toBe(key);
  });

  it("keeps the caller's key", async () => {
    server.script(busy, good);
    await clientWith().customer.accounts.create({}, { idempotencyKey: "order 7" });
    expect(keys()).toEqual(["order 7", "order 7"]);
  });

  it("has a key over the other API, too, and reading has none", async () => {
    const client = new AsteriPublicApiClient({
      baseUrl: server.url,
      organizationId: "ten-1",
      apiKey: "crm_test_key",
    });
    server.script(good);
    const { customers } = client;
    await customers.create({ account_type: "business", email: "a@b.example", phone: "1" });
    await customers.list();
    expect(keys()).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), undefined]);
  });

  it("is sent again while the first attempt, which was unheard, still runs", async () => {
    const error = "Idempotency-Key: the first request with this key is still running; try again.";
    server.script(hangUp, reply(409, { error }), good);
    await clientWith().customer.accounts.create({ name: "Harbor" });
    expect(server.received).toHaveLength(3);
  });

  it("is told from a conflict over a record by what is in the answer, not by its words", async () => {
    server.script(reply(409, { error: "In other words." }), good);
    await clientWith().customer.accounts.create({ name: "Harbor" });
    expect(server.received).toHaveLength(2);
    server.script(reply(409, { error: "Idempotency-Key: stale.", current: null }));
    await expect(clientWith().customer.accounts.update("acc-1", {})).rejects.toMatchObject({
      isInProgress: false,
      current: null,
    });
    expect(server.received).toHaveLength(1);
  });

  it("is not sent again after a conflict that stays one", async () => {
    server.script(reply(409, { error: "Stale.", current: account }));
    const failure = await clientWith()
      .customer.accounts.update("acc-1", { version: 1 })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConflictError);
    expect(failure).toMatchObject({ current: account });
    expect(server.received).toHaveLength(1);
  });
});

describe("an answer that sends elsewhere", () => {
  it("is an error: credentials do not go where a server points", async () => {
    const elsewhere = await startScriptedServer();
    elsewhere.script(good);
    server.script(reply(307, {}, { location: `${elsewhere.url}/api/v1/crm/accounts/acc-1` }));
    await expect(get()).rejects.toMatchObject({
      name: "ApiError",
      status: 307,
      message: expect.stringContaining("baseUrl"),
    });
    expect(server.received).toHaveLength(1);
    expect(elsewhere.received).toEqual([]);
    elsewhere.close();
  });
});

describe("an answer that is no JSON", () => {
  it("is an error that asks for the base URL", async () => {
    server.script((response) => response.end("<!doctype html>"));
    await expect(get()).rejects.toMatchObject({
      name: "ApiError",
      status: 200,
      body: "<!doctype html>",
      message: expect.stringContaining("baseUrl"),
    });
  });

  it("is an error of its status when that is one", async () => {
    server.script((response) => response.writeHead(404).end("no such page"));
    const failure = await get().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotFoundError);
    expect(failure).toMatchObject({
      body: "no such page",
      message: expect.stringContaining("404"),
    });
  });
});
