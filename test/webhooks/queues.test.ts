import { getEventListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Credentials } from "../../src/auth/credentials.ts";
import { cursorAt } from "../../src/changes/position.ts";
import { loadConfig } from "../../src/config.ts";
import { Jobs } from "../../src/jobs/jobs.ts";
import { Quotas } from "../../src/limits/quotas.ts";
import { openWebhooks } from "../../src/webhooks/open-webhooks.ts";
import { usualSchedule } from "../../src/webhooks/schedule.ts";
import { endpointsToRun, removeDeleted } from "../../src/webhooks/sweep.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { withClient } from "../support/database/with-client.ts";
import { schema } from "../support/gateway/schema.ts";
import { hearPlans, tellPlans } from "../support/database/plan-log.ts";
import { Hooks, patient, uuid } from "../support/webhooks/hooks.ts";
import { status, type Receiver } from "../support/webhooks/receiver.ts";
import { createWebhook } from "../support/webhooks/webhook.ts";

// Nothing is found by looking in here: all that is sent was woken by a commit. A lease is renewed for each request.
const schedule = { ...usualSchedule, lookMilliseconds: 3_600_000, marginMilliseconds: 0 };
let hooks: Hooks;
let gateway: TestGateway;
let receiver: Receiver;
let key: string;

beforeAll(async () => {
  hooks = await Hooks.start({ schedule, env: { JOBS_AT_ONCE: "8" } });
  ({ gateway, receiver, key } = hooks);
  for (const slug of ["other", "full"]) await gateway.fixtures.tenant(slug);
});
afterAll(() => hooks.close());

test("endpoints that hang hold up neither another tenant's nor their own tenant's others", async () => {
  const held = new Map<string, ServerResponse>();
  const crowd = Array.from({ length: 60 }, (_, index) => `/hangs-${index}`);
  for (const path of crowd) {
    receiver.answer(path, (_received, response) => void held.set(path, response));
  }
  const made = await Promise.all(crowd.map((path) => hooks.makeWebhook(path)));
  await hooks.makeDeal();
  // All at once: none waits until another is answered, though there are fewer jobs, and all have one host.
  await expect.poll(() => held.size, patient).toBe(crowd.length);
  made.push(await hooks.makeWebhook("/beside"));
  const other = await gateway.keyFor("other");
  const mutate = (text: string) => gateway.data(other, `mutation { done: ${text} }`);
  await mutate(
    `createWebhook(input: {url: "${receiver.urlOf("/elsewhere")}"}) { userErrors { message } }`,
  );
  await mutate(`createAccount(input: {name: "B"}) { account { id } }`);
  await hooks.makeDeal();
  await expect.poll(() => receiver.at("/elsewhere").length, patient).toBe(1);
  await expect.poll(() => receiver.at("/beside").length, patient).toBe(1);
  for (const response of held.values()) response.writeHead(204).end();
  for (const path of crowd) receiver.answer(path, status(204));
  for (const { id } of made) await hooks.removeWebhook(id);
});

test("of webhooks that are made at once, as many are made as the limit has room for", async () => {
  const full = await gateway.keyFor("full");
  const create = () =>
    gateway.data(
      full,
      `mutation { createWebhook(input: {url: "${receiver.urlOf("/full")}"}) { webhook { id } userErrors { message } } }`,
    );
  const [first] = [await create()];
  await hooks.own(
    `INSERT INTO webhooks (tenant_id, id, url, api_key_id, position, created_by)
     SELECT tenant_id, gen_random_uuid(), url, api_key_id, position, created_by FROM webhooks, generate_series(1, 95) WHERE id = $1`,
    [uuid(String(at(first, "createWebhook", "webhook", "id")))],
  );
  const made = await Promise.all(Array.from({ length: 12 }, create));
  const refused = made.filter((one) => at(one, "createWebhook", "webhook") === null);
  expect(refused).toHaveLength(8);
  expect(at(refused[0], "createWebhook", "userErrors")).toEqual([
    { message: "There are 100 webhooks already; delete one first." },
  ]);
  const [{ count } = {}] = await hooks.own(
    "SELECT count(*)::integer FROM webhooks w JOIN tenants t ON t.id = w.tenant_id WHERE t.slug = 'full'",
  );
  expect(count).toBe(100);
});

