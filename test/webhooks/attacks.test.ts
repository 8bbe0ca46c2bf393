import type { ServerResponse } from "node:http";
import pg from "pg";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { usualSchedule } from "../../src/webhooks/schedule.ts";
import { untilWaiting } from "../support/database/waiting.ts";
import { at, listAt } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { startReceiver, type Receiver } from "../support/webhooks/receiver.ts";
import { RowWriter } from "../support/writes/row-writer.ts";
import { webhookOf } from "../support/webhooks/webhook.ts";

// What changes while a delivery is under way.

let started: Awaited<ReturnType<typeof startTenant>>;
let receiver: Receiver;
let deals: RowWriter;
let account_id: string;
const patient = { timeout: 60_000 };

beforeAll(async () => {
  receiver = await startReceiver();
  const schedule = { ...usualSchedule, pauses: [0, 10, 10, 10], requestMilliseconds: 60_000 };
  started = await startTenant("attacked", { schedule });
  const { gateway, key } = started;
  account_id = await new RowWriter(gateway, key, "accounts").made({ name: "A" });
  deals = new RowWriter(gateway, key, "deals");
});
afterAll(async () => {
  await started.gateway.close();
  receiver.close();
});

/** Runs one mutation, and gives what it answers. */
async function mutate(field: string): Promise<unknown> {
  const data = await started.gateway.data(started.key, `mutation { done: ${field} }`);
  return at(data, "done");
}

/** Runs a mutation of a webhook, which must succeed. */
async function change(field: string): Promise<unknown> {
  const changed = await mutate(field);
  expect(at(changed, "userErrors")).toEqual([]);
  return changed;
}

async function makeWebhook(path: string, more = ""): Promise<{ id: string; secret: string }> {
  const made = await change(
    `createWebhook(input: {url: "${receiver.urlOf(path)}", ${more}}) { webhook { id } secret userErrors { message } }`,
  );
  return { id: String(at(made, "webhook", "id")), secret: String(at(made, "secret")) };
}

const remove = (id: string) => change(`deleteWebhook(id: "${id}") { userErrors { message } }`);

const versionsAt = (path: string) => receiver.at(path).map(({ data }) => data.version);

/** Holds back the answer to the first message of a path; later ones are answered 204. */
function hold(path: string): { answer: (code: number) => void } {
  let held: ServerResponse | null = null;
  receiver.answer(path, (_received, response, count) => {
    if (count === 1) held = response;
    else response.writeHead(204).end();
  });
  return { answer: (code) => void held?.writeHead(code).end() };
}

test.each([
  {
    name: "revoked",
    take: (_owner: pg.Client, key: string) =>
      change(`revokeApiKey(id: "${key}") { userErrors { message } }`),
    stays: {
      status: "stopped",
      statusReason: "The API key that it was made with works no more.",
      lag: { waiting: 1 },
      deliveries: [{ status: "waiting", attemptCount: 0, attempts: [] }],
    },
  },
  {
    name: "given fewer scopes",
    take: (owner: pg.Client, key: string) =>
      owner.query("UPDATE api_keys SET scopes = '{read:quotes}' WHERE id = $1", [key.slice(4)]),
    stays: {
      status: "active",
      deliveries: [
        { status: "dropped", statusReason: expect.stringMatching(/^Its key may not see/) },
      ],
    },
  },
])("nothing is sent that is read after its key was $name", async ({ name, take, stays }) => {
  const { gateway } = started;
  const path = `/${name.replaceAll(" ", "-")}`;
  const made = await mutate(
    `createApiKey(input: {name: "narrow", scopes: ["read:deals", "read:accounts"]}) { secret apiKey { id } }`,
  );
  const [secret, narrow] = [String(at(made, "secret")), String(at(made, "apiKey", "id"))];
  const { id } = await makeWebhook(path, `payload: full, api_key_id: "${narrow}"`);
  await change(`pauseWebhook(id: "${id}") { userErrors { message } }`);
  await deals.made({ account_id, name: "Held" });
  const { client } = gateway.fixtures;
  const owner = new pg.Client({ connectionString: gateway.databaseUrl });
  await owner.connect();
  await client.query("BEGIN");
  try {
    // The rights are looked up, and the event is taken; the record is read once this lock is given back.
    await client.query("LOCK TABLE deals IN ACCESS EXCLUSIVE MODE");
    await change(`resumeWebhook(id: "${id}") { userErrors { message } }`);
    await untilWaiting(gateway);
    await take(owner, narrow);
    const ask = () => gateway.ask(secret, "{ accounts(first: 1) { nodes { id } } }");
    await expect.poll(async () => (await ask()).errors?.length, patient).toBe(1);
  } finally {
    await client.query("COMMIT");
    await owner.end();
  }
  await expect
    .poll(() => webhookOf(started.gateway, started.key, id), patient)
    .toMatchObject(stays);
  expect(receiver.at(path)).toEqual([]);
  await remove(id);
});

