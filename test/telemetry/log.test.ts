import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "node:net";
import { captureLog } from "../support/gateway/captured-log.ts";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send, type RawRequest } from "../support/gateway/raw-http.ts";
import { openSocket } from "../support/live/web-socket.ts";

const log = captureLog();
let gateway: TestGateway;
let key: string;
let tenantId: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "debug", logTo: log.stream });
  const tenant = await gateway.fixtures.tenant("north-harbor");
  tenantId = tenant.id;
  key = await gateway.keyFor(tenant.slug);
});
afterAll(() => gateway.close());

/** Sends a request and gives the lines about it. */
async function linesOf(path: string, raw: RawRequest) {
  const answer = await send(`${gateway.url}${path}`, raw);
  const id = String(answer.headers["x-request-id"]);
  return { answer, id, lines: await log.of(id) };
}

const ask = (body: object) =>
  linesOf("/graphql", {
    headers: [
      ["content-type", "application/json"],
      ["x-api-key", key],
    ],
    body: JSON.stringify(body),
  });

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe("an answered request", () => {
  it("has one line: who asked for which operation, how it ended and what it cost", async () => {
    const { answer, id, lines } = await ask({
      query: "query Names { accounts { nodes { name } } }",
    });
    expect(id).toMatch(uuid);
    expect(lines).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        pid: process.pid,
        hostname: expect.any(String),
        msg: "answered",
        requestId: id,
        method: "POST",
        path: "/graphql",
        status: 200,
        ms: expect.any(Number),
        bytes: expect.any(Number),
        statements: expect.any(Number),
        cost: expect.any(Number),
        tenant: tenantId,
        actor: { kind: "apiKey", id: `key-${key.split("_")[2]}` },
        operation: "Names",
        api: "graphql",
        operationType: "query",
        lane: "compiled",
      },
    ]);
    expect(Number(lines[0]?.["bytes"])).toBeGreaterThan(answer.body.length);
  });

  it("names the operation that ran, not the one that was asked for", async () => {
    const query = "query First { __typename } query Second { __typename }";
    const ran = await ask({ query, operationName: "Second" });
    expect(ran.lines[0]).toMatchObject({ operation: "Second", operationType: "query" });
    const none = await ask({ query, operationName: "Third" });
    expect(none.lines[0]).toMatchObject({ status: 400, codes: ["BAD_USER_INPUT"] });
    expect(none.lines[0]).not.toHaveProperty("operation");
  });

  it("has the codes of the errors in its answer, and no message", async () => {
    const { lines } = await ask({
      query: "{ accounts(where: { name: { eq: 5 } }) { secretField } }",
    });
    expect(lines[0]).toMatchObject({ msg: "answered", codes: ["BAD_USER_INPUT"] });
    expect(JSON.stringify(lines)).not.toContain("secretField");
  });

  it("has its path without the query, and only when it is a path of ours", async () => {
    const graphql = await linesOf("/graphql?query=%7B__typename%7D&api_key=hunter2", {
      method: "GET",
      headers: [["x-api-key", key]],
    });
    expect(graphql.lines[0]).toMatchObject({ method: "GET", path: "/graphql", status: 200 });
    const other = await linesOf("/hunter2/x?hunter2", { method: "GET" });
    expect(other.lines[0]).toMatchObject({ path: "other", status: 404 });
    expect(log.text()).not.toContain("hunter2");
  });

  it("is one line, whatever line breaks are in it", async () => {
    const forged = '%0A{"level":"info","msg":"forged"}%0D%0A';
    const { lines } = await linesOf(`/graphql?operationName=${forged}&query=${forged}`, {
      method: "GET",
      headers: [["x-api-key", key]],
    });
    expect(lines).toHaveLength(1);
    expect(log.lines().filter(({ msg }) => msg === "forged")).toEqual([]);
  });

  it("is told at debug when a machine asked whether we live", async () => {
    const { lines } = await linesOf("/healthz", { method: "GET" });
    expect(lines).toMatchObject([{ level: "debug", path: "/healthz", status: 200 }]);
  });

  it("is told as aborted when its caller did not wait", async () => {
    const blocker = gateway.fixtures.client;
    await blocker.query("BEGIN; LOCK TABLE accounts");
    const { hostname, port } = new URL(gateway.url);
    const body = JSON.stringify({ query: "query Abandoned { accounts { totalCount } }" });
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await expect
      .poll(
        async () => {
          const { rows } = await blocker.query(
            "SELECT FROM pg_locks WHERE relation = 'accounts'::regclass AND NOT granted",
          );
          return rows.length;
        },
        { timeout: 60_000 },
      )
      .toBe(1);
    socket.destroy();
    const isAbandoned = (line: object): boolean =>
      "operation" in line && line.operation === "Abandoned";
    await expect
      .poll(() => log.lines().filter(isAbandoned))
      .toMatchObject([{ msg: "answered", status: null, aborted: true }]);
    await blocker.query("ROLLBACK");
  });
});

