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
import { at, listAt, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { withClient } from "../support/database/with-client.ts";
import { schema } from "../support/gateway/schema.ts";
import { hearPlans, tellPlans } from "../support/database/plan-log.ts";
import { startReceiver, status, type Receiver } from "../support/webhooks/receiver.ts";
import { createWebhook, webhookOf } from "../support/webhooks/webhook.ts";

// Nothing is found by looking in here: all that is sent was woken by a commit. A lease is renewed for each request.
const schedule = { ...usualSchedule, lookMilliseconds: 3_600_000, marginMilliseconds: 0 };
let gateway: TestGateway;
let receiver: Receiver;
let key: string;
let account: string;

beforeAll(async () => {
  receiver = await startReceiver();
  gateway = await startGateway({
    schedule,
    env: { DELIVERIES_KEEP_DAYS: "7", JOBS_AT_ONCE: "8" },
  });
  for (const slug of ["due", "other", "full"]) await gateway.fixtures.tenant(slug);
  key = await gateway.keyFor("due");
  const made = await write(`createAccount(input: {name: "A"}) { account { id } }`);
  account = String(at(made, "account", "id"));
});
afterAll(async () => {
  await gateway.close();
  receiver.close();
});

const patient = { timeout: 30_000 };

/** Runs one mutation, and gives what it answers. */
async function write(field: string): Promise<unknown> {
  const data = await gateway.data(key, `mutation { done: ${field} }`);
  return at(data, "done");
}

async function makeDeal(): Promise<string> {
  const made = await write(`createDeal(input: {account_id: "${account}"}) { deal { id } }`);
  return String(at(made, "deal", "id"));
}

async function makeWebhook(path: string): Promise<string> {
  const input = { url: receiver.urlOf(path), types: ["Deal"] };
  return (await createWebhook(gateway, key, input)).id;
}

const removeWebhook = (id: string) => write(`deleteWebhook(id: "${id}") { userErrors { code } }`);

const attemptsOf = async (id: string): Promise<number> =>
  listAt(await webhookOf(gateway, key, id), "deliveries").flatMap((one) => listAt(one, "attempts"))
    .length;

/** A statement of the database's owner: how time passes in here. */
const own = async (text: string, values: readonly unknown[] = []) => {
  const { rows } = await gateway.fixtures.client.query<Record<string, unknown>>(text, [...values]);
  return rows;
};
const uuid = (id: string): string => id.slice(4);

test("a commit starts dispatch at once, also while another record's request is not answered", async () => {
  const id = await makeWebhook("/woken");
  const held: ServerResponse[] = [];
  // The first record's request is answered once the second record's has come.
  receiver.answer("/woken", (_received, response, count) => {
    held.push(response);
    if (count === 2) for (const one of held) one.writeHead(204).end();
  });
  const deals = [await makeDeal()];
  const seen = () => receiver.at("/woken").map(({ data }) => data.record_id);
  await expect.poll(seen, patient).toEqual(deals);
  deals.push(await makeDeal());
  await expect.poll(seen, patient).toEqual(deals);
  await expect.poll(() => attemptsOf(id), patient).toBe(2);
  const delivered = { status: "delivered", attempts: [{ status: 204 }] };
  expect(await webhookOf(gateway, key, id)).toMatchObject({ deliveries: [delivered, delivered] });
  await removeWebhook(id);
});

test.each([
  ["seconds, of 429", 429, "3600", "1 hour"],
  ["seconds, of 503", 503, "3600", "1 hour"],
  ["a date", 503, new Date(Date.now() + 7_200_000).toUTCString(), "2 hours"],
  ["more than a day, as a day", 429, "864000", "24 hours"],
  ["more than any number, as a day", 503, "9".repeat(400), "24 hours"],
])("Retry-After is obeyed: %s", async (_name, code, asked, wait) => {
  const path = `/busy-${code}-${wait.replace(" ", "-")}`;
  const id = await makeWebhook(path);
  receiver.answer(path, status(code, { "retry-after": asked }));
  await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(1);
  const [next] = await own(
    `SELECT d.status, d.next_attempt_at >= ${asked.includes("GMT") ? `'${asked}'::timestamptz` : "a.started_at + $2::interval"} AS is_obeyed,
       d.next_attempt_at <= now() + $2::interval AS is_bounded
     FROM webhook_deliveries d JOIN webhook_attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id
     WHERE d.webhook_id = $1`,
    [uuid(id), wait],
  );
  expect(next).toEqual({ status: "waiting", is_obeyed: true, is_bounded: true });
  // Another event of the tenant wakes the webhook, and what is not due is not sent.
  await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(2);
  receiver.answer(path, status(204));
  await own("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE webhook_id = $1", [
    uuid(id),
  ]);
  await makeDeal();
  await expect.poll(() => receiver.at(path).length, patient).toBe(5);
  await removeWebhook(id);
});

test("a webhook is not looked at while all that is due waits behind a delivery that is tried later", async () => {
  const id = await makeWebhook("/paused");
  receiver.answer("/paused", status(503, { "retry-after": "3600" }));
  const deal = await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(1);
  await write(`updateDeal(id: "${deal}", input: {name: "Behind"}) { deal { id } }`);
  const state = () =>
    own(
      `SELECT next_attempt_at <= now() AS is_due, leased_until FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY position`,
      [uuid(id)],
    );
  const settled = { leased_until: null };
  const waiting = [
    { is_due: false, ...settled },
    { is_due: true, ...settled },
  ];
  await expect.poll(state, patient).toEqual(waiting);
  const toRun = async () =>
    (await endpointsToRun(own, null, schedule)).endpoints.map((one) => one.id);
  expect(await toRun()).not.toContain(uuid(id));
  await own(
    `UPDATE webhook_deliveries SET next_attempt_at = now() WHERE webhook_id = $1 AND attempts = 1`,
    [uuid(id)],
  );
  expect(await toRun()).toContain(uuid(id));
  await removeWebhook(id);
});

test("of several replays the one from the earliest place holds, whatever their order", async () => {
  const id = await makeWebhook("/again");
  for (let count = 0; count < 3; count += 1) await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(3);
  await write(`pauseWebhook(id: "${id}") { webhook { id } }`);
  const cursors = listAt(
    await gateway.data(key, `{ webhook(id: "${id}") { deliveries { cursor } } }`),
    "webhook",
    "deliveries",
  ).map((one) => String(at(one, "cursor")));
  const [late = "", middle = "", early = ""] = cursors;
  const replay = (cursor: string) =>
    write(
      `replayWebhook(id: "${id}", cursor: "${cursor}") { webhook { cursor } userErrors { message } }`,
    );
  const place = async (cursor: string) => at(await replay(cursor), "webhook", "cursor");
  const atMiddle = await place(middle);
  const atEarly = await place(early);
  expect(atEarly).not.toBe(atMiddle);
  expect(await place(late)).toBe(atEarly);
  await Promise.all([middle, early, late].map(replay));
  expect(await place(middle)).toBe(atEarly);
  // Of a place that no log of the tenant's has.
  const ahead = cursorAt("999999999", uuidv7());
  expect(await replay(ahead)).toMatchObject({
    webhook: null,
    userErrors: [{ message: expect.stringContaining("lies behind the end of the log") }],
  });
  await removeWebhook(id);
});

test("other failures ask for nothing by Retry-After", async () => {
  const id = await makeWebhook("/impudent");
  receiver.answer("/impudent", status(500, { "retry-after": "3600" }));
  await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(1);
  const [next] = await own(
    "SELECT next_attempt_at < now() + interval '10 seconds' AS is_soon FROM webhook_deliveries WHERE webhook_id = $1",
    [uuid(id)],
  );
  expect(next).toEqual({ is_soon: true });
  await removeWebhook(id);
});

test("five days of failures only switch a webhook off, and it says why; less does not", async () => {
  const id = await makeWebhook("/down");
  receiver.answer("/down", status(500));
  await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(1);
  expect(await webhookOf(gateway, key, id)).toMatchObject({ status: "active", statusReason: null });
  expect(at(await webhookOf(gateway, key, id), "failingSince")).not.toBeNull();
  const failingFor = async (time: string): Promise<void> => {
    await own(
      "UPDATE webhooks SET failing_since = now() - $2::interval WHERE id = $1 AND failing_since IS NOT NULL",
      [uuid(id), time],
    );
    await makeDeal();
  };
  await failingFor("4 days 23 hours");
  await expect.poll(() => attemptsOf(id), patient).toBe(2);
  expect(await webhookOf(gateway, key, id)).toMatchObject({ status: "active" });
  // One delivery, and the days are counted anew.
  receiver.answer("/down", status(204));
  await makeDeal();
  await expect
    .poll(() => webhookOf(gateway, key, id), patient)
    .toMatchObject({ failingSince: null });
  receiver.answer("/down", status(500));
  await failingFor("6 days");
  await expect
    .poll(async () => at(await webhookOf(gateway, key, id), "failingSince"), patient)
    .not.toBeNull();
  expect(await webhookOf(gateway, key, id)).toMatchObject({ status: "active" });
  await failingFor("5 days 1 minute");
  await expect
    .poll(() => webhookOf(gateway, key, id), patient)
    .toMatchObject({ status: "stopped", statusReason: "Every attempt of 5 days failed." });
  await removeWebhook(id);
});

test("deliveries that ended long ago are deleted with their attempts; others stay", async () => {
  const id = await makeWebhook("/kept");
  const deals = [await makeDeal(), await makeDeal()];
  await expect.poll(() => attemptsOf(id), patient).toBe(2);
  receiver.answer("/kept", status(500));
  const late = await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(3);
  const earlier = (time: string) =>
    `(${time} AT TIME ZONE 'UTC' - $3::interval) AT TIME ZONE 'UTC'`;
  const age = (record: string | undefined, time: string) =>
    own(
      `UPDATE webhook_deliveries SET finished_at = ${earlier("finished_at")}, next_attempt_at = ${earlier("next_attempt_at")}
       WHERE webhook_id = $1 AND record_id = $2`,
      [uuid(id), record?.slice(5), time],
    );
  await age(deals[0], "8 days");
  await age(deals[1], "6 days");
  await own("SELECT graphile_worker.add_job('webhooks.prune', '{}')");
  await expect
    .poll(async () => listAt(await webhookOf(gateway, key, id), "deliveries").length, patient)
    .toBe(2);
  const left = await own(
    `SELECT d.record_id, count(a.id)::integer AS attempts FROM webhook_deliveries d
     LEFT JOIN webhook_attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id WHERE d.webhook_id = $1 GROUP BY d.record_id, d.position ORDER BY d.position`,
    [uuid(id)],
  );
  expect(left).toEqual(
    [deals[1], late].map((record) => ({ record_id: record?.slice(5), attempts: 1 })),
  );
  const [{ orphans } = {}] = await own(
    "SELECT count(*)::integer AS orphans FROM webhook_attempts a WHERE NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tenant_id = a.tenant_id AND d.id = a.delivery_id)",
  );
  expect(orphans).toBe(0);
  await removeWebhook(id);
});

test("endpoints that hang hold up neither another tenant's nor their own tenant's others", async () => {
  const held = new Map<string, ServerResponse>();
  const crowd = Array.from({ length: 60 }, (_, index) => `/hangs-${index}`);
  for (const path of crowd) {
    receiver.answer(path, (_received, response) => void held.set(path, response));
  }
  const ids = await Promise.all(crowd.map((path) => makeWebhook(path)));
  await makeDeal();
  // All at once: none waits until another is answered, though there are fewer jobs, and all have one host.
  await expect.poll(() => held.size, patient).toBe(crowd.length);
  ids.push(await makeWebhook("/beside"));
  const other = await gateway.keyFor("other");
  const mutate = (text: string) => gateway.data(other, `mutation { done: ${text} }`);
  await mutate(
    `createWebhook(input: {url: "${receiver.urlOf("/elsewhere")}"}) { userErrors { message } }`,
  );
  await mutate(`createAccount(input: {name: "B"}) { account { id } }`);
  await makeDeal();
  await expect.poll(() => receiver.at("/elsewhere").length, patient).toBe(1);
  await expect.poll(() => receiver.at("/beside").length, patient).toBe(1);
  for (const response of held.values()) response.writeHead(204).end();
  for (const path of crowd) receiver.answer(path, status(204));
  for (const id of ids) await removeWebhook(id);
});

test("of webhooks that are made at once, as many are made as the limit has room for", async () => {
  const full = await gateway.keyFor("full");
  const create = () =>
    gateway.data(
      full,
      `mutation { createWebhook(input: {url: "${receiver.urlOf("/full")}"}) { webhook { id } userErrors { message } } }`,
    );
  const [first] = [await create()];
  await own(
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
  const [{ count } = {}] = await own(
    "SELECT count(*)::integer FROM webhooks w JOIN tenants t ON t.id = w.tenant_id WHERE t.slug = 'full'",
  );
  expect(count).toBe(100);
});

test("a long queue costs no statement more than a few looks at each of its rows, also without statistics", async () => {
  await tellPlans(gateway.fixtures.client);
  const plans = await hearPlans(gateway.database.pool);
  const id = await makeWebhook("/long");
  const count = 300;
  const inputs = Array.from({ length: count }, () => `{account_id: "${account}"}`).join(", ");
  plans.take();
  await write(
    `createDeals(inputs: [${inputs}], onError: abort) { results { userErrors { message } } }`,
  );
  await expect.poll(() => receiver.at("/long").length, patient).toBe(count);
  const told = plans.take().filter(({ text }) => text.includes("webhook"));
  expect(told.length).toBeGreaterThan(10);
  expect(told.filter(({ handled }) => handled > 15 * count)).toEqual([]);
  await removeWebhook(id);
});

// Below the test of a long queue, whose looks at rows it would add its many to until they are vacuumed.
test("a webhook whose key may not read its events any more is stopped, also when its queue is full", async () => {
  const scopes = ["read:deals", "read:webhooks", "write:webhooks"];
  const narrow = await gateway.keyFor("due", scopes);
  receiver.answer("/forbidden", status(503, { "retry-after": "3600" }));
  const input = { url: receiver.urlOf("/forbidden"), types: ["Deal"] };
  const { id } = await createWebhook(gateway, narrow, input);
  await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(1);
  await own(
    `INSERT INTO webhook_deliveries (tenant_id, webhook_id, id, position, event_id, record_type, record_id)
     SELECT tenant_id, webhook_id, gen_random_uuid(), position + place, gen_random_uuid(), record_type, gen_random_uuid()
     FROM webhook_deliveries, generate_series(1, $2::integer) place WHERE webhook_id = $1`,
    [uuid(id), schedule.maxWaiting],
  );
  await own("UPDATE api_keys SET scopes = '{read:webhooks}' WHERE id = $1", [narrow.split("_")[2]]);
  // A key is believed for some seconds; each commit has the webhook looked at.
  const looked = async () => {
    await write(`updateAccount(id: "${account}", input: {name: "Wakes"}) { account { id } }`);
    return await webhookOf(gateway, key, id);
  };
  await expect.poll(looked, { ...patient, interval: 500 }).toMatchObject({
    status: "stopped",
    statusReason: expect.stringContaining("lacks read:deals"),
  });
  await removeWebhook(id);
});

test("a webhook whose queue is full and not due is not looked at while the log grows, until it has room", async () => {
  const id = await makeWebhook("/crowded");
  receiver.answer("/crowded", status(503, { "retry-after": "3600" }));
  await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(1);
  const toRun = async (maxWaiting: number) =>
    (await endpointsToRun(own, null, { maxWaiting })).endpoints.map((one) => one.id);
  // As when its queue was full at the last commit: its cursor stays where it was.
  await own("UPDATE webhooks SET position = position - 1 WHERE id = $1", [uuid(id)]);
  expect(await toRun(1)).not.toContain(uuid(id));
  expect(await toRun(2)).toContain(uuid(id));
  await removeWebhook(id);
});

test("deleting a webhook costs the same however many deliveries wait; they are removed in portions", async () => {
  const id = await makeWebhook("/removed");
  receiver.answer("/removed", status(503, { "retry-after": "3600" }));
  await makeDeal();
  await expect.poll(() => attemptsOf(id), patient).toBe(1);
  await own(
    `INSERT INTO webhook_deliveries (tenant_id, webhook_id, id, position, event_id, record_type, record_id)
     SELECT tenant_id, webhook_id, gen_random_uuid(), position + place, gen_random_uuid(), record_type, record_id
     FROM webhook_deliveries, generate_series(1, 5000) place WHERE webhook_id = $1`,
    [uuid(id)],
  );
  const [some] = listAt(await webhookOf(gateway, key, id), "deliveries");
  gateway.statements.clear();
  expect(await removeWebhook(id)).toEqual({ userErrors: [] });
  const written = gateway.statements
    .all()
    .filter(({ text }) => /^(?:UPDATE|DELETE)\b.*webhook/s.test(text))
    .map(({ text, rows }) => [/^\w+ (?:FROM )?\S+/.exec(text)?.[0].replaceAll('"', ""), rows]);
  expect(written).toEqual([
    ["UPDATE public.webhooks", 1],
    ["DELETE FROM public.webhook_secrets", 1],
  ]);
  // It is there for nobody from now on.
  expect(await webhookOf(gateway, key, id)).toBeNull();
  const notFound = { userErrors: [{ code: "NOT_FOUND" }] };
  for (const field of ["resumeWebhook", "replayWebhook", "deleteWebhook"]) {
    const more = field === "replayWebhook" ? `, cursor: "${cursorAt("0")}"` : "";
    expect(await write(`${field}(id: "${id}"${more}) { userErrors { code } }`)).toEqual(notFound);
  }
  const sentAgain = `redeliver(id: "${String(at(some, "id"))}") { userErrors { code } }`;
  expect(await write(sentAgain)).toEqual(notFound);
  const left = () =>
    own(
      `SELECT id FROM webhooks WHERE id = $1 UNION ALL SELECT id FROM webhook_deliveries WHERE webhook_id = $1
       UNION ALL SELECT id FROM webhook_secrets WHERE webhook_id = $1`,
      [uuid(id)],
    );
  await expect.poll(left, patient).toEqual([]);
  expect(receiver.at("/removed")).toHaveLength(1);
  // The same by hand: how many rows each statement removes.
  const other = await makeWebhook("/by-hand");
  await own(
    `INSERT INTO webhook_deliveries (tenant_id, webhook_id, id, position, event_id, record_type, record_id, next_attempt_at)
     SELECT tenant_id, id, gen_random_uuid(), place, gen_random_uuid(), 'Deal', gen_random_uuid(), now() + interval '1 day'
     FROM webhooks, generate_series(1, 10001) place WHERE id = $1`,
    [uuid(other)],
  );
  await own("UPDATE webhooks SET status = 'stopped', removed_at = now() WHERE id = $1", [
    uuid(other),
  ]);
  const portions: number[] = [];
  await removeDeleted(async (text, values) => {
    const removed = await own(text, values);
    if (text.includes("DELETE FROM webhook_deliveries")) portions.push(removed.length);
    return removed;
  });
  expect(portions).toEqual([5_000, 5_000, 1]);
});

test("an exact number in a filter stays exact when something else is changed", async () => {
  const id = await makeWebhook("/exact");
  const done = await gateway.data(
    key,
    `mutation ($id: ID!) {
      one: updateWebhook(id: $id, input: {where: {value: {gt: 123456789012345.6789}}}) { userErrors { message } }
      two: updateWebhook(id: $id, input: {description: "exact"}) { webhook { where } userErrors { message } } }`,
    { id },
  );
  expect(at(done, "one", "userErrors")).toEqual([]);
  const { rows } = await gateway.fixtures.client.query(
    "SELECT filter FROM webhooks WHERE description = 'exact'",
  );
  expect(rows).toEqual([{ filter: '{"value":{"gt":123456789012345.6789}}' }]);
  await removeWebhook(id);
});

test("a delivery that another process took while its payload was made is not sent; one that none took is", async () => {
  const input = { url: receiver.urlOf("/late"), types: ["Deal"], payload: "full" };
  const { id } = await createWebhook(gateway, key, input);
  await write(`pauseWebhook(id: "${id}") { webhook { id } }`);
  const deals = [await makeDeal(), await makeDeal()];
  const [other = ""] = deals;
  await withClient(gateway.databaseUrl, async (holder) => {
    // Payloads wait for their records.
    await holder.query("BEGIN; LOCK TABLE deals IN ACCESS EXCLUSIVE MODE");
    await write(`resumeWebhook(id: "${id}") { webhook { id } }`);
    const state = () =>
      own("SELECT attempts FROM webhook_deliveries WHERE webhook_id = $1", [uuid(id)]);
    await expect.poll(state, patient).toEqual([{ attempts: 1 }, { attempts: 1 }]);
    // Their time is over. Another process takes one of them; this one takes none twice.
    await own(
      `UPDATE webhook_deliveries SET leased_until = CASE WHEN record_id = $2 THEN now() + interval '1 hour' ELSE now() END,
         attempts = attempts + (record_id = $2)::integer WHERE webhook_id = $1`,
      [uuid(id), other.slice(5)],
    );
    await write(`createAccount(input: {name: "Wakes"}) { account { id } }`);
    await holder.query("COMMIT");
  });
  const statuses = async () =>
    (
      await own(
        "SELECT status, attempts, record_id FROM webhook_deliveries WHERE webhook_id = $1",
        [uuid(id)],
      )
    ).toSorted((one, two) => Number(one["attempts"]) - Number(two["attempts"]));
  await expect.poll(statuses, patient).toMatchObject([
    { status: "delivered", attempts: 1 },
    { status: "waiting", attempts: 2, record_id: other.slice(5) },
  ]);
  expect(receiver.at("/late").map(({ data }) => data.record_id)).toEqual([deals[1]]);
  await removeWebhook(id);
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
  const [{ id: tenantId } = {}] = await own("SELECT id FROM tenants");
  await run?.run({ tenantId, webhookId: uuidv7() }, { stopping });
  await webhooks.close();
  expect(getEventListeners(stopping, "abort")).toEqual([]);
  webhooks.stop();
  quotas.close();
  await jobs.close();
});

test("of two changes of a webhook at the same time none undoes the other", async () => {
  const id = await makeWebhook("/before");
  const update = (input: string) =>
    write(`updateWebhook(id: "${id}", input: {${input}}) { userErrors { message } }`);
  const url = receiver.urlOf("/after");
  const atOnce = (...inputs: readonly string[]) =>
    withClient(gateway.databaseUrl, async (holder) => {
      await holder.query("BEGIN");
      await holder.query("SELECT FROM webhooks WHERE id = $1 FOR UPDATE", [uuid(id)]);
      const updates = Promise.all(inputs.map(update));
      // All have read it. A run of it, which looks whether it is active, may wait as well.
      const waiting = () =>
        own(
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
  await removeWebhook(id);
});
