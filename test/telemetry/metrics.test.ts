import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";
import { metricsOf } from "../support/gateway/metrics.ts";

const token = "a-token-for-prometheus";
const env = { METRICS_PORT: "0" };
let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  gateway = await startGateway({ logLevel: "silent", env });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(() => gateway.close());

/** What was added to each series by what happens in between. */
async function added(work: () => Promise<unknown>): Promise<(series: string) => number> {
  const before = await metricsOf(gateway);
  await work();
  const after = await metricsOf(gateway);
  return (series) => (after.get(series) ?? 0) - (before.get(series) ?? 0);
}

const ask = (query: string, asked: string = key) => gateway.ask(asked, query);

describe("metrics tell of operations", () => {
  it("how many, how they ended and how long they took", async () => {
    const of = await added(async () => {
      await ask("query Counted { accounts { totalCount } }");
      await ask("query Counted { accounts { totalCount } }");
      await ask("query Counted { nothing }");
      await ask("{ __typename }");
      await ask("{ __typename }", "wrong");
    });
    const requests = (labels: string): number => of(`crm_requests_total{api="graphql",${labels}}`);
    expect(requests('operation="Counted",type="query",outcome="ok"')).toBe(2);
    expect(requests('operation="Counted",type="query",outcome="BAD_USER_INPUT"')).toBe(1);
    expect(requests('operation="anonymous",type="query",outcome="ok"')).toBe(1);
    expect(requests('operation="none",type="none",outcome="UNAUTHENTICATED"')).toBe(1);
    expect(
      of('crm_request_duration_seconds_count{api="graphql",operation="Counted",type="query"}'),
    ).toBe(3);
    expect(of('crm_request_statements_count{api="graphql",type="query"}')).toBe(3);
    expect(of('crm_http_responses_total{path="/graphql",status="401"}')).toBe(1);
  });

  it("of each API by its operations, and what paths they are of", async () => {
    const headers = { "x-api-key": key, "content-type": "application/json" };
    const of = await added(async () => {
      await fetch(`${gateway.url}/api/v1/crm/accounts?limit=1`, { headers });
      await fetch(`${gateway.url}/api/v1/crm/accounts/acc-nobody`, { headers });
      await fetch(`${gateway.url}/v1/customers`, { method: "POST", headers, body: "{}" });
      await fetch(`${gateway.url}/api/public/v1/customers`, { headers: { "x-api-key": "wrong" } });
    });
    const requests = (labels: string): number => of(`crm_requests_total{${labels}}`);
    expect(requests('api="crm",operation="listAccounts",type="query",outcome="ok"')).toBe(1);
    expect(requests('api="crm",operation="getAccount",type="query",outcome="BAD_USER_INPUT"')).toBe(
      1,
    );
    expect(
      requests(
        'api="integration",operation="createIntegrationCustomer",type="mutation",outcome="BAD_USER_INPUT"',
      ),
    ).toBe(1);
    expect(
      requests('api="customers",operation="listCustomers",type="query",outcome="UNAUTHENTICATED"'),
    ).toBe(1);
    expect(of('crm_request_statements_count{api="crm",type="query"}')).toBe(2);
    expect(of('crm_http_responses_total{path="/api/v1/crm/accounts/{id}",status="400"}')).toBe(1);
  });

  it("with names of a bounded number, none of them a value", async () => {
    const of = await added(async () => {
      for (let index = 0; index < 130; index += 1) await ask(`query Named_${index} { __typename }`);
      await ask("query Phone_4915112345678 { __typename }");
      await ask("query Unknown_name { nothing }");
    });
    const names = new Set(
      [...(await metricsOf(gateway)).keys()].flatMap((series) => {
        const name = /crm_requests_total\{api="graphql",operation="([^"]*)"/.exec(series)?.[1];
        return name === undefined ? [] : [name];
      }),
    );
    expect(names.size).toBe(103);
    expect([...names].filter((name) => /\d{4}|Unknown/.test(name))).toEqual([]);
    expect(
      of('crm_requests_total{api="graphql",operation="other",type="query",outcome="ok"}'),
    ).toBe(32);
  });
});