describe("a failure of ours", () => {
  it("is a line with the answer's request id, the field as the schema calls it, and no message of PostgreSQL's", async () => {
    const client = gateway.fixtures.client;
    await client.query("ALTER TABLE line_items RENAME TO gone");
    const { answer, id, lines } = await ask({ query: "{ hunter2: lineItems { nodes { id } } }" });
    await client.query("ALTER TABLE gone RENAME TO line_items");
    expect(answer.body).toContain(`Quote request id ${id} when you report it`);
    expect(lines).toMatchObject([
      {
        level: "error",
        msg: "unexpected error",
        field: "lineItems",
        cause: { code: "42P01", stack: expect.stringContaining("    at ") },
      },
      { level: "info", msg: "answered", status: 200, codes: ["INTERNAL"] },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|does not exist/);
  });
});

describe("a gateway that is not ready", () => {
  it("says why once, and once that it is ready again", async () => {
    const { client } = gateway.fixtures;
    const readiness = async (): Promise<object> => {
      const { status, body } = await send(`${gateway.url}/readyz`, { method: "GET" });
      const told: unknown = JSON.parse(body);
      return { status, told };
    };
    const becomes = async (status: number, told: object): Promise<void> => {
      await expect.poll(readiness, { timeout: 60_000 }).toMatchObject({ status, told });
    };
    await client.query("ALTER TABLE _prisma_migrations RENAME TO gone");
    await becomes(503, { status: "database unreachable" });
    await client.query(
      "ALTER TABLE gone RENAME TO _prisma_migrations; UPDATE _prisma_migrations SET finished_at = NULL",
    );
    await becomes(503, { status: "migrations missing" });
    await client.query("UPDATE _prisma_migrations SET finished_at = now()");
    await becomes(200, { status: "ok" });
    expect(log.lines().filter(({ msg }) => /ready/.test(String(msg)))).toMatchObject([
      { level: "error", msg: "not ready", cause: { code: "42P01" } },
      { level: "info", msg: "ready again" },
    ]);
  });
});

describe("a credential that cannot be checked", () => {
  it("is one line for each cause, whatever its callers ask, without their keys", async () => {
    const { client } = gateway.fixtures;
    const fresh = await gateway.keyFor("north-harbor");
    const asked = async (): Promise<void> => {
      const headers = [["x-api-key", fresh]] as const;
      const answers = await Promise.all([
        ...[1, 2, 3].map(() =>
          send(`${gateway.url}/graphql?query={__typename}`, { method: "GET", headers }),
        ),
        send(`${gateway.url}/api/v1/crm/contacts`, { method: "GET", headers }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
      const {
        send: say,
        opened,
        closed,
      } = openSocket(`${gateway.url.replace("http", "ws")}/graphql`);
      await opened;
      say({ type: "connection_init", payload: { "x-api-key": fresh } });
      expect(await closed).toBe(1013);
    };
    await client.query("ALTER FUNCTION find_api_key RENAME TO gone");
    await asked();
    await client.query("ALTER FUNCTION gone RENAME TO find_api_key");
    await client.query("REVOKE EXECUTE ON FUNCTION find_api_key FROM crm_gateway");
    await asked();
    await client.query("GRANT EXECUTE ON FUNCTION find_api_key TO crm_gateway");
    const lines = log
      .lines()
      .filter(({ level }) => level === "error")
      .slice(-2);
    const msg = "credentials cannot be checked";
    expect(lines).toMatchObject([
      { msg, cause: { code: "42883" } },
      { msg, cause: { code: "42501" } },
    ]);
    expect(log.lines().filter((line) => line["msg"] === msg)).toHaveLength(2);
    expect(log.text()).not.toContain(fresh.slice(-20));
  });
});

describe("the request id", () => {
  const given = (id: string): RawRequest => ({ method: "GET", headers: [["x-request-id", id]] });

  it("is ours, whatever a caller sends", async () => {
    const { id } = await linesOf("/healthz", given("trace-me.1"));
    expect(id).toMatch(uuid);
  });

  it("is the proxy's when there is one to be trusted, if it can be one", async () => {
    const behind = await startGateway({ logLevel: "silent", env: { TRUST_PROXY: "on" } });
    const idOf = async (id: string) => {
      const { headers } = await send(`${behind.url}/healthz`, given(id));
      return headers["x-request-id"];
    };
    expect(await idOf("trace-me.1")).toBe("trace-me.1");
    for (const bad of ["", "a b", "a\tb", "x".repeat(65), '"}', "ä"]) {
      expect(await idOf(bad)).toMatch(uuid);
    }
    await behind.close();
  });
});
