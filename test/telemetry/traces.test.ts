import { createServer } from "node:http";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { captureLog } from "../support/gateway/captured-log.ts";
import {
  startGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "../support/gateway/gateway.ts";
import { send } from "../support/gateway/raw-http.ts";
import {
  attribute,
  receiveTraces,
  type ReceivedSpan,
  type TraceReceiver,
} from "../support/gateway/trace-receiver.ts";

let receiver: TraceReceiver;
let gateway: TestGateway;
let key: string;

beforeAll(async () => {
  receiver = await receiveTraces();
  gateway = await startGateway({
    logLevel: "silent",
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-collector=a%20b",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      OTEL_BSP_SCHEDULE_DELAY: "20",
    },
  });
  const { slug } = await gateway.fixtures.tenant("north-harbor");
  key = await gateway.keyFor(slug);
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
});

/** Sends an operation and gives the spans of its request. */
async function traceOf(
  query: string,
  headers: readonly (readonly [string, string])[] = [["x-api-key", key]],
): Promise<readonly ReceivedSpan[]> {
  const answer = await send(`${gateway.url}/graphql`, {
    headers: [["content-type", "application/json"], ...headers],
    body: JSON.stringify({ query }),
  });
  return receiver.traceWith("crm.request.id", answer.headers["x-request-id"]);
}

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span ${name}`);
  return found;
}

describe("a traced request", () => {
  it("is a span, with one for each phase of its operation and each statement", async () => {
    const spans = await traceOf("query Traced { accounts { nodes { name } } }");
    const root = named(spans, "POST /graphql");
    expect(root.parentSpanId ?? "").toBe("");
    expect(root.kind).toBe(2);
    expect(attribute(root, "http.response.status_code")).toBe(200);
    expect(attribute(root, "graphql.operation.name")).toBe("Traced");
    for (const phase of ["graphql.parse", "graphql.validate", "graphql.execute"]) {
      expect(named(spans, phase).parentSpanId).toBe(root.spanId);
    }
    const execution = named(spans, "graphql.execute");
    const statements = spans.filter((span) => attribute(span, "db.system.name") === "postgresql");
    const reading = statements.filter((span) => span.parentSpanId === execution.spanId);
    expect(reading.map((span) => attribute(span, "db.query.text"))).toContainEqual(
      expect.stringMatching(/FROM "accounts" .*\$1/),
    );
    expect(new Set(statements.map(({ kind }) => kind))).toEqual(new Set([3]));
    expect(statements.filter(({ parentSpanId }) => parentSpanId === undefined)).toEqual([]);
  });

  it("continues its caller's trace, without what else the caller says of it", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const spans = await traceOf("{ __typename }", [
      ["x-api-key", key],
      ["traceparent", `00-${traceId}-b7ad6b7169203331-01`],
      ["tracestate", "vendor=hunter2"],
      ["baggage", "user=hunter2"],
    ]);
    const root = named(spans, "POST /graphql");
    expect([root.traceId, root.parentSpanId]).toEqual([traceId, "b7ad6b7169203331"]);
    expect(receiver.text()).not.toContain("hunter2");
  });

  it("is not sent when its caller's trace is not", async () => {
    const unsampled = "1bf7651916cd43dd8448eb211c80319c";
    const headers = {
      "content-type": "application/json",
      "x-api-key": key,
      traceparent: `00-${unsampled}-b7ad6b7169203331-00`,
    };
    await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers,
      body: '{"query":"{ __typename }"}',
    });
    // Sent after it, so it would be here before.
    await traceOf("{ __typename }");
    expect(receiver.text()).not.toContain(unsampled);
  });

  it("says of a statement that failed its SQLSTATE and nothing more", async () => {
    await gateway.fixtures.client.query("ALTER TABLE quotes RENAME TO gone");
    const spans = await traceOf("{ quotes { nodes { id } } }");
    await gateway.fixtures.client.query("ALTER TABLE gone RENAME TO quotes");
    const failed = spans.filter((span) => attribute(span, "error.type") === "42P01");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.status).toEqual({ code: 2 });
    expect(attribute(named(spans, "POST /graphql"), "error.type")).toBe("INTERNAL");
    expect(receiver.text()).not.toContain("does not exist");
  });

  it("that is refused is a span too", async () => {
    const spans = await traceOf("{ __typename }", []);
    const root = named(spans, "POST /graphql");
    expect(attribute(root, "http.response.status_code")).toBe(401);
    expect(attribute(root, "crm.error.codes")).toBe("UNAUTHENTICATED");
    const invalid = await traceOf("query Broken { nothing }");
    expect(named(invalid, "graphql.validate").status.code).toBe(2);
  });

  it("is sent as the operator says: path, headers, resource", async () => {
    await traceOf("{ __typename }");
    expect(receiver.text()).toMatch(/^POST \/v1\/traces .*"x-collector":"a b"/);
    const [resource] = receiver.exports()[0]?.resourceSpans ?? [];
    if (resource === undefined) throw new Error("nothing was exported");
    expect(attribute(resource.resource, "service.name")).toBe("crm-gateway");
    expect(attribute(resource.resource, "deployment.environment.name")).toBe("test");
  });
});

describe("tracing", () => {
  /** Starts a gateway, asks it something, closes it. */
  async function askOnce(
    env: Readonly<Record<string, string>>,
    options: TestGatewayOptions = {},
  ): Promise<number> {
    const started = await startGateway({ logLevel: "silent", ...options, env });
    const { status } = await fetch(`${started.url}/healthz`);
    await started.close();
    return status;
  }

  it("sends what is left when the gateway closes", async () => {
    const own = await receiveTraces();
    await askOnce({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${own.url}/custom`,
      OTEL_BSP_SCHEDULE_DELAY: "600000",
      OTEL_SERVICE_NAME: "crm-eu",
    });
    expect(own.spans().map(({ name }) => name)).toEqual(["GET /healthz"]);
    expect(own.text()).toMatch(/^POST \/custom /);
    expect(own.text()).toContain('{"key":"service.name","value":{"stringValue":"crm-eu"}}');
    await own.close();
  });

  const switches: readonly Readonly<Record<string, string>>[] = [
    { OTEL_SDK_DISABLED: "true" },
    { OTEL_TRACES_EXPORTER: "none" },
    { OTEL_TRACES_SAMPLER: "always_off" },
    { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" },
  ];

  it.each(switches)("sends nothing with %o", async (off) => {
    const own = await receiveTraces();
    expect(await askOnce({ OTEL_EXPORTER_OTLP_ENDPOINT: own.url, ...off })).toBe(200);
    expect(own.text()).toBe("");
    await own.close();
  });

  it("to a collector that refuses it is said once, not for each request", async () => {
    const refusing = createServer((_request, response) => {
      response.writeHead(403).end("hunter2");
    }).listen(0, "127.0.0.1");
    await once(refusing, "listening");
    const address = refusing.address();
    const port = typeof address === "object" ? address?.port : 0;
    const log = captureLog();
    const started = await startGateway({
      logLevel: "warn",
      logTo: log.stream,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/hunter2`,
        OTEL_BSP_SCHEDULE_DELAY: "10",
      },
    });
    const told = () => log.lines().filter(({ msg }) => msg === "traces cannot be delivered");
    await fetch(`${started.url}/healthz`);
    await expect.poll(told).toMatchObject([{ level: "warn", code: 403 }]);
    await fetch(`${started.url}/healthz`);
    await started.close();
    expect(told()).toHaveLength(1);
    expect(log.text()).not.toContain("hunter2");
    refusing.closeAllConnections();
    refusing.close();
  });

  it("to a collector that is not there holds up neither requests nor the end", async () => {
    const nobody = createServer().listen(0, "127.0.0.1");
    await once(nobody, "listening");
    const address = nobody.address();
    const port = typeof address === "object" ? address?.port : 0;
    nobody.close();
    await once(nobody, "close");
    expect(await askOnce({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })).toBe(200);
  });
});
