import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GraphQLSchema } from "graphql";
import type { DestinationStream } from "pino";
import { Credentials } from "./auth/authenticate.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import { asWork } from "./db/work.ts";
import { migrationsDirectory, readMigrations } from "./db/migration-files.ts";
import {
  answerExplorer,
  answerExplorerFile,
  explorerPath,
  isLoopback,
  wantsPage,
} from "./graphql/explorer/graphiql.ts";
import { createGraphQLServer, graphqlPath } from "./graphql/server/yoga.ts";
import { answerHealth, ReadinessCheck } from "./health.ts";
import { answerCors } from "./http/cors.ts";
import { answerMetrics, holdsToken, metricsPath } from "./http/metrics.ts";
import { addressOf, requestIdOf } from "./http/proxy.ts";
import { setSecurityHeaders } from "./http/security-headers.ts";
import { sendJson } from "./http/send-json.ts";
import { HeldBytes } from "./lib/held-bytes.ts";
import { Admission } from "./limits/admission.ts";
import { Quotas } from "./limits/quotas.ts";
import { workFor } from "./limits/request-work.ts";
import { isRestPath, templateOf } from "./rest/operations.ts";
import { answerDocs, answerOpenApi, docsPath, openApiPath } from "./rest/openapi/pages.ts";
import { createRestServer } from "./rest/rest-server.ts";
import { describeError } from "./telemetry/describe-error.ts";
import { createLog } from "./telemetry/log.ts";
import { asRecorded, currentRecord } from "./telemetry/record.ts";
import { createTelemetry } from "./telemetry/telemetry.ts";

export type GatewayOptions = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Config;
  /** The demo's tenants, when it runs: the explorer opens with the first one's key. */
  readonly demo: readonly { readonly apiKey: string }[] | null;
  /** Where the log goes; standard error when left out. */
  readonly logTo?: DestinationStream;
};

export type Gateway = {
  requestListener(request: IncomingMessage, response: ServerResponse): void;
  /** Whether the page of GraphiQL is served. */
  readonly servesExplorer: boolean;
  /** Serves the metrics on a port of their own; null when they have none. */
  readonly metricsListener: Gateway["requestListener"] | null;
  /** Ends what the gateway runs beside requests. The database is the caller's. */
  close(): Promise<void>;
};

