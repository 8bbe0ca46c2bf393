import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type pg from "pg";
import type { Logger } from "pino";
import type { TelemetryConfig, TracingConfig } from "../config/telemetry.ts";
import { headerOf } from "../lib/headers.ts";
import { formatId } from "../lib/id.ts";
import { createMetrics, type Metrics, type PoolState } from "./metrics.ts";
import { observePool } from "./observe-pool.ts";
import type { ObservedRequest } from "./observed-request.ts";
import { Refusals } from "./refusals.ts";
import { parseTraceParent, type Span, type Tracing } from "./tracing.ts";

/** Everything that is told about the gateway's work. */
type Telemetry = {
  /** Null unless the operator asked for metrics. */
  readonly metrics: Metrics | null;
  /** Runs `task` when requests can be traced: at once without tracing, later while its modules load. */
  whenReady(task: () => void): void;
  /** Follows a request to the end of its answer, and tells of it then. */
  follow(observed: Followed): void;
  close(): Promise<void>;
};

/** A request, where it comes from and where its answer goes. */
type Followed = ObservedRequest & {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

/** Paths that are asked for all the time by machines. */
const probes: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);
/** Codes of what somebody wanted and was not given. */
const denials: ReadonlySet<string> = new Set(["UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED"]);

export function createTelemetry(options: {
  readonly config: TelemetryConfig;
  readonly log: Logger;
  readonly pool: pg.Pool & PoolState & { onWait: ((milliseconds: number) => void) | null };
  /** Further pools whose statements are reported. */
  readonly replicas: readonly pg.Pool[];
  /** What a statement that is sent now is a part of. */
  readonly currentSpan: () => Span | null;
}): Telemetry {
  const { config, log, pool, replicas, currentSpan } = options;
  const metrics =
    config.metrics.port === null && config.metrics.token === null ? null : createMetrics();
  let tracing: Tracing | null = null;
  const load = async (tracingConfig: TracingConfig): Promise<void> => {
    const { createTracing } = await import("./otlp.ts");
    tracing = createTracing(tracingConfig, log);
  };
  const loading = config.tracing === null ? null : load(config.tracing);
  if (metrics !== null || loading !== null) {
    for (const one of [pool, ...replicas]) observePool(one, metrics, currentSpan);
  }
  metrics?.watchPool(pool);
  if (metrics !== null) pool.onWait = (waited) => metrics.connectionWaited(waited / 1_000);
  const refusals = new Refusals((count, most) =>
    log.warn({ audit: true, count, most }, "more refusals without a line of their own"),
  );

  const end = (observed: ObservedRequest, status: number | null, bytes: number) => {
    const milliseconds = performance.now() - observed.startedAt;
    addCodeOf(status, observed);
    const { statements } = observed.work;
    metrics?.answered(observed, { status, seconds: milliseconds / 1_000 });
    endSpan(observed, status);
    const isDenied = [...observed.codes].some((code) => denials.has(code));
    const level = probes.has(observed.path) ? "debug" : isDenied ? "warn" : "info";
    if (!log.isLevelEnabled(level)) return;
    // Who looks for something at debug wants every line.
    const isLimited = isUnbounded(observed, status) && !log.isLevelEnabled("debug");
    if (isLimited && !refusals.admits(observed.actor?.id ?? observed.address)) return;
    log[level](
      {
        requestId: observed.id,
        ...(observed.span === null ? {} : { traceId: observed.span.traceId }),
        method: observed.method,
        path: observed.path,
        status,
        ms: Math.round(milliseconds * 10) / 10,
        bytes,
        statements,
        ...(observed.cost === null ? {} : { cost: observed.cost.requested }),
        ...actorFields(observed),
        ...operationFields(observed),
        ...(observed.lane === null ? {} : { lane: observed.lane }),
        ...(observed.codes.size === 0 ? {} : { codes: [...observed.codes] }),
        ...(isDenied ? denialFields(observed) : {}),
        ...(status === null ? { aborted: true } : {}),
      },
      isDenied ? "denied" : "answered",
    );
  };

  return {
    metrics,
    whenReady: (task) => {
      if (loading === null || tracing !== null) task();
      else void loading.then(task);
    },
    follow: (observed) => {
      const { id, method, path, request, response, work } = observed;
      const span =
        tracing?.request(`${method} ${path}`, parentOf(request), {
          "http.request.method": method,
          "http.route": path,
          "url.path": path,
          "url.scheme": "http",
          "crm.request.id": id,
        }) ?? null;
      observed.span = span;
      work.span = span;
      const { socket } = request;
      const sentBefore = socket.bytesWritten;
      response.on("close", () => {
        const status = response.writableFinished ? response.statusCode : null;
        end(observed, status, socket.bytesWritten - sentBefore);
      });
    },
    close: async () => {
      refusals.flush();
      pool.onWait = null;
      metrics?.close();
      await loading;
      await tracing?.close();
    },
  };
}

