import { afterAll, beforeAll, expect, it } from "vitest";
import { usualSchedule } from "../../src/webhooks/schedule.ts";
import { hearCitus, type CitusLog } from "../support/database/citus-log.ts";
import { at } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { ImportFace } from "../support/imports/face.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { startReceiver, type Receiver } from "../support/webhooks/receiver.ts";

let face: ImportFace;
let receiver: Receiver;
let log: CitusLog;
/** The node of the tenant's rows. */
let home: string;
const patient = { timeout: 60_000 };

beforeAll(async () => {
  receiver = await startReceiver();
  const started = await startTenant("imports", { schedule: usualSchedule, compare: false });
  face = new ImportFace(started);
  const { fixtures, database } = started.gateway;
  for (const slug of ["one", "two", "three"]) await fixtures.tenant(slug);
  const account = await started.tenant.account({ externalId: "acme" });
  const deal = await started.tenant.deal(account);
  await started.tenant.contact(account, { email: "here@x.example" });
  await started.tenant.activity(account);
  await started.tenant.lineItem(await started.tenant.quote(account, deal));
  const { rows } = await fixtures.client.query<{ place: string }>(
    `SELECT nodename || ':' || nodeport AS place FROM pg_dist_shard_placement
     WHERE shardid = get_shard_id_for_distribution_column('contacts', $1::uuid)`,
    [started.tenant.uuid],
  );
  home = rows[0]?.place ?? "";
  log = await hearCitus(fixtures.client, database.pool);
  await started.gateway.data(started.key, "{ accounts(first: 1) { nodes { id } } }");
});
afterAll(async () => {
  await face.started.gateway.close();
  receiver.close();
});

/** What is not a tenant's records: tables that each node has a copy of, and their locks. */
const copied = /public\.(?:tenants|api_keys)_\d+|lock_shard_resources/;

/** The statements that went to another node than the tenant's. */
async function strays(run: () => Promise<unknown>): Promise<string[]> {
  log.take();
  await run();
  const sent = log.take().filter(({ text }) => !copied.test(text));
  expect(sent).not.toEqual([]);
  return sent.filter(({ node }) => node !== home).map(({ text }) => text);
}

const get = async (path: string): Promise<string> => {
  const { gateway, key } = face.started;
  const response = await fetch(`${gateway.url}${path}`, { headers: { "x-api-key": key } });
  const text = await response.text();
  expect([response.status, text]).toEqual([200, text]);
  return text;
};
const data = (text: string) => face.started.gateway.data(face.started.key, text);

const kinds = ["accounts", "contacts", "deals", "activities", "quotes", "line-items"];
const exports = [
  ...kinds.flatMap((kind) => ["csv", "ndjson"].map((format) => `${kind}/export?format=${format}`)),
  "export",
];

it.each(exports)("GET %s asks the tenant's node alone", async (path) => {
  let text = "";
  expect(
    await strays(async () => {
      text = await get(`/api/v1/crm/${path}`);
    }),
  ).toEqual([]);
  expect(text.trim().split("\n").length).toBeGreaterThan(1);
});

const people = (name: string, count: number): string =>
  Array.from({ length: count }, (_, place) => `${name}${place}@x.example,Doe,acme\n`).join("");

it.each([
  ["created", "mode=create", people("made", 1)],
  ["upserted", "key=email", people("made", 2)],
  ["upserted in several chunks", "key=email", people("many", 1_200)],
])("an import that is %s asks the tenant's node alone", async (_name, how, rows) => {
  let over: unknown;
  const strayed = await strays(async () => {
    const told = await face.send(`email,last_name,account.external_id\n${rows}`, {
      query: `entity=contacts&${how}`,
    });
    over = await face.over(told);
  });
  expect(strayed).toEqual([]);
  expect(over).toMatchObject({ status: "done", rows_refused: 0 });
});

it("a subscription, a webhook and its delivery ask the tenant's node alone", async () => {
  const { gateway, key } = face.started;
  const strayed = await strays(async () => {
    await data(
      `mutation { createWebhook(input: {url: "${receiver.urlOf("/here")}", payload: full}) { userErrors { message } } }`,
    );
    await data(`mutation { createAccount(input: {name: "Told"}) { userErrors { message } } }`);
    await expect.poll(() => receiver.at("/here").length, patient).toBe(1);
    const done = async () => at(await data("{ webhooks { deliveries { status } } }"), "webhooks");
    await expect.poll(done, patient).toEqual([{ deliveries: [{ status: "delivered" }] }]);
  });
  expect(strayed).toEqual([]);
  expect(
    await strays(async () => {
      const stream = await EventStream.open(gateway.url, key, {
        query: "subscription { accountChanged { cursor account { name } } }",
      });
      const heard = stream.data(1);
      await data(`mutation { createAccount(input: {name: "Heard"}) { userErrors { message } } }`);
      expect(await heard).toMatchObject([{ account: { name: "Heard" } }]);
      await stream.close();
    }),
  ).toEqual([]);
});

it.each([
  [
    "setPicklist",
    `mutation { setPicklist(input: {list: accountIndustries, values: [{value: "boats", label: "Boats"}], strict: true}) { picklist { version } userErrors { message } } }`,
  ],
  ["picklists", "{ picklists { accountIndustries { value } } }"],
  [
    "a creation with a value of it",
    `mutation { createAccount(input: {name: "B", industry: "boats"}) { userErrors { message } } }`,
  ],
  [
    "resetPicklist",
    "mutation { resetPicklist(list: accountIndustries, version: 1) { userErrors { message } } }",
  ],
])("%s asks the tenant's node alone", async (_name, text) => {
  expect(await strays(() => data(text))).toEqual([]);
});
