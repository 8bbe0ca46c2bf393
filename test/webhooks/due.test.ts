import type { ServerResponse } from "node:http";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cursorAt } from "../../src/changes/position.ts";
import { usualSchedule } from "../../src/webhooks/schedule.ts";
import { endpointsToRun } from "../../src/webhooks/sweep.ts";
import { at, listAt, type TestGateway } from "../support/gateway/gateway.ts";
import { Hooks, patient, uuid } from "../support/webhooks/hooks.ts";
import { status, type Receiver } from "../support/webhooks/receiver.ts";

// Nothing is found by looking in here: all that is sent was woken by a commit. A lease is renewed for each request.
const schedule = { ...usualSchedule, lookMilliseconds: 3_600_000, marginMilliseconds: 0 };
let hooks: Hooks;
let gateway: TestGateway;
let receiver: Receiver;
let key: string;

beforeAll(async () => {
  hooks = await Hooks.start({ schedule, env: { DELIVERIES_KEEP_DAYS: "7" } });
  ({ gateway, receiver, key } = hooks);
});
afterAll(() => hooks.close());

test("a commit starts dispatch at once, also while another record's request is not answered", async () => {
  const { id } = await hooks.makeWebhook("/woken");
  const held: ServerResponse[] = [];
  // The first record's request is answered once the second record's has come.
  receiver.answer("/woken", (_received, response, count) => {
    held.push(response);
    if (count === 2) for (const one of held) one.writeHead(204).end();
  });
  const deals = [await hooks.makeDeal()];
  const seen = () => receiver.at("/woken").map(({ data }) => data.record_id);
  await expect.poll(seen, patient).toEqual(deals);
  deals.push(await hooks.makeDeal());
  await expect.poll(seen, patient).toEqual(deals);
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(2);
  const delivered = { status: "delivered", attempts: [{ status: 204 }] };
  expect(await hooks.stateOf(id)).toMatchObject({ deliveries: [delivered, delivered] });
  await hooks.removeWebhook(id);
});

test.each([
  ["seconds, of 429", 429, "3600", "1 hour"],
  ["seconds, of 503", 503, "3600", "1 hour"],
  ["a date", 503, new Date(Date.now() + 7_200_000).toUTCString(), "2 hours"],
  ["more than a day, as a day", 429, "864000", "24 hours"],
  ["more than any number, as a day", 503, "9".repeat(400), "24 hours"],
])("Retry-After is obeyed: %s", async (_name, code, asked, wait) => {
  const path = `/busy-${code}-${wait.replace(" ", "-")}`;
  const { id } = await hooks.makeWebhook(path);
  receiver.answer(path, status(code, { "retry-after": asked }));
  await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(1);
  const [next] = await hooks.own(
    `SELECT d.status, d.next_attempt_at >= ${asked.includes("GMT") ? `'${asked}'::timestamptz` : "a.started_at + $2::interval"} AS is_obeyed,
       d.next_attempt_at <= now() + $2::interval AS is_bounded
     FROM webhook_deliveries d JOIN webhook_attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id
     WHERE d.webhook_id = $1`,
    [uuid(id), wait],
  );
  expect(next).toEqual({ status: "waiting", is_obeyed: true, is_bounded: true });
  // Another event of the tenant wakes the webhook, and what is not due is not sent.
  await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(2);
  receiver.answer(path, status(204));
  await hooks.own("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE webhook_id = $1", [
    uuid(id),
  ]);
  await hooks.makeDeal();
  await expect.poll(() => receiver.at(path).length, patient).toBe(5);
  await hooks.removeWebhook(id);
});

