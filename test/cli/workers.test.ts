import { Agent, request } from "node:http";
import { kill } from "node:process";
import { text } from "node:stream/consumers";
import { setTimeout as after } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { formatId } from "../../src/lib/id.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { limitedKey } from "../support/gateway/limits.ts";
import { EventStream } from "../support/live/event-stream.ts";
import { startCliGateway, type CliGateway } from "../support/processes/cli-gateway.ts";

let gateway: TestGateway;
let slug: string;
let key: string;
let served: CliGateway;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent" });
  ({ slug } = await gateway.fixtures.tenant("north-harbor"));
  key = await limitedKey(gateway, slug, 100_000);
  served = await startCliGateway({
    DATABASE_URL: gateway.databaseUrl,
    WORKERS: "2",
    RATE_LIMIT_STORE: "memory",
    LOG_LEVEL: "info",
    METRICS_PORT: "0",
    LOCK_TIMEOUT: "1min",
    STATEMENT_TIMEOUT: "1min",
  });
});
afterAll(async () => {
  await served.stop();
  await gateway.close();
});

/** Sends an operation on a connection of its own: the system deals them out among the processes. */
async function ask(
  sender: string,
  query = "{ __typename }",
  { url } = served,
): Promise<{ status: number; body: string }> {
  const body = JSON.stringify({ query });
  const headers = { "content-type": "application/json", "x-api-key": sender };
  const asked = request(`${url}/graphql`, { method: "POST", headers, agent: new Agent() });
  const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
    asked.once("error", reject).once("response", (response) => {
      text(response).then(
        (got) => resolve({ status: response.statusCode ?? 0, body: got }),
        reject,
      );
    });
  });
  asked.end(body);
  return answered;
}

/** Several at once. */
const askTimes = (count: number, sender: string) =>
  Promise.all(Array.from({ length: count }, () => ask(sender)));

/** The processes that have answered so far, by their log. */
const answering = ({ log } = served): Set<number> =>
  new Set([...log().matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid)));

const isRunning = (pid: number): boolean => {
  try {
    return kill(pid, 0);
  } catch {
    return false;
  }
};

test("all processes answer on the one port", async () => {
  await vi.waitFor(async () => {
    for (const { status } of await askTimes(8, key)) expect(status).toBe(200);
    expect(answering().size).toBe(2);
  }, 60_000);
});

test("a key that has 60 requests a minute sends 60 to all of them together", async () => {
  const limited = await limitedKey(gateway, slug, 60);
  const began = performance.now();
  const statuses = (await askTimes(200, limited)).map(({ status }) => status);
  // Had it taken longer, a second minute would have begun.
  expect(performance.now() - began).toBeLessThan(60_000);
  expect(statuses.filter((status) => status === 200)).toHaveLength(60);
  expect(statuses.filter((status) => status === 429)).toHaveLength(140);
});

test("a key that is revoked by one of them is refused by all from then on", async () => {
  for (let round = 0; round < 3; round += 1) {
    const revoked = await gateway.keyFor(slug);
    // Each process knows it by now.
    for (const { status } of await askTimes(8, revoked)) expect(status).toBe(200);
    const id = formatId("key", revoked.split("_")[2] ?? "");
    const { body } = await ask(
      key,
      `mutation { revokeApiKey(id: "${id}") { userErrors { code } } }`,
    );
    expect(JSON.parse(body)).toMatchObject({ data: { revokeApiKey: { userErrors: [] } } });
    for (const { status } of await askTimes(8, revoked)) expect(status).toBe(401);
  }
});