const parentOf = ({ headers }: IncomingMessage) =>
  parseTraceParent(headerOf(headers, "traceparent"));

/** Some refusals are answered before anything could note their code. */
const codeOfStatus: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  412: "CONFLICT",
  422: "IDEMPOTENCY_KEY_REUSED",
  429: "RATE_LIMITED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

function addCodeOf(status: number | null, { codes, path, operation }: ObservedRequest): void {
  const isOperation = path === "/graphql" || operation !== null;
  if (status === null || codes.size > 0 || !isOperation) return;
  const code = codeOfStatus[status] ?? (status >= 400 ? "BAD_USER_INPUT" : null);
  if (code !== null) codes.add(code);
}

function endSpan(
  { span, actor, operation, lane, codes }: ObservedRequest,
  status: number | null,
): void {
  if (span === null) return;
  const [code] = codes;
  span.set({
    ...(status === null ? {} : { "http.response.status_code": status }),
    ...(actor === null ? {} : { "crm.tenant.id": formatId("ten", actor.tenantId) }),
    ...operationAttributes(operation),
    ...(lane === null ? {} : { "crm.lane": lane }),
    ...(code === undefined ? {} : { "crm.error.codes": [...codes].join(" ") }),
  });
  if (status === null) span.fail("aborted");
  else if (status >= 500 || codes.has("INTERNAL")) span.fail(code ?? String(status));
  span.end();
}

/** Whether it is refused at no cost to who sends it: a working credential has a quota, until that is used up. */
function isUnbounded({ actor, codes, path }: ObservedRequest, status: number | null): boolean {
  if (probes.has(path)) return false;
  return actor === null ? status === null || status >= 400 : codes.has("RATE_LIMITED");
}

function actorFields({ actor }: ObservedRequest): object {
  if (actor === null) return {};
  const { kind, id, tenantId } = actor;
  return { tenant: formatId("ten", tenantId), actor: { kind, id: tellableSubject(id) } };
}

/** Ids say nothing about a person. Some issuers use addresses or names as the subject: those are told as a hash. */
function tellableSubject(id: string): string {
  if (/^[\w|:.-]{1,128}$/.test(id) && !/^[a-z]+[._ ][a-z]+$/i.test(id)) return id;
  return `sha256:${createHash("sha256").update(id).digest("hex").slice(0, 16)}`;
}

function operationFields({ operation }: ObservedRequest): object {
  if (operation === null) return {};
  const { api, name, type } = operation;
  return { api, operation: name, operationType: type };
}

/** By OpenTelemetry's names where it has some. */
function operationAttributes(operation: ObservedRequest["operation"]): Record<string, string> {
  if (operation === null) return {};
  const prefix = operation.api === "graphql" ? "graphql" : "crm";
  return {
    [`${prefix}.operation.type`]: operation.type,
    ...(operation.name === null ? {} : { [`${prefix}.operation.name`]: operation.name }),
  };
}

function denialFields({ address, credential, reason, missingScopes }: ObservedRequest): object {
  return {
    audit: true,
    address,
    credential,
    ...(reason === null ? {} : { reason }),
    ...(missingScopes.size === 0 ? {} : { missingScopes: [...missingScopes] }),
  };
}