test("a long queue costs no statement more than a few looks at each of its rows, also without statistics", async () => {
  await tellPlans(gateway.fixtures.client);
  const plans = await hearPlans(gateway.database.pool);
  const { id } = await hooks.makeWebhook("/long");
  const count = 300;
  const inputs = Array.from({ length: count }, () => `{account_id: "${hooks.account}"}`).join(", ");
  plans.take();
  await hooks.write(
    `createDeals(inputs: [${inputs}], onError: abort) { results { userErrors { message } } }`,
  );
  await expect.poll(() => receiver.at("/long").length, patient).toBe(count);
  const told = plans.take().filter(({ text }) => text.includes("webhook"));
  expect(told.length).toBeGreaterThan(10);
  expect(told.filter(({ handled }) => handled > 15 * count)).toEqual([]);
  await hooks.removeWebhook(id);
});

// Below the test of a long queue, whose looks at rows it would add its many to until they are vacuumed.
test("a webhook whose key may not read its events any more is stopped, also when its queue is full", async () => {
  const scopes = ["read:deals", "read:webhooks", "write:webhooks"];
  const narrow = await gateway.keyFor("hooks", scopes);
  receiver.answer("/forbidden", status(503, { "retry-after": "3600" }));
  const input = { url: receiver.urlOf("/forbidden"), types: ["Deal"] };
  const { id } = await createWebhook(gateway, narrow, input);
  await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(1);
  await hooks.own(
    `INSERT INTO webhook_deliveries (tenant_id, webhook_id, id, position, event_id, record_type, record_id)
     SELECT tenant_id, webhook_id, gen_random_uuid(), position + place, gen_random_uuid(), record_type, gen_random_uuid()
     FROM webhook_deliveries, generate_series(1, $2::integer) place WHERE webhook_id = $1`,
    [uuid(id), schedule.maxWaiting],
  );
  await hooks.own("UPDATE api_keys SET scopes = '{read:webhooks}' WHERE id = $1", [
    narrow.split("_")[2],
  ]);
  // A key is believed for some seconds; each commit has the webhook looked at.
  const looked = async () => {
    await hooks.write(
      `updateAccount(id: "${hooks.account}", input: {name: "Wakes"}) { account { id } }`,
    );
    return await hooks.stateOf(id);
  };
  await expect.poll(looked, { ...patient, interval: 500 }).toMatchObject({
    status: "stopped",
    statusReason: expect.stringContaining("lacks read:deals"),
  });
  await hooks.removeWebhook(id);
});

test("a webhook whose queue is full and not due is not looked at while the log grows, until it has room", async () => {
  const { id } = await hooks.makeWebhook("/crowded");
  receiver.answer("/crowded", status(503, { "retry-after": "3600" }));
  await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(1);
  const toRun = async (maxWaiting: number) =>
    (await endpointsToRun(hooks.own, null, { maxWaiting })).endpoints.map((one) => one.id);
  // As when its queue was full at the last commit: its cursor stays where it was.
  const behind = "UPDATE webhooks SET position = position - 1 WHERE id = $1";
  const [full, roomy] = await hooks.seenAfter(behind, [uuid(id)], async () => [
    await toRun(1),
    await toRun(2),
  ]);
  expect(full).not.toContain(uuid(id));
  expect(roomy).toContain(uuid(id));
  await hooks.removeWebhook(id);
});

