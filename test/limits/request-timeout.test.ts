import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { untilAtRest, untilWaiting, waiting } from "../support/database/waiting.ts";
import { at, startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { post } from "../support/gateway/limits.ts";

let gateway: TestGateway;
let patient: TestGateway;

/** A gateway and a key of its one tenant, which has an account to write. */
async function start(timeout: string) {
  const started = await startGateway({
    logLevel: "silent",
    env: { REQUEST_TIMEOUT: timeout, LOCK_TIMEOUT: "1min" },
  });
  const tenant = await started.fixtures.tenant("north-harbor");
  await tenant.account({ name: "Before" });
  return { started, key: await started.keyFor(tenant.slug) };
}

let key: string;
let patientKey: string;
beforeAll(async () => {
  ({ started: gateway, key } = await start("2s"));
  ({ started: patient, key: patientKey } = await start("10min"));
});
afterEach(async () => {
  await gateway.fixtures.client.query("ROLLBACK");
  await patient.fixtures.client.query("ROLLBACK");
});
afterAll(async () => {
  await gateway.close();
  await patient.close();
});

const query = "{ accounts { nodes { name } } }";
const mutation =
  'mutation { createAccount(input: { name: "Late" }) { account { name } userErrors { message } } }';

/** Whoever reads or writes accounts waits from now on. */
const lock = ({ fixtures }: TestGateway) => fixtures.client.query("BEGIN; LOCK TABLE accounts");

const namesSeen = async () => at(await patient.data(patientKey, query), "accounts", "nodes");

describe("an operation that takes longer than a request may", () => {
  it("is cancelled in the database, and its caller told to ask for less", async () => {
    await lock(gateway);
    const { answer } = await post(gateway.url, key, { query });
    expect(at(answer, "errors", 0)).toMatchObject({
      message: expect.stringMatching(/stopped after 2 s; ask for less/),
      extensions: { code: "QUERY_TOO_COMPLEX" },
    });
    await untilWaiting(gateway, 0);
    await untilAtRest(gateway);
  });

  it("is rolled back whole when it writes, and can be sent again", async () => {
    await lock(gateway);
    const { status, retryAfter, answer } = await post(gateway.url, key, { query: mutation });
    expect([status, retryAfter]).toEqual([503, "1"]);
    expect(at(answer, "errors", 0)).toMatchObject({
      message: expect.stringMatching(/stopped after 2 s; it changed nothing/),
      extensions: { code: "UNAVAILABLE" },
    });
    await untilWaiting(gateway, 0);
    await untilAtRest(gateway);
    await gateway.fixtures.client.query("ROLLBACK");
    // Not asked of the gateway, which has two seconds for each answer.
    const { rows } = await gateway.fixtures.client.query("SELECT name FROM accounts");
    expect(rows).toEqual([{ name: "Before" }]);
  });
});

describe("an operation of which a part has failed", () => {
  it("is answered at once, and what still runs of it is cancelled", async () => {
    await lock(patient);
    const ids = Array.from({ length: 101 }, () => "acc-0190aaaa-0000-7000-8000-000000000000");
    // Without the second field there is no data at all; the first one alone would be answered as null.
    const failing = `{ accounts { nodes { id } } nodes(ids: ${JSON.stringify(ids)}) { id } }`;
    const { answer } = await post(patient.url, patientKey, { query: failing });
    expect(answer).toMatchObject({ data: null, errors: [{ path: ["nodes"] }] });
    await untilWaiting(patient, 0);
    await untilAtRest(patient);
  });
});

describe("when the client has gone", () => {
  const leave = async (text: string) => {
    const client = new AbortController();
    const { signal } = client;
    const answer = post(patient.url, patientKey, { query: text, signal });
    answer.catch(() => undefined);
    await untilWaiting(patient);
    client.abort();
    await expect(answer).rejects.toThrow(/abort/);
  };

  it("a query is cancelled", async () => {
    await lock(patient);
    await leave(query);
    await untilWaiting(patient, 0);
    await untilAtRest(patient);
    await patient.fixtures.client.query("ROLLBACK");
    expect(await namesSeen()).toEqual([{ name: "Before" }]);
  });

  it("a mutation is done to its end", async () => {
    await lock(patient);
    await leave(mutation);
    // As long as a query takes to be cancelled above, and then some.
    await post(patient.url, patientKey);
    expect(await waiting(patient)).toBe(1);
    await patient.fixtures.client.query("ROLLBACK");
    await untilAtRest(patient);
    expect(await namesSeen()).toHaveLength(2);
  });
});
