import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { startCliWorker } from "../support/processes/cli-gateway.ts";
import { bareEnvironment } from "../support/processes/environment.ts";
import { isLong } from "../support/run/run-length.ts";
import { startReceiver, type Receiver } from "../support/webhooks/receiver.ts";
import { createWebhook } from "../support/webhooks/webhook.ts";

let gateway: TestGateway;
let receiver: Receiver;
let key: string;
let accountId: string;
const workers: ChildProcess[] = [];
const patient = { timeout: 60_000 };

beforeAll(async () => {
  receiver = await startReceiver();
  gateway = await startGateway();
  await gateway.fixtures.tenant("killed");
  key = await gateway.keyFor("killed");
  const made = await gateway.data(key, `mutation { createAccount(input: {}) { account { id } } }`);
  accountId = String(at(made, "createAccount", "account", "id"));
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => end(worker)));
});

afterAll(async () => {
  await gateway.close();
  receiver.close();
});

const script = fileURLToPath(new URL("../support/webhooks/worker-process.ts", import.meta.url));

function startWorker(step: string): ChildProcess {
  const worker = spawn(process.execPath, [script, gateway.databaseUrl, step], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...bareEnvironment, NODE_NO_WARNINGS: "1" },
  });
  workers.push(worker);
  return worker;
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const exited = once(worker, "exit");
  worker.kill("SIGKILL");
  await exited;
}

const makeWebhook = async (path: string): Promise<string> =>
  (await createWebhook(gateway, key, { url: receiver.urlOf(path), types: ["Deal"] })).id;

/** Writes deals, each several times, and gives the number of their events. */
async function write(deals: number, updates: number): Promise<number> {
  const made = await gateway.data(
    key,
    `mutation ($inputs: [CreateDealInput!]!) { createDeals(inputs: $inputs) { results { deal { id } } } }`,
    { inputs: Array.from({ length: deals }, () => ({ account_id: accountId })) },
  );
  const results = at(made, "createDeals", "results");
  const ids = Array.isArray(results) ? results.map((one) => String(at(one, "deal", "id"))) : [];
  for (let turn = 0; turn < updates; turn += 1) {
    await gateway.data(
      key,
      `mutation ($inputs: [UpdateDealInput!]!) { updateDeals(inputs: $inputs) { written } }`,
      { inputs: ids.map((id) => ({ id, name: `turn ${turn}` })) },
    );
  }
  return deals * (1 + updates);
}

const idsAt = (path: string) => new Set(receiver.at(path).map(({ id }) => id));

/** Each record's versions came in their order; one may come again before the next. */
function expectOrder(path: string): void {
  for (const messages of Map.groupBy(receiver.at(path), ({ data }) => data.record_id).values()) {
    const versions = messages.map(({ data }) => data.version ?? 0);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(versions.at(-1));
  }
}

const waitingOf = async (id: string): Promise<unknown> =>
  at(
    await gateway.data(
      key,
      `query ($id: ID!) { webhook(id: $id) { status lag { waiting unread } } }`,
      { id },
    ),
    "webhook",
  );

/** Where it is killed; all of them in long runs. */
const steps = [
  "read, not queued",
  "queued, not taken",
  "taken, not sent",
  "sent, not written",
  "written",
];

describe("a worker that is killed with SIGKILL", () => {
  it.each(isLong ? steps : steps.slice(2, 4))(
    "loses nothing when it is killed with events %s",
    async (step) => {
      const path = `/${encodeURIComponent(step)}`;
      const id = await makeWebhook(path);
      const events = await write(3, 2);
      const doomed = startWorker(step);
      await once(doomed, "exit");
      expect(doomed.signalCode).toBe("SIGKILL");
      startWorker("none");
      await expect.poll(() => idsAt(path).size, patient).toBe(events);
      await expect
        .poll(() => waitingOf(id), patient)
        .toEqual({
          status: "active",
          lag: { waiting: 0, unread: 0 },
        });
      expectOrder(path);
    },
  );

  it("holds up nobody for long: two workers are killed in turn while events are written", async () => {
    const id = await makeWebhook("/turns");
    startWorker("none");
    let events = 0;
    for (let turn = 0; turn < (isLong ? 3 : 2); turn += 1) {
      const other = startWorker("none");
      const seen = receiver.at("/turns").length;
      events += await write(5, 2);
      await expect.poll(() => receiver.at("/turns").length, patient).toBeGreaterThan(seen);
      await end(other);
    }
    await expect.poll(() => idsAt("/turns").size, patient).toBe(events);
    await expect.poll(() => waitingOf(id), patient).toMatchObject({ lag: { waiting: 0 } });
    expectOrder("/turns");
  });
});

it("two `crm work` share the work of a gateway that runs no jobs; the one that is left takes over", async () => {
  const env = { DATABASE_URL: gateway.databaseUrl };
  const [first, second] = await Promise.all([startCliWorker(env), startCliWorker(env)]);
  try {
    const id = await makeWebhook("/shared");
    let events = await write(5, 1);
    await expect.poll(() => idsAt("/shared").size, patient).toBe(events);
    receiver.answer("/shared", (_received, response) => void setTimeout(() => response.end(), 50));
    events += await write(5, 2);
    // What a killed one had taken is free again after a lease of 30 s.
    if (isLong) process.kill(first.pid, "SIGKILL");
    else await first.stop();
    events += await write(2, 1);
    await expect.poll(() => idsAt("/shared").size, patient).toBe(events);
    await expect
      .poll(() => waitingOf(id), patient)
      .toEqual({ status: "active", lag: { waiting: 0, unread: 0 } });
    expectOrder("/shared");
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
});
