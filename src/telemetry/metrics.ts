import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ObservedRequest } from "./observed-request.ts";

/** What the metrics are told, and how they are read. */
export type Metrics = {
  /** A request is over: `status` null when its caller did not wait for it. */
  answered(request: ObservedRequest, end: RequestEnd): void;
  /** Something was looked for in a cache. */
  countCache(cache: CacheName, isHit: boolean): void;
  statementEnded(seconds: number, isFailed: boolean): void;
  /** A connection was waited for. */
  connectionWaited(seconds: number): void;
  /** Shows a pool's state from now on. */
  watchPool(pool: PoolState): void;
  /** Shows how many requests are worked on and wait for their turn, from now on. */
  watchAdmission(admission: {
    readonly state: { readonly taken: number; readonly waiting: number };
  }): void;
  /** Shows how many bytes of answers wait to be read, from now on. */
  watchUnread(unread: { readonly bytes: number }): void;
  /** Counts events that went to listeners together, and the milliseconds since the last of them was written. */
  eventsDelivered(events: number, milliseconds: number): void;
  /** Shows how many subscriptions are open, from now on. */
  watchStreams(streams: { readonly count: number }): void;
  /** All of it, in Prometheus' text format. */
  print(): Promise<string>;
  /** The same as data, to be added to that of other processes. */
  values(): Promise<unknown>;
  readonly contentType: string;
  close(): void;
};

type RequestEnd = {
  readonly status: number | null;
  readonly seconds: number;
};

/** The gateway's caches, as labels. */
type CacheName = "documents" | "validations" | "keys";

/** What metrics show of a pool of connections. */
export type PoolState = {
  readonly totalCount: number;
  readonly load: { readonly taken: number; readonly waiting: number };
  readonly options: { readonly max?: number };
};

/** The most operations that have a series of their own; later ones share one. */
const maxOperations = 100;
const seconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const sqlSeconds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/**
 * Metrics of one gateway. No label holds anything of a tenant's, and of a caller's only the names of operations: those
 * that passed validation, that may be told (see `tellableName`), and no more than a hundred.
 */