test("a request that is under way when the URL changes is tried again at the new one, under its id", async () => {
  const { id } = await makeWebhook("/old", "types: [Deal]");
  const { answer } = hold("/old");
  const deal = await deals.made({ account_id, name: "one" });
  await expect.poll(() => versionsAt("/old"), patient).toEqual([1]);
  await change(
    `updateWebhook(id: "${id}", input: {url: "${receiver.urlOf("/new")}"}) { userErrors { message } }`,
  );
  await deals.update([{ id: deal, name: "two" }]);
  answer(500);
  await expect.poll(() => versionsAt("/new"), patient).toEqual([1, 2]);
  expect(versionsAt("/old")).toEqual([1]);
  expect(receiver.at("/new")[0]?.id).toBe(receiver.at("/old")[0]?.id);
  await remove(id);
});

test("a request that is under way when its webhook is deleted leaves nothing, and is the last one", async () => {
  const { id } = await makeWebhook("/deleted", "types: [Deal]");
  const { id: beside } = await makeWebhook("/beside", "types: [Deal]");
  const { answer } = hold("/deleted");
  const deal = await deals.made({ account_id, name: "one" });
  await expect.poll(() => versionsAt("/deleted"), patient).toEqual([1]);
  await remove(id);
  answer(500);
  await deals.update([{ id: deal, name: "two" }]);
  await expect.poll(() => versionsAt("/beside"), patient).toEqual([1, 2]);
  await expect
    .poll(() => webhookOf(started.gateway, started.key, beside), patient)
    .toMatchObject({ lag: { waiting: 0 } });
  const left = async () => {
    const { rows } = await started.gateway.fixtures.client.query(
      `SELECT d.id FROM webhook_deliveries d WHERE d.webhook_id = $1
       UNION ALL SELECT a.id FROM webhook_attempts a WHERE NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tenant_id = a.tenant_id AND d.id = a.delivery_id)
       UNION ALL SELECT w.id FROM webhooks w WHERE w.id = $1
       UNION ALL SELECT s.id FROM webhook_secrets s WHERE s.webhook_id = $1`,
      [id.slice(4)],
    );
    return rows;
  };
  await expect.poll(left, patient).toEqual([]);
  expect(versionsAt("/deleted")).toEqual([1]);
  await remove(beside);
});

test("a request that is under way when the secret is replaced without a grace time is tried again with the new one", async () => {
  const { id, secret } = await makeWebhook("/resigned", "types: [Deal]");
  const { answer } = hold("/resigned");
  await deals.made({ account_id, name: "one" });
  await expect.poll(() => versionsAt("/resigned"), patient).toEqual([1]);
  const rotated = await change(
    `rotateWebhookSecret(id: "${id}", graceMinutes: 0) { secret userErrors { message } }`,
  );
  answer(401);
  await expect.poll(() => versionsAt("/resigned"), patient).toEqual([1, 1]);
  const secrets = [secret, String(at(rotated, "secret"))];
  const signedBy = receiver.at("/resigned").map(({ body, headers }) =>
    secrets.map((one) => {
      const own = Object.entries(headers).filter(([name]) => name.startsWith("webhook-"));
      try {
        new Webhook(one).verify(
          body,
          Object.fromEntries(own.map(([name, value]) => [name, String(value)])),
        );
        return true;
      } catch {
        return false;
      }
    }),
  );
  expect(signedBy).toEqual([
    [true, false],
    [false, true],
  ]);
  await expect
    .poll(
      async () => listAt(await webhookOf(started.gateway, started.key, id), "deliveries"),
      patient,
    )
    .toMatchObject([{ status: "delivered", attempts: [{ status: 204 }, { status: 401 }] }]);
  await remove(id);
});