/** The gateway: the ordered list of what a request passes through. */
export function createGateway({ schema, database, config, demo, logTo }: GatewayOptions): Gateway {
  const { telemetry: telemetryConfig, browsers } = config;
  const logger = createLog(config.logLevel, logTo);
  const telemetry = createTelemetry({ config: telemetryConfig, log: logger, pool: database.pool });
  const { metrics } = telemetry;
  const { token, port: metricsPort } = telemetryConfig.metrics;
  const credentials = new Credentials({
    pool: database.pool,
    config: config.auth,
    requestsPerMinute: config.limits.requestsPerMinute,
    logger,
    onKeyLookUp: (isHit) => metrics?.countCache("keys", isHit),
  });
  const quotas = new Quotas(config.limits, database.pool);
  const held = new HeldBytes(config.limits.unreadBytes);
  const admission = new Admission(config.limits, held);
  metrics?.watchAdmission(admission);
  metrics?.watchUnread(held);
  const graphql = createGraphQLServer({
    schema,
    database,
    config,
    credentials,
    quotas,
    logger,
    metrics,
    requestIdOf: () => currentRecord()?.id ?? randomUUID(),
  });
  const rest = createRestServer({ database, credentials, quotas, logger });
  // What it sends is in no manifest.
  const explorer = browsers.graphiql && config.graphql.manifest === null;
  const demoKey = isLoopback(config.host) ? (demo?.[0]?.apiKey ?? null) : null;
  const migrations = readMigrations(migrationsDirectory).then((files) =>
    files.map((file) => file.name),
  );
  const readiness = new ReadinessCheck(database, migrations);

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> => {
    const host = hostnameOf(request);
    if (host === null) return refuse(response, 400, "The Host header is not the name of a host.");
    if (path === "/healthz") return answerHealth(response);
    if (path === "/readyz") return readiness.answer(response);
    if (path === metricsPath && metrics !== null && token !== null && holdsToken(request, token)) {
      return answerMetrics(response, metrics);
    }
    if (explorer && path === graphqlPath && wantsPage(request)) {
      // A page of another name that resolves to this machine must not get the key (DNS rebinding).
      return answerExplorer(response, isLoopback(host) ? demoKey : null);
    }
    if (path === graphqlPath) {
      if (answerCors(request, response, browsers.corsOrigins)) return;
      return admission.admit(
        request,
        response,
        () => graphql(request, response),
        ({ message, code }) =>
          sendJson(response, 503, { errors: [{ message, extensions: { code } }] }, comeAgain),
      );
    }
    if (isRestPath(path)) {
      if (answerCors(request, response, browsers.corsOrigins)) return;
      return admission.admit(
        request,
        response,
        () => rest(request, response),
        ({ message }) => sendJson(response, 503, { error: message }, comeAgain),
      );
    }
    if (path === openApiPath) {
      if (answerCors(request, response, browsers.corsOrigins)) return;
      return answerOpenApi(request, response);
    }
    if (path === docsPath || path.startsWith(`${docsPath}/`)) {
      return answerDocs(request, response, path);
    }
    if (explorer && path.startsWith(explorerPath)) {
      return answerExplorerFile(request, response, path);
    }
    if (path === "/" && request.method === "GET") {
      response.writeHead(302, { location: graphqlPath }).end();
      return;
    }
    refuseUnknown(response);
  };
  return {
    servesExplorer: explorer,
    requestListener(request, response) {
      const path = pathOf(request);
      setSecurityHeaders(response);
      telemetry.whenReady(() => {
        const work = workFor(response, config.limits.requestMilliseconds);
        const record = telemetry.open(request, response, {
          id: requestIdOf(request, browsers.trustProxy),
          path: tellablePath(path),
          address: addressOf(request, browsers.trustProxy),
          work,
        });
        response.setHeader("x-request-id", record.id);
        asWork(work, () => asRecorded(record, () => answer(request, response, path))).catch(
          (error: unknown) => {
            const { id: requestId } = record;
            logger.error({ requestId, cause: describeError(error) }, "unexpected error");
            if (response.headersSent) response.destroy();
            else {
              const body = { error: "Something went wrong on our side.", request_id: requestId };
              sendJson(response, 500, body);
            }
          },
        );
      });
    },
    metricsListener:
      metrics === null || metricsPort === null
        ? null
        : (request, response) => {
            setSecurityHeaders(response);
            const isAllowed = token === null || holdsToken(request, token);
            if (pathOf(request) !== metricsPath || !isAllowed) return refuseUnknown(response);
            answerMetrics(response, metrics).catch((error: unknown) => {
              logger.error({ cause: describeError(error) }, "metrics cannot be printed");
              response.destroy();
            });
          },
    close: async () => {
      quotas.close();
      await credentials.close();
      await telemetry.close();
    },
  };
}

/** Without the query. A proxy may send the target in its absolute form; only what follows the host matters. */
function pathOf(request: IncomingMessage): string {
  const [path = "/"] = (request.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "").split("?", 1);
  return path;
}

const servedPaths: ReadonlySet<string> = new Set([
  "/",
  "/healthz",
  "/readyz",
  metricsPath,
  graphqlPath,
  openApiPath,
  docsPath,
]);

/** The path if it is one of ours: other text in its place could be anything, also a key. */
function tellablePath(path: string): string {
  if (servedPaths.has(path)) return path;
  const folder = [explorerPath, `${docsPath}/`].find((one) => path.startsWith(one));
  return folder ?? templateOf(path) ?? "other";
}

/** A name or an address, and a port; no more of what a URL can hold. */
const hostPattern = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i;

/** The host that a request was sent to, without its port; null when that cannot be one. */
function hostnameOf({ headers }: IncomingMessage): string | null {
  // HTTP/1.0 knows no Host header, and some probes speak it.
  if (headers.host === undefined) return "";
  const url = `http://${headers.host}`;
  return hostPattern.test(headers.host) && URL.canParse(url) ? new URL(url).hostname : null;
}

function refuseUnknown(response: ServerResponse): void {
  refuse(response, 404, `Nothing is served at this path; GraphQL is at ${graphqlPath}.`);
}

/** When it is worth trying again. */
const comeAgain = { "retry-after": "1" };

function refuse(response: ServerResponse, status: number, error: string): void {
  sendJson(response, status, { error });
}