export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  collectDefaultMetrics({ register: registry });

  const requests = new Counter({
    name: "crm_requests_total",
    help: "Requests by API, operation and outcome: ok, an error code, or aborted by the caller.",
    labelNames: ["api", "operation", "type", "outcome"],
    registers,
  });
  const duration = new Histogram({
    name: "crm_request_duration_seconds",
    help: "From the arrival of a request to the end of its answer.",
    labelNames: ["api", "operation", "type"],
    buckets: seconds,
    registers,
  });
  const statements = new Histogram({
    name: "crm_request_statements",
    help: "SQL statements of a request.",
    labelNames: ["api", "type"],
    buckets: [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 100, 300],
    registers,
  });
  const cost = new Histogram({
    name: "crm_request_cost",
    help: "Estimated cost of an operation, in nodes that it could read.",
    labelNames: ["api", "type"],
    buckets: [1, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000],
    registers,
  });
  const lanes = new Counter({
    name: "crm_operations_total",
    help: "GraphQL operations by what answered them: one compiled statement, or the interpreter.",
    labelNames: ["lane", "type"],
    registers,
  });
  const responses = new Counter({
    name: "crm_http_responses_total",
    help: "Answers by path and HTTP status, of everything that is served.",
    labelNames: ["path", "status"],
    registers,
  });
  const sql = new Histogram({
    name: "crm_sql_duration_seconds",
    help: "From the sending of a statement, with those in front of it in one round trip, to its last row.",
    labelNames: ["outcome"],
    buckets: sqlSeconds,
    registers,
  });
  const wait = new Histogram({
    name: "crm_pool_wait_seconds",
    help: "How long a connection of the pool was waited for.",
    buckets: sqlSeconds,
    registers,
  });
  const delivered = new Counter({
    name: "crm_live_events_total",
    help: "Events of the log that went to listeners as they came, counted for each listener.",
    registers,
  });
  const lag = new Histogram({
    name: "crm_live_lag_seconds",
    help: "From the writing of an event to its delivery to listeners, for the last event of each page of the log.",
    buckets: seconds,
    registers,
  });
  const caches = new Counter({
    name: "crm_cache_requests_total",
    help: "Look-ups in the gateway's caches.",
    labelNames: ["cache", "result"],
    registers,
  });

  const operations = new Set<string>();
  const labelOf = ({ operation, isValid }: ObservedRequest): string => {
    if (operation === null) return "none";
    if (operation.isAnonymous) return "anonymous";
    const { name } = operation;
    if (name === null) return "other";
    // The others' names are ours.
    if (operation.api !== "graphql") return name;
    if (isValid && operations.size < maxOperations) operations.add(name);
    return operations.has(name) ? name : "other";
  };

  return {
    answered: (request, end) => {
      const status = end.status === null ? "aborted" : String(end.status);
      responses.inc({ path: request.path, status });
      const isOperation = request.path === "/graphql" || request.operation !== null;
      if (!isOperation || request.method === "OPTIONS") return;
      const { api, type } = request.operation ?? { api: "graphql", type: "none" };
      const operation = labelOf(request);
      requests.inc({ api, operation, type, outcome: outcomeOf(request, end.status) });
      duration.observe({ api, operation, type }, end.seconds);
      if (request.lane !== null) lanes.inc({ lane: request.lane, type });
      if (request.cost !== null) cost.observe({ api, type }, request.cost.requested);
      if (request.isValid) statements.observe({ api, type }, request.work.statements);
    },
    eventsDelivered: (events, milliseconds) => {
      delivered.inc(events);
      lag.observe(milliseconds / 1_000);
    },
    countCache: (cache, isHit) => caches.inc({ cache, result: isHit ? "hit" : "miss" }),
    statementEnded: (took, isFailed) => sql.observe({ outcome: isFailed ? "error" : "ok" }, took),
    connectionWaited: (took) => wait.observe(took),
    watchPool: (pool) => {
      const connections = new Gauge({
        name: "crm_pool_connections",
        help: "Connections to PostgreSQL: idle, in use, and the most there may be.",
        labelNames: ["state"],
        registers,
        collect: () => {
          const { taken } = pool.load;
          // A turn may not have a connection yet.
          connections.set({ state: "idle" }, Math.max(0, pool.totalCount - taken));
          connections.set({ state: "used" }, Math.min(taken, pool.totalCount));
          connections.set({ state: "max" }, pool.options.max ?? 0);
        },
      });
      const waiting: Gauge = new Gauge({
        name: "crm_pool_waiting",
        help: "Requests that wait for a connection.",
        registers,
        collect: () => waiting.set(pool.load.waiting),
      });
    },
    watchAdmission: (admission) => {
      const inFlight = new Gauge({
        name: "crm_requests_in_flight",
        help: "Requests: worked on, and waiting for their turn.",
        labelNames: ["state"],
        registers,
        collect: () => {
          const { taken, waiting } = admission.state;
          inFlight.set({ state: "taken" }, taken);
          inFlight.set({ state: "waiting" }, waiting);
        },
      });
    },
    watchUnread: (unread) => {
      const waiting: Gauge = new Gauge({
        name: "crm_unread_bytes",
        help: "Bytes of answers that their clients have not read yet, and of bodies that they have not sent yet.",
        registers,
        collect: () => waiting.set(unread.bytes),
      });
    },
    watchStreams: (streams) => {
      const open: Gauge = new Gauge({
        name: "crm_streams",
        help: "Open subscriptions.",
        registers,
        collect: () => open.set(streams.count),
      });
    },
    print: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
    close: () => registry.clear(),
  };
}

/** One word for how it ended; the worst when an answer tells of several errors. */
function outcomeOf({ codes }: ObservedRequest, status: number | null): string {
  if (status === null) return "aborted";
  for (const code of ["INTERNAL", "UNAVAILABLE"]) if (codes.has(code)) return code;
  const [first = "ok"] = codes;
  return first;
}