test("metrics are those of all of them", async () => {
  const count = async (): Promise<number> => {
    const lines = await (await fetch(served.metricsUrl)).text();
    const counts = [...lines.matchAll(/^crm_requests_total\{.*outcome="ok"\} (\d+)$/gm)];
    return counts.reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const before = await count();
  await askTimes(10, key);
  // A request is counted a moment after its answer: one from before may be among them.
  await vi.waitFor(async () => expect(await count()).toBeGreaterThanOrEqual(before + 10), 60_000);
});

test("streams of each of them get what any of them writes, in one order", async () => {
  const query = "subscription { accountChanged { account { name } } }";
  const streams = await Promise.all(
    Array.from({ length: 8 }, () => EventStream.open(served.url, key, { query })),
  );
  const names = Array.from({ length: 16 }, (_, place) => `From any ${place}`);
  for (const name of names) {
    const made = await ask(
      key,
      `mutation { createAccount(input: { name: "${name}" }) { userErrors { code } } }`,
    );
    expect(made.body).toContain('"userErrors":[]');
  }
  for (const stream of streams) {
    const events = await stream.data(names.length);
    expect(events).toEqual(names.map((name) => ({ account: { name } })));
    await stream.close();
  }
});

test("one that is killed takes its own requests with it, and has a successor", async () => {
  const [victim = 0] = answering();
  const statuses: number[] = [];
  let isOver = false;
  const caller = async (): Promise<void> => {
    while (!isOver) {
      const answer = await ask(key).catch(() => null);
      if (answer !== null) statuses.push(answer.status);
      // The successor needs the processor to start.
      await after(20);
    }
  };
  const callers = [caller(), caller(), caller()];
  kill(victim, "SIGKILL");
  const told = `Worker ${victim} ended (SIGKILL)`;
  await vi.waitFor(() => expect(served.log()).toContain(told), 60_000);
  // The one that is left goes on.
  const sofar = statuses.length;
  await vi.waitFor(() => expect(statuses.length).toBeGreaterThan(sofar + 20), 60_000);
  await vi.waitFor(() => expect(answering().size).toBe(3), 60_000);
  isOver = true;
  await Promise.all(callers);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

test("a primary that hangs refuses nobody, and outlives one that is killed before it has its answer", async () => {
  const callers = await Promise.all(
    Array.from({ length: 6 }, () => limitedKey(gateway, slug, 1_000)),
  );
  await askTimes(8, key);
  const victim = [...answering()].findLast(isRunning);
  if (victim === undefined) throw new Error("no process has answered");
  kill(served.pid, "SIGSTOP");
  // Each of these is a question to the primary.
  const asked = callers.map((caller) => ask(caller).catch(() => null));
  await after(1_000);
  kill(victim, "SIGKILL");
  const answers = await Promise.all(asked);
  kill(served.pid, "SIGCONT");
  for (const answer of answers) expect([undefined, 200]).toContain(answer?.status);
  await vi.waitFor(async () => {
    expect(served.log()).toContain(`Worker ${victim} ended (SIGKILL)`);
    for (const { status } of await askTimes(8, key)) expect(status).toBe(200);
    expect([...answering()].filter(isRunning)).toHaveLength(2);
  }, 110_000);
}, 240_000);

test("SIGTERM lets all of them answer what they work on, and leaves none", async () => {
  const { client } = gateway.fixtures;
  await client.query("BEGIN");
  await client.query("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE");
  const waiting = Array.from({ length: 4 }, () =>
    ask(key, "{ accounts(first: 1) { nodes { id } } }"),
  );
  const held = `SELECT count(*)::integer AS held FROM pg_locks WHERE NOT granted AND relation = 'accounts'::regclass`;
  await vi.waitFor(async () => {
    const { rows } = await client.query<{ held: number }>(held);
    expect(rows).toEqual([{ held: 4 }]);
  }, 60_000);
  const stopped = served.stop();
  // It takes nothing new by now.
  await vi.waitFor(async () => expect(await ask(key).catch(() => null)).toBeNull(), 60_000);
  await client.query("COMMIT");
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
  expect(await stopped).toBe(0);
  await after(0);
  expect([...answering()].filter(isRunning)).toEqual([]);
});

test.each(["after a second signal", "in time"])(
  "a worker that hangs and does not end %s is killed, with a line",
  async (when) => {
    const hanging = await startCliGateway({
      DATABASE_URL: gateway.databaseUrl,
      WORKERS: "2",
      LOG_LEVEL: "info",
    });
    await vi.waitFor(async () => {
      await Promise.all(Array.from({ length: 4 }, () => ask(key, undefined, hanging)));
      expect(answering(hanging).size).toBe(2);
    }, 60_000);
    const workers = [...answering(hanging)];
    const [hung = 0] = workers;
    kill(hung, "SIGSTOP");
    const stopped = hanging.stop();
    if (when === "after a second signal") kill(hanging.pid, "SIGINT");
    expect(await stopped).toBe(when === "in time" ? 0 : 130);
    expect(hanging.log()).toContain(`Worker ${hung} did not end in time, and is killed.\n`);
    await vi.waitFor(() => expect(workers.filter(isRunning)).toEqual([]), 60_000);
  },
  240_000,
);

test("a number of processes that cannot be is told", async () => {
  await expect(startCliGateway({ WORKERS: "0" })).rejects.toThrow(
    "WORKERS must be a whole number from 1 to 999, or auto",
  );
});
