import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { at, type TestGateway } from "../support/gateway/gateway.ts";
import { startTenant } from "../support/gateway/one-tenant.ts";
import { post } from "../support/gateway/limits.ts";
import { untilAtRest, untilWaiting, waiting } from "../support/database/waiting.ts";
import { sendBytes } from "../support/gateway/raw-http.ts";
import type { RestAnswer, RestClient } from "../support/rest/client.ts";
import type { TenantFixtures } from "../support/samples/fixtures.ts";
import { untilFree } from "../support/gateway/metrics.ts";

type Served = {
  readonly gateway: TestGateway;
  readonly tenant: TenantFixtures;
  readonly key: string;
  readonly rest: RestClient;
};

/** A gateway and a client of its one tenant. */
const serve = (env: Readonly<Record<string, string>>): Promise<Served> =>
  startTenant("north-harbor", { logLevel: "silent", env });

let hurried: Served;
let patient: Served;
let narrow: Served;
beforeAll(async () => {
  hurried = await serve({ REQUEST_TIMEOUT: "2s", LOCK_TIMEOUT: "1min" });
  patient = await serve({ REQUEST_TIMEOUT: "10min", LOCK_TIMEOUT: "1min", METRICS_PORT: "0" });
  narrow = await serve({ MAX_IN_FLIGHT: "4", MAX_QUEUED: "4", METRICS_PORT: "0" });
});
const all = () => [hurried, patient, narrow];
afterEach(async () => {
  for (const { gateway } of all()) await gateway.fixtures.client.query("ROLLBACK");
});
afterAll(async () => {
  for (const { gateway } of all()) await gateway.close();
});

const accounts = "/api/v1/crm/accounts";

/** Whoever reads or writes such rows waits from now on. */
const lock = ({ gateway }: Served, table = "accounts") =>
  gateway.fixtures.client.query(`BEGIN; LOCK TABLE ${table}`);
const unlock = ({ gateway }: Served) => gateway.fixtures.client.query("ROLLBACK");

async function made({ rest }: Served, path: string, body: unknown): Promise<string> {
  const answer = await rest.post(path, body);
  expect(answer.status, answer.text).toBe(201);
  return String(at(answer.body, "id"));
}

describe("a request that takes longer than it may", () => {
  it("is cancelled in the database when it reads, and its caller told to ask for less", async () => {
    await lock(hurried);
    for (const path of [accounts, "/api/public/v1/customers"]) {
      const organization = await hurried.gateway.database.asOwner((client) =>
        client.query<{ id: string }>("SELECT id FROM tenants"),
      );
      const headers = { "x-organization-id": organization.rows[0]?.id ?? "" };
      const { status, body } = await hurried.rest.get(path, headers);
      expect([status, body]).toEqual([
        400,
        {
          error: "Invalid request payload",
          issues: [{ path: "", message: expect.stringMatching(/stopped after 2 s; ask for less/) }],
        },
      ]);
    }
    await untilWaiting(hurried.gateway, 0);
    await untilAtRest(hurried.gateway);
  });

  it("is rolled back whole when it writes, and can be sent again", async () => {
    await lock(hurried);
    const key = { "idempotency-key": "late" };
    const { status, headers, body } = await hurried.rest.post(accounts, { name: "Late" }, key);
    expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
    expect(at(body, "error")).toMatch(/stopped after 2 s; it changed nothing. Try again/);
    await untilWaiting(hurried.gateway, 0);
    await untilAtRest(hurried.gateway);
    await unlock(hurried);
    // Again and again, since a busy machine may take two seconds for it.
    const again = () => hurried.rest.post(accounts, { name: "Late" }, key);
    await expect.poll(async () => (await again()).status).toBe(201);
    const { rows } = await hurried.gateway.fixtures.client.query(
      "SELECT FROM accounts WHERE name = 'Late'",
    );
    expect(rows).toHaveLength(1);
  });

  it("does not claim that it changed nothing when it has written and only its answer was late", async () => {
    const { tenant } = hurried;
    const { id: deal } = await tenant.deal(await tenant.account(), { name: "Before" });
    // Read for the answer, and not for the change.
    await lock(hurried, "quotes");
    let count = 0;
    const send = () => {
      const key = { "idempotency-key": `late answer ${count}` };
      return hurried.rest.patch(`/api/v1/crm/deals/${deal}`, { name: "After" }, key);
    };
    // A busy machine may take two seconds before it has written: then it says that it changed nothing.
    const first = async () => {
      count += 1;
      const { status, body } = await send();
      return [status, at(body, "error")];
    };
    await expect.poll(first).toEqual([503, expect.stringMatching(/may be done/)]);
    await unlock(hurried);
    await expect.poll(async () => (await send()).body).toMatchObject({ name: "After", version: 2 });
  });
});