test("deleting a webhook costs the same however many deliveries wait; they are removed in portions", async () => {
  const { id } = await hooks.makeWebhook("/removed");
  receiver.answer("/removed", status(503, { "retry-after": "3600" }));
  await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(1);
  await hooks.own(
    `INSERT INTO webhook_deliveries (tenant_id, webhook_id, id, position, event_id, record_type, record_id)
     SELECT tenant_id, webhook_id, gen_random_uuid(), position + place, gen_random_uuid(), record_type, record_id
     FROM webhook_deliveries, generate_series(1, 5000) place WHERE webhook_id = $1`,
    [uuid(id)],
  );
  const [some] = listAt(await hooks.stateOf(id), "deliveries");
  gateway.statements.clear();
  expect(await hooks.removeWebhook(id)).toEqual({ userErrors: [] });
  const written = gateway.statements
    .all()
    .filter(({ text }) => /^(?:UPDATE|DELETE)\b.*webhook/s.test(text))
    .map(({ text, rows }) => [/^\w+ (?:FROM )?\S+/.exec(text)?.[0].replaceAll('"', ""), rows]);
  expect(written).toEqual([
    ["UPDATE public.webhooks", 1],
    ["DELETE FROM public.webhook_secrets", 1],
  ]);
  // It is there for nobody from now on.
  expect(await hooks.stateOf(id)).toBeNull();
  const notFound = { userErrors: [{ code: "NOT_FOUND" }] };
  for (const field of ["resumeWebhook", "replayWebhook", "deleteWebhook"]) {
    const more = field === "replayWebhook" ? `, cursor: "${cursorAt("0")}"` : "";
    expect(await hooks.write(`${field}(id: "${id}"${more}) { userErrors { code } }`)).toEqual(
      notFound,
    );
  }
  const sentAgain = `redeliver(id: "${String(at(some, "id"))}") { userErrors { code } }`;
  expect(await hooks.write(sentAgain)).toEqual(notFound);
  const left = () =>
    hooks.own(
      `SELECT id FROM webhooks WHERE id = $1 UNION ALL SELECT id FROM webhook_deliveries WHERE webhook_id = $1
       UNION ALL SELECT id FROM webhook_secrets WHERE webhook_id = $1`,
      [uuid(id)],
    );
  await expect.poll(left, patient).toEqual([]);
  expect(receiver.at("/removed")).toHaveLength(1);
  // The same by hand: how many rows each statement removes.
  const { id: other } = await hooks.makeWebhook("/by-hand");
  await hooks.own(
    `INSERT INTO webhook_deliveries (tenant_id, webhook_id, id, position, event_id, record_type, record_id, next_attempt_at)
     SELECT tenant_id, id, gen_random_uuid(), place, gen_random_uuid(), 'Deal', gen_random_uuid(), now() + interval '1 day'
     FROM webhooks, generate_series(1, 10001) place WHERE id = $1`,
    [uuid(other)],
  );
  await hooks.own("UPDATE webhooks SET status = 'stopped', removed_at = now() WHERE id = $1", [
    uuid(other),
  ]);
  const portions: number[] = [];
  await removeDeleted(async (text, values) => {
    const removed = await hooks.own(text, values);
    if (text.includes("DELETE FROM webhook_deliveries")) portions.push(removed.length);
    return removed;
  });
  expect(portions).toEqual([5_000, 5_000, 1]);
});

test("a delivery that another process took while its payload was made is not sent; one that none took is", async () => {
  const input = { url: receiver.urlOf("/late"), types: ["Deal"], payload: "full" };
  const { id } = await createWebhook(gateway, key, input);
  await hooks.write(`pauseWebhook(id: "${id}") { webhook { id } }`);
  const deals = [await hooks.makeDeal(), await hooks.makeDeal()];
  const [other = ""] = deals;
  await withClient(gateway.databaseUrl, async (holder) => {
    // Payloads wait for their records.
    await holder.query("BEGIN; LOCK TABLE deals IN ACCESS EXCLUSIVE MODE");
    await hooks.write(`resumeWebhook(id: "${id}") { webhook { id } }`);
    const state = () =>
      hooks.own("SELECT attempts FROM webhook_deliveries WHERE webhook_id = $1", [uuid(id)]);
    await expect.poll(state, patient).toEqual([{ attempts: 1 }, { attempts: 1 }]);
    // Their time is over. Another process takes one of them; this one takes none twice.
    await hooks.own(
      `UPDATE webhook_deliveries SET leased_until = CASE WHEN record_id = $2 THEN now() + interval '1 hour' ELSE now() END,
         attempts = attempts + (record_id = $2)::integer WHERE webhook_id = $1`,
      [uuid(id), other.slice(5)],
    );
    await hooks.write(`createAccount(input: {name: "Wakes"}) { account { id } }`);
    await holder.query("COMMIT");
  });
  const statuses = async () =>
    (
      await hooks.own(
        "SELECT status, attempts, record_id FROM webhook_deliveries WHERE webhook_id = $1",
        [uuid(id)],
      )
    ).toSorted((one, two) => Number(one["attempts"]) - Number(two["attempts"]));
  await expect.poll(statuses, patient).toMatchObject([
    { status: "delivered", attempts: 1 },
    { status: "waiting", attempts: 2, record_id: other.slice(5) },
  ]);
  expect(receiver.at("/late").map(({ data }) => data.record_id)).toEqual([deals[1]]);
  await hooks.removeWebhook(id);
});