test("a webhook is not looked at while all that is due waits behind a delivery that is tried later", async () => {
  const { id } = await hooks.makeWebhook("/paused");
  receiver.answer("/paused", status(503, { "retry-after": "3600" }));
  const deal = await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(1);
  await hooks.write(`updateDeal(id: "${deal}", input: {name: "Behind"}) { deal { id } }`);
  const state = () =>
    hooks.own(
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
    (await endpointsToRun(hooks.own, null, schedule)).endpoints.map((one) => one.id);
  expect(await toRun()).not.toContain(uuid(id));
  // The column is rounded to milliseconds, and so may lie behind now().
  const due = `UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 second' WHERE webhook_id = $1 AND attempts = 1`;
  expect(await hooks.seenAfter(due, [uuid(id)], toRun)).toContain(uuid(id));
  await hooks.removeWebhook(id);
});

test("of several replays the one from the earliest place holds, whatever their order", async () => {
  const { id } = await hooks.makeWebhook("/again");
  for (let count = 0; count < 3; count += 1) await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(3);
  await hooks.write(`pauseWebhook(id: "${id}") { webhook { id } }`);
  const cursors = listAt(
    await gateway.data(key, `{ webhook(id: "${id}") { deliveries { cursor } } }`),
    "webhook",
    "deliveries",
  ).map((one) => String(at(one, "cursor")));
  const [late = "", middle = "", early = ""] = cursors;
  const replay = (cursor: string) =>
    hooks.write(
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
  await hooks.removeWebhook(id);
});

test("other failures ask for nothing by Retry-After", async () => {
  const { id } = await hooks.makeWebhook("/impudent");
  receiver.answer("/impudent", status(500, { "retry-after": "3600" }));
  await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(1);
  const [next] = await hooks.own(
    "SELECT next_attempt_at < now() + interval '10 seconds' AS is_soon FROM webhook_deliveries WHERE webhook_id = $1",
    [uuid(id)],
  );
  expect(next).toEqual({ is_soon: true });
  await hooks.removeWebhook(id);
});

test("five days of failures only switch a webhook off, and it says why; less does not", async () => {
  const { id } = await hooks.makeWebhook("/down");
  receiver.answer("/down", status(500));
  await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(1);
  expect(await hooks.stateOf(id)).toMatchObject({ status: "active", statusReason: null });
  expect(at(await hooks.stateOf(id), "failingSince")).not.toBeNull();
  const failingFor = async (time: string): Promise<void> => {
    await hooks.own(
      "UPDATE webhooks SET failing_since = now() - $2::interval WHERE id = $1 AND failing_since IS NOT NULL",
      [uuid(id), time],
    );
    await hooks.makeDeal();
  };
  await failingFor("4 days 23 hours");
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(2);
  expect(await hooks.stateOf(id)).toMatchObject({ status: "active" });
  // One delivery, and the days are counted anew.
  receiver.answer("/down", status(204));
  await hooks.makeDeal();
  await expect.poll(() => hooks.stateOf(id), patient).toMatchObject({ failingSince: null });
  receiver.answer("/down", status(500));
  await failingFor("6 days");
  await expect
    .poll(async () => at(await hooks.stateOf(id), "failingSince"), patient)
    .not.toBeNull();
  expect(await hooks.stateOf(id)).toMatchObject({ status: "active" });
  await failingFor("5 days 1 minute");
  await expect
    .poll(() => hooks.stateOf(id), patient)
    .toMatchObject({ status: "stopped", statusReason: "Every attempt of 5 days failed." });
  await hooks.removeWebhook(id);
});

test("deliveries that ended long ago are deleted with their attempts; others stay", async () => {
  const { id } = await hooks.makeWebhook("/kept");
  const deals = [await hooks.makeDeal(), await hooks.makeDeal()];
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(2);
  receiver.answer("/kept", status(500));
  const late = await hooks.makeDeal();
  await expect.poll(() => hooks.attemptsOf(id), patient).toBe(3);
  const earlier = (time: string) =>
    `(${time} AT TIME ZONE 'UTC' - $3::interval) AT TIME ZONE 'UTC'`;
  const age = (record: string | undefined, time: string) =>
    hooks.own(
      `UPDATE webhook_deliveries SET finished_at = ${earlier("finished_at")}, next_attempt_at = ${earlier("next_attempt_at")}
       WHERE webhook_id = $1 AND record_id = $2`,
      [uuid(id), record?.slice(5), time],
    );
  await age(deals[0], "8 days");
  await age(deals[1], "6 days");
  await hooks.own("SELECT graphile_worker.add_job('webhooks.prune', '{}')");
  await expect
    .poll(async () => listAt(await hooks.stateOf(id), "deliveries").length, patient)
    .toBe(2);
  const left = await hooks.own(
    `SELECT d.record_id, count(a.id)::integer AS attempts FROM webhook_deliveries d
     LEFT JOIN webhook_attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id WHERE d.webhook_id = $1 GROUP BY d.record_id, d.position ORDER BY d.position`,
    [uuid(id)],
  );
  expect(left).toEqual(
    [deals[1], late].map((record) => ({ record_id: record?.slice(5), attempts: 1 })),
  );
  const [{ orphans } = {}] = await hooks.own(
    "SELECT count(*)::integer AS orphans FROM webhook_attempts a WHERE NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tenant_id = a.tenant_id AND d.id = a.delivery_id)",
  );
  expect(orphans).toBe(0);
  await hooks.removeWebhook(id);
});

test("an exact number in a filter stays exact when something else is changed", async () => {
  const { id } = await hooks.makeWebhook("/exact");
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
  await hooks.removeWebhook(id);
});