describe("metrics tell of", () => {
  it("statements, by how they ended", async () => {
    const of = await added(async () => {
      await ask("{ accounts { nodes { name } } }");
      await gateway.fixtures.client.query("ALTER TABLE quotes RENAME TO gone");
      await ask("{ quotes { nodes { id } } }");
      await gateway.fixtures.client.query("ALTER TABLE gone RENAME TO quotes");
    });
    expect(of('crm_sql_duration_seconds_count{outcome="ok"}')).toBeGreaterThanOrEqual(1);
    expect(of('crm_sql_duration_seconds_count{outcome="error"}')).toBe(1);
  });

  it("the pool: its connections, who waits, and how long", async () => {
    const of = await added(() => ask("{ accounts { nodes { id } } }"));
    // The use of keys is written at any time.
    const used = async () => (await metricsOf(gateway)).get('crm_pool_connections{state="used"}');
    await expect.poll(used).toBe(0);
    const now = await metricsOf(gateway);
    expect(now.get('crm_pool_connections{state="max"}')).toBe(5);
    expect(now.get('crm_pool_connections{state="idle"}')).toBeGreaterThanOrEqual(1);
    expect(now.get("crm_pool_waiting")).toBe(0);
    expect(of("crm_pool_wait_seconds_count")).toBeGreaterThanOrEqual(1);
  });

  it("requests that wait for a connection", async () => {
    const { client } = gateway.fixtures;
    await client.query("BEGIN; LOCK TABLE departments");
    const asked = Array.from({ length: 9 }, () => ask("{ departments { totalCount } }"));
    // Four wait each for their statement, or together for their key to be looked up.
    await expect
      .poll(async () => (await metricsOf(gateway)).get("crm_pool_waiting"))
      .toBeGreaterThanOrEqual(1);
    // One tenant has at most three quarters of the five; a key may be looked up on the fifth.
    const used = async () => (await metricsOf(gateway)).get('crm_pool_connections{state="used"}');
    await expect.poll(used).toBe(4);
    await client.query("ROLLBACK");
    await Promise.all(asked);
  });

  it("what was found in caches", async () => {
    const cache = (name: string, result: string): string =>
      `crm_cache_requests_total{cache="${name}",result="${result}"}`;
    const query = "query Cached { accounts { totalCount } }";
    const first = await added(() => ask(query));
    const second = await added(() => ask(query));
    for (const name of ["documents", "validations"]) {
      expect([first(cache(name, "miss")), first(cache(name, "hit"))]).toEqual([1, 0]);
      expect([second(cache(name, "miss")), second(cache(name, "hit"))]).toEqual([0, 1]);
    }
    // A key is believed for two seconds, which may be over by the second time.
    const ofKeys = (of: typeof first): number =>
      of(cache("keys", "hit")) + of(cache("keys", "miss"));
    expect([ofKeys(first), ofKeys(second)]).toEqual([1, 1]);
  });

  it("the process and its event loop", async () => {
    const now = await metricsOf(gateway);
    expect(now.get("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThanOrEqual(0);
    expect(now.get("process_resident_memory_bytes")).toBeGreaterThan(0);
  });

  it("one gateway, not of another one in the same process", async () => {
    const other = await startGateway({ logLevel: "silent", env });
    await ask("{ __typename }");
    const series = [...(await metricsOf(other)).keys()];
    expect(series.filter((name) => name.startsWith("crm_requests_total{"))).toEqual([]);
    await other.close();
  });
});

describe("metrics are served", () => {
  const get = (url: string, authorization?: string) =>
    send(url, {
      method: "GET",
      headers: authorization === undefined ? [] : [["authorization", authorization]],
    });

  it("nowhere unless they were asked for", async () => {
    const plain = await startGateway({ logLevel: "silent" });
    expect(plain.metricsUrl).toBeNull();
    expect((await get(`${plain.url}/metrics`)).status).toBe(404);
    await plain.close();
  });

  it("on their own port and there alone", async () => {
    expect((await get(`${gateway.url}/metrics`)).status).toBe(404);
    const own = await get(gateway.metricsUrl ?? "");
    expect([own.status, own.headers["content-type"]]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    const elsewhere = new URL("/graphql", gateway.metricsUrl ?? "").href;
    expect((await get(elsewhere)).status).toBe(404);
  });

  it("to who has the token; to anybody else there is nothing", async () => {
    const guarded = await startGateway({
      logLevel: "silent",
      env: { METRICS_TOKEN: token, METRICS_PORT: "0" },
    });
    const nothing = await get(`${guarded.url}/no-such-path`);
    for (const url of [`${guarded.url}/metrics`, guarded.metricsUrl ?? ""]) {
      for (const given of [undefined, "", "Bearer", `Bearer ${token}x`, `Basic ${token}`, token]) {
        const answer = await get(url, given);
        expect([answer.status, answer.body]).toEqual([404, nothing.body]);
      }
      expect((await get(url, `Bearer ${token}`)).body).toContain("crm_http_responses_total");
    }
    await guarded.close();
  });
});
