import { afterAll, beforeAll, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { pruneLogs } from "../../src/live/log-keeper.ts";
import { usualSchedule } from "../../src/webhooks/schedule.ts";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { Hooks, patient } from "../support/webhooks/hooks.ts";
import { status, textsOf, type Receiver } from "../support/webhooks/receiver.ts";

let hooks: Hooks;
let gateway: TestGateway;
let receiver: Receiver;
let key: string;

beforeAll(async () => {
  hooks = await Hooks.start({
    schedule: {
      ...usualSchedule,
      pauses: [0, 10, 10, 10],
      requestMilliseconds: 5_000,
      atOnce: 4,
      maxRetryAfter: 50,
    },
  });
  ({ gateway, receiver, key } = hooks);
});
afterAll(() => hooks.close());

test("every event arrives once, signed, in the order of its record, with what it says of itself", async () => {
  const { id, secret } = await hooks.makeWebhook("/plain");
  const deals = [await hooks.makeDeal(), await hooks.makeDeal()];
  for (const name of ["one", "two", "three"]) {
    await Promise.all(deals.map((deal) => hooks.updateDeal(deal, { name })));
  }
  await expect.poll(() => receiver.at("/plain").length, patient).toBe(8);
  for (const deal of deals) expect(hooks.versions("/plain", deal)).toEqual([1, 2, 3, 4]);
  for (const { id: message, headers, body, data } of receiver.at("/plain")) {
    expect(message).toBe(data.event_id);
    expect(() => new Webhook(secret).verify(body, textsOf(headers))).not.toThrow();
    expect(() => new Webhook(secret).verify(`${body} `, textsOf(headers))).toThrow();
  }
  await expect
    .poll(() => hooks.stateOf(id), patient)
    .toMatchObject({
      status: "active",
      failingSince: null,
      lag: { waiting: 0, unread: 0, nextAttemptAt: null },
    });
  expect(await hooks.deliveriesOf(id)).toHaveLength(8);
  await hooks.removeWebhook(id);
});

test("a test of a paused webhook is signed as well", async () => {
  const { id, secret } = await hooks.makeWebhook("/tested");
  const data = await gateway.data(
    key,
    `mutation ($id: ID!) { pauseWebhook(id: $id) { webhook { status } } testWebhook(id: $id) { test { status } } }`,
    { id },
  );
  expect(data).toEqual({
    pauseWebhook: { webhook: { status: "paused" } },
    testWebhook: { test: { status: 204 } },
  });
  expect(receiver.at("/tested")).toHaveLength(1);
  for (const { body, headers } of receiver.at("/tested")) {
    expect(() => new Webhook(secret).verify(body, textsOf(headers))).not.toThrow();
  }
  await hooks.removeWebhook(id);
});

test("a failing record's events wait for it in order, another record's do not; the id stays", async () => {
  const { id } = await hooks.makeWebhook("/fails");
  // An event may come before its record's id is known here.
  const made = Promise.withResolvers<readonly string[]>();
  receiver.answer("/fails", (received, response) => {
    const answer = async (): Promise<void> => {
      const [failing = ""] = await made.promise;
      const fails =
        received.data.record_id === failing && hooks.versions("/fails", failing).length <= 2;
      response.writeHead(fails ? 500 : 200).end("x".repeat(3_000));
    };
    void answer();
  });
  const [bad, good] = [await hooks.makeDeal(), await hooks.makeDeal()];
  made.resolve([bad, good]);
  await hooks.updateDeal(bad, { name: "b" });
  await hooks.updateDeal(good, { name: "g" });
  await expect.poll(() => hooks.versions("/fails", bad).at(-1), patient).toBe(2);
  await expect.poll(() => hooks.versions("/fails", good), patient).toEqual([1, 2]);
  expect(hooks.versions("/fails", bad)).toEqual([1, 1, 1, 2]);
  const ids = receiver
    .at("/fails")
    .filter(({ data }) => data.record_id === bad)
    .map((one) => one.id);
  expect(new Set(ids.slice(0, 3)).size).toBe(1);
  await expect.poll(async () => at(await hooks.stateOf(id), "lag", "waiting"), patient).toBe(0);
  const tried = (await hooks.deliveriesOf(id)).find((one) => at(one, "attemptCount") === 3);
  const attempts = at(tried, "attempts");
  expect(attempts).toMatchObject([{ status: 200 }, { status: 500 }, { status: 500 }]);
  expect(String(at(attempts, 0, "answer"))).toHaveLength(1_024);
  await hooks.removeWebhook(id);
});

test("redirects, silence and 503 fail; after the last attempt the event is kept and can be sent again", async () => {
  const { id } = await hooks.makeWebhook("/last");
  receiver.answer("/last", (_received, response, count) => {
    if (count === 1) response.writeHead(302, { location: receiver.urlOf("/stolen") }).end();
    else if (count === 2) return;
    else if (count === 3) response.writeHead(503, { "retry-after": "3600" }).end();
    else if (count === 4) response.writeHead(429).end("busy");
    else response.writeHead(201).end("thanks");
  });
  await hooks.makeDeal();
  await expect
    .poll(async () => (await hooks.deliveriesOf(id))[0], patient)
    .toMatchObject({ status: "failed" });
  const [failed] = await hooks.deliveriesOf(id);
  expect(failed).toMatchObject({
    statusReason: "4 attempts failed; the last: It answered 429.",
    attempts: [{ status: 429, answer: "busy" }, { status: 503 }, { status: null }, { status: 302 }],
  });
  expect(String(at(failed, "attempts", 3, "failure"))).toMatch(/redirects are not followed/);
  expect(receiver.at("/stolen")).toEqual([]);
  await gateway.data(
    key,
    `mutation ($id: ID!) { redeliver(id: $id) { delivery { status } userErrors { message } } }`,
    { id: at(failed, "id") },
  );
  await expect
    .poll(async () => (await hooks.deliveriesOf(id))[0], patient)
    .toMatchObject({ status: "delivered" });
  expect(new Set(receiver.at("/last").map((one) => one.id)).size).toBe(1);
  await hooks.removeWebhook(id);
});

test("410 switches a webhook off and says why; resumed, it goes on where it was", async () => {
  const { id } = await hooks.makeWebhook("/gone");
  receiver.answer("/gone", status(410));
  const first = await hooks.makeDeal();
  await expect
    .poll(() => hooks.stateOf(id), patient)
    .toMatchObject({
      status: "stopped",
      statusReason: "It answered 410 Gone.",
    });
  const second = await hooks.makeDeal();
  receiver.answer("/gone", status(200));
  await gateway.data(
    key,
    `mutation ($id: ID!) { resumeWebhook(id: $id) { userErrors { message } } }`,
    { id },
  );
  await expect.poll(() => hooks.versions("/gone", second), patient).toEqual([1]);
  await expect.poll(() => hooks.versions("/gone", first), patient).toEqual([1, 1]);
  await hooks.removeWebhook(id);
});

test("with one type the filter is of its records, and the transition is told; what it saw can be replayed", async () => {
  const { id } = await hooks.makeWebhook("/won", {
    where: { stage: { eq: "proposal" } },
    payload: "full",
  });
  const deal = await hooks.makeDeal();
  await hooks.updateDeal(deal, { stage: "proposal" });
  await hooks.updateDeal(deal, { name: "still" });
  await hooks.updateDeal(deal, { stage: "lead" });
  const told = () => receiver.at("/won").map(({ data }) => [data.version, data.transition]);
  const all = [
    [2, "entered"],
    [3, "changed"],
    [4, "left"],
  ];
  await expect.poll(told, patient).toEqual(all);
  await gateway.data(
    key,
    `mutation ($id: ID!) { replayWebhook(id: $id, time: "2020-01-01T00:00:00Z") { userErrors { message } } }`,
    { id },
  );
  await expect.poll(told, patient).toEqual([...all, ...all]);
  expect(new Set(receiver.at("/won").map((one) => one.id)).size).toBe(3);
  await hooks.removeWebhook(id);
});

test("it has the rights of its key: what that may not see is not told, and revoked it stops and says why", async () => {
  const made = await gateway.data(
    key,
    `mutation { createApiKey(input: {name: "narrow", scopes: ["read:deals", "read:webhooks", "write:webhooks"]}) { apiKey { id } } }`,
  );
  const narrow = String(at(made, "createApiKey", "apiKey", "id"));
  const { id } = await hooks.makeWebhook("/narrow", { types: [], api_key_id: narrow });
  await gateway.data(key, `mutation { createAccount(input: {name: "Secret"}) { account { id } } }`);
  const deal = await hooks.makeDeal();
  await expect
    .poll(() => receiver.at("/narrow").map(({ data }) => data.record_id), patient)
    .toEqual([deal]);
  await gateway.data(
    key,
    `mutation ($id: ID!) { revokeApiKey(id: $id) { userErrors { message } } }`,
    { id: narrow },
  );
  await hooks.makeDeal();
  await expect
    .poll(() => hooks.stateOf(id), patient)
    .toMatchObject({
      status: "stopped",
      statusReason: "The API key that it was made with works no more.",
    });
  expect(receiver.at("/narrow")).toHaveLength(1);
  await hooks.removeWebhook(id);
});

test("two secrets sign while one replaces the other; a test says what was answered", async () => {
  const { id, secret } = await hooks.makeWebhook("/rotated");
  const rotated = await gateway.data(
    key,
    `mutation ($id: ID!) { rotateWebhookSecret(id: $id) { secret userErrors { message } } }`,
    { id },
  );
  receiver.answer("/rotated", status(418));
  const tested = await gateway.data(
    key,
    `mutation ($id: ID!) { testWebhook(id: $id) { test { status answer failure } userErrors { message } } }`,
    { id },
  );
  expect(at(tested, "testWebhook", "test")).toEqual({
    status: 418,
    answer: "answered 418",
    failure: "It answered 418.",
  });
  const [message] = receiver.at("/rotated");
  for (const one of [secret, String(at(rotated, "rotateWebhookSecret", "secret"))]) {
    const headers = textsOf(message?.headers ?? {});
    expect(() => new Webhook(one).verify(message?.body ?? "", headers)).not.toThrow();
  }
  await hooks.removeWebhook(id);
});

test("at most ten secrets sign at once", async () => {
  const { id } = await hooks.makeWebhook("/many");
  const rotate = async (minutes: number) =>
    at(
      await gateway.data(
        key,
        `mutation { rotateWebhookSecret(id: "${id}", graceMinutes: ${minutes}) { userErrors { path message } } }`,
      ),
      "rotateWebhookSecret",
      "userErrors",
    );
  for (let count = 1; count < 10; count += 1) expect(await rotate(60)).toEqual([]);
  const message = "graceMinutes must be 0: 10 secrets sign already.";
  expect(await rotate(60)).toEqual([{ path: ["graceMinutes"], message }]);
  expect(await rotate(0)).toEqual([]);
  expect(await rotate(60)).toEqual([]);
  await hooks.removeWebhook(id);
});

test("a caller hands on no more than it has, and bad settings are told with their places", async () => {
  const narrow = await gateway.keyFor("hooks", ["read:deals", "write:webhooks", "read:webhooks"]);
  const { id } = await hooks.makeWebhook("/mine");
  const asked = await gateway.ask(
    narrow,
    `mutation ($id: ID!) { updateWebhook(id: $id, input: {url: "https://example.com/"}) { webhook { id } userErrors { message } }
      rotateWebhookSecret(id: $id) { secret userErrors { message } } }`,
    { id },
  );
  const message = "id has an API key that may do more than the caller itself.";
  expect(asked.data).toEqual({
    updateWebhook: { webhook: null, userErrors: [{ message }] },
    rotateWebhookSecret: { secret: null, userErrors: [{ message }] },
  });
  const bad = await gateway.data(
    key,
    `mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } secret userErrors { path code } } }`,
    {
      input: {
        url: "http://10.0.0.1/",
        types: ["Deal"],
        where: { stage: { near: "x" } },
        payload: "graphql",
        query: "{ nothing }",
      },
    },
  );
  const code = "BAD_USER_INPUT";
  expect(at(bad, "createWebhook")).toMatchObject({
    webhook: null,
    secret: null,
    userErrors: [
      { path: ["url"], code },
      { path: ["where", "stage"], code },
      { path: ["query"], code },
    ],
  });
  await hooks.removeWebhook(id);
});

test("a delivery whose event the log does not hold any more is dropped, and holds up no other", async () => {
  const { id } = await hooks.makeWebhook("/pruned");
  await hooks.makeDeal();
  await hooks.makeDeal();
  const delivered = async () =>
    (await hooks.deliveriesOf(id)).filter((one) => at(one, "status") === "delivered");
  await expect.poll(async () => (await delivered()).length, patient).toBe(2);
  const oldest = (await hooks.deliveriesOf(id)).at(-1);
  const { client } = gateway.fixtures;
  await client.query("UPDATE change_events SET occurred_at = now() - interval '10 days'");
  expect(await pruneLogs(client, 9)).toBeGreaterThan(0);
  await gateway.data(key, `mutation ($id: ID!) { redeliver(id: $id) { userErrors { message } } }`, {
    id: at(oldest, "id"),
  });
  const later = await hooks.makeDeal();
  await expect.poll(() => hooks.versions("/pruned", later), patient).toEqual([1]);
  await expect
    .poll(async () => (await hooks.deliveriesOf(id)).at(-1), patient)
    .toMatchObject({
      status: "dropped",
      statusReason: expect.stringMatching(/the log/),
    });
  await hooks.removeWebhook(id);
});

test("an event whose payload cannot be made goes through the schedule, and ends as failed with the reason", async () => {
  const made = await gateway.data(
    key,
    `mutation { createApiKey(input: {name: "app", scopes: ["*"], app_id: "app-poison"}) { secret apiKey { id } } }`,
  );
  const app = String(at(made, "createApiKey", "secret"));
  const { id } = await hooks.makeWebhook("/poison", {
    api_key_id: at(made, "createApiKey", "apiKey", "id"),
  });
  const pause = (how: "pauseWebhook" | "resumeWebhook") =>
    gateway.data(key, `mutation { ${how}(id: "${id}") { userErrors { message } } }`);
  await pause("pauseWebhook");
  const makeOwn = async (entity: "Account" | "Deal", input = "") =>
    String(
      at(
        await gateway.data(
          app,
          `mutation { done: create${entity}(input: {${input}}) { made: ${entity.toLowerCase()} { id } } }`,
        ),
        "done",
        "made",
        "id",
      ),
    );
  const account = await makeOwn("Account");
  const deal = await makeOwn("Deal", `account_id: "${account}"`);
  const other = await makeOwn("Deal", `account_id: "${account}"`);
  const { client } = gateway.fixtures;
  // No link has such an id: whether the application may see it cannot be asked.
  await client.query(
    `UPDATE change_events SET changes = '{"contact_ids": [[], ["nobody"]]}' WHERE entity_id = $1`,
    [deal.slice(5)],
  );
  await pause("resumeWebhook");
  await expect.poll(() => hooks.versions("/poison", other), patient).toEqual([1]);
  await expect
    .poll(async () => (await hooks.deliveriesOf(id)).map((one) => at(one, "status")), patient)
    .toEqual(["delivered", "failed"]);
  expect((await hooks.deliveriesOf(id))[1]).toMatchObject({
    statusReason:
      "The payload could not be made: the gateway failed; its operator finds the cause in the log.",
    attemptCount: 4,
    attempts: [],
  });
  expect(hooks.versions("/poison", deal)).toEqual([]);
  await client.query("UPDATE change_events SET changes = '{}' WHERE entity_id = $1", [
    deal.slice(5),
  ]);
  await hooks.removeWebhook(id);
});