describe("when the client has gone", () => {
  const leave = async (send: (signal: AbortSignal) => Promise<unknown>) => {
    const client = new AbortController();
    const answer = send(client.signal);
    answer.catch(() => undefined);
    await untilWaiting(patient.gateway);
    client.abort();
    await expect(answer).rejects.toThrow(/abort/);
  };
  const request = (method: string, path: string, body?: unknown) => (signal: AbortSignal) =>
    fetch(`${patient.gateway.url}${path}`, {
      method,
      headers: { "x-api-key": patient.key, "content-type": "application/json" },
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it("a list and a record are cancelled", async () => {
    const id = await made(patient, accounts, { name: "Read" });
    await lock(patient);
    for (const path of [accounts, `${accounts}/${id}`]) {
      await leave(request("GET", path));
      await untilWaiting(patient.gateway, 0);
      await untilAtRest(patient.gateway);
    }
    await unlock(patient);
    expect((await patient.rest.get(`${accounts}/${id}`)).status).toBe(200);
  });

  it("a creation, a change and a deletion are done to their end", async () => {
    const changed = await made(patient, accounts, { name: "Before" });
    const deleted = await made(patient, accounts, { name: "To go" });
    const count = async (query: string) => {
      const { body } = await patient.rest.get(`${accounts}?${query}`);
      return at(body, "pagination", "count");
    };
    const status = async () => (await patient.rest.get(`${accounts}/${deleted}`)).status;
    const writes = [
      [request("POST", accounts, { name: "Made" }), () => count("name=Made"), 1],
      [request("PATCH", `${accounts}/${changed}`, { name: "After" }), () => count("name=After"), 1],
      [request("DELETE", `${accounts}/${deleted}`), status, 404],
    ] as const;
    for (const [write, result, expected] of writes) {
      // What the last write is answered with is read behind its commit, and would be taken for the next one.
      await untilFree(patient.gateway);
      await lock(patient);
      await leave(write);
      // As long as a read takes to be cancelled, and then some.
      await post(patient.gateway.url, patient.key);
      expect(await waiting(patient.gateway)).toBe(1);
      await unlock(patient);
      await expect.poll(result).toBe(expected);
    }
  });
});

describe("more requests than are worked on at once", () => {
  it("are refused at once as JSON that says when to come again, and all who were admitted are answered", async () => {
    const answers: RestAnswer[] = [];
    await lock(narrow);
    const requests = Promise.all(
      Array.from({ length: 40 }, async () => {
        answers.push(await narrow.rest.get(accounts));
      }),
    );
    // One key has three of the four turns and three of the four places in line.
    await vi.waitFor(() => expect(answers.length).toBeGreaterThanOrEqual(34), { timeout: 30_000 });
    await unlock(narrow);
    await requests;
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThanOrEqual(34);
    for (const { status, headers, body } of refused) {
      expect([status, headers.get("retry-after"), headers.get("content-type"), body]).toEqual([
        503,
        "1",
        expect.stringMatching(/^application\/json/),
        { error: "The gateway is busy; try again in a second." },
      ]);
    }
    expect(answers).toHaveLength(40);
    expect((await narrow.rest.get(accounts)).status).toBe(200);
  });
});

describe("turns of clients that are slow, or gone", () => {
  const body = JSON.stringify({ name: "x" });
  const head = (method: string, path: string, headers: string) =>
    `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nx-api-key: ${narrow.key}\r\n${headers}\r\n`;
  const open = () => {
    const { hostname, port } = new URL(narrow.gateway.url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    return socket;
  };

  it("pipelined requests whose sender hangs up leave none behind", async () => {
    const requests = [
      head("GET", accounts, ""),
      `${head("POST", accounts, `Content-Length: ${body.length}\r\n`)}${body}`,
      head("DELETE", `${accounts}/acc-0190aaaa-0000-7000-8000-000000000000`, ""),
    ];
    for (let round = 0; round < 20; round += 1) {
      const socket = open();
      await once(socket, "connect");
      socket.write(requests.join("").repeat(10), () => void socket.resetAndDestroy());
      await sleep(5);
    }
    await untilFree(narrow.gateway);
    expect((await narrow.rest.get(accounts)).status).toBe(200);
  });

  it("bodies that are sent slowly keep nobody from being served", async () => {
    const sockets = Array.from({ length: 12 }, (_, index) => {
      const socket = open();
      const [method, path] =
        index % 2 === 0
          ? ["POST", accounts]
          : ["PATCH", `${accounts}/acc-0190aaaa-0000-7000-8000-000000000000`];
      socket.write(head(method ?? "", path ?? "", "Content-Length: 1000\r\n"));
      return socket;
    });
    try {
      await untilFree(narrow.gateway);
      expect((await narrow.rest.post(accounts, { name: "Prompt" })).status).toBe(201);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it("a body that ends too early writes nothing", async () => {
    const request = `${head("POST", accounts, "Content-Length: 1000\r\n")}{"name":"Cut"}`;
    expect(await sendBytes(narrow.gateway.url, request)).toMatch(/^HTTP\/1\.1 400 /);
    await untilFree(narrow.gateway);
    const { body: list } = await narrow.rest.get(`${accounts}?name=Cut`);
    expect(at(list, "pagination", "count")).toBe(0);
  });
});