test("a run leaves nothing at the signal by which the process ends", async () => {
  const { database, databaseUrl } = gateway;
  const config = loadConfig({ NODE_ENV: "test" });
  const logger = pino({ level: "silent" });
  const jobs = new Jobs({ url: databaseUrl, logger });
  const quotas = new Quotas(config.limits, database.pool);
  const { apiKeys } = new Credentials({
    pool: database.pool,
    config: config.auth,
    requestsPerMinute: 600,
    logger,
  });
  const options = { schema, database, config, jobs, apiKeys, quotas, logger, schedule };
  const webhooks = openWebhooks(options);
  const [run] = webhooks.start({ watch: () => () => undefined });
  const { signal: stopping } = new AbortController();
  const [{ id: tenantId } = {}] = await hooks.own("SELECT id FROM tenants");
  await run?.run({ tenantId, webhookId: uuidv7() }, { stopping });
  await webhooks.close();
  expect(getEventListeners(stopping, "abort")).toEqual([]);
  webhooks.stop();
  quotas.close();
  await jobs.close();
});

test("of two changes of a webhook at the same time none undoes the other", async () => {
  const { id } = await hooks.makeWebhook("/before");
  const update = (input: string) =>
    hooks.write(`updateWebhook(id: "${id}", input: {${input}}) { userErrors { message } }`);
  const url = receiver.urlOf("/after");
  const atOnce = (...inputs: readonly string[]) =>
    withClient(gateway.databaseUrl, async (holder) => {
      await holder.query("BEGIN");
      await holder.query("SELECT FROM webhooks WHERE id = $1 FOR UPDATE", [uuid(id)]);
      const updates = Promise.all(inputs.map(update));
      // All have read it. A run of it, which looks whether it is active, may wait as well.
      const waiting = () =>
        hooks.own(
          `SELECT count(*)::integer FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
             AND query LIKE 'SELECT 1 FROM webhooks %' AND query NOT LIKE '%active%'`,
        );
      await expect.poll(waiting, patient).toEqual([{ count: inputs.length }]);
      await holder.query("COMMIT");
      return await updates;
    });
  const settings = () =>
    gateway.data(key, `{ webhook(id: "${id}") { url operations types where } }`);
  gateway.statements.clear();
  const both = await atOnce(`url: "${url}"`, "operations: [deleted]", `description: "third"`);
  expect(both).toEqual(both.map(() => ({ userErrors: [] })));
  expect(await settings()).toMatchObject({ webhook: { url, operations: ["deleted"] } });
  // Each takes its turn once, however many they are.
  const turns = gateway.statements
    .all()
    .filter(({ text }) =>
      /^SELECT 1 FROM webhooks [^=]*=[^=]*= \$2::uuid FOR NO KEY UPDATE/.test(text),
    );
  expect(turns).toHaveLength(both.length);
  // What fits each by itself does not fit together.
  const clash = await atOnce(`where: {stage: {eq: "won"}}`, "types: [Account]");
  const message = expect.stringMatching(/AccountFilter/);
  expect(clash.filter((one) => listAt(one, "userErrors").length > 0)).toEqual([
    { userErrors: [{ message }] },
  ]);
  await hooks.removeWebhook(id);
});
