import type { IncomingMessage, ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { GraphQLSchema } from "graphql";
import { Hono } from "hono";
import type { DestinationStream } from "pino";
import { Credentials } from "./auth/credentials.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import { asWork, currentWork } from "./db/work.ts";
import { migrationsDirectory, readMigrations } from "./db/migration-files.ts";
import { Gate } from "./gate/gate.ts";
import type { Peers } from "./gate/peers.ts";
import { RequestContext, type GateEnv } from "./gate/request-context.ts";
import {
  answerExplorer,
  answerExplorerFile,
  explorerPath,
  isLoopback,
  wantsPage,
} from "./graphql/explorer/graphiql.ts";
import { schemaFile, schemaPath } from "./graphql/explorer/schema-file.ts";
import { Sockets } from "./graphql/live/sockets.ts";
import type { OnCompiled } from "./graphql/server/lane.ts";
import { createGraphQLServer, graphqlPath } from "./graphql/server/yoga.ts";
import { answerHealth, ReadinessCheck } from "./health.ts";
import { cors, isFromAllowedOrigin } from "./http/cors.ts";
import { endPlainly } from "./http/connection.ts";
import {
  admitted,
  answering,
  hostnameOf,
  pathIn,
  pathOf,
  routeTo,
  stepping,
  through,
  type Handle,
  type Step,
} from "./http/front.ts";
import type { Upgrades } from "./http/http-server.ts";
import { answerMetrics, holdsToken, metricsPath } from "./http/metrics.ts";
import { addressOf, requestIdOf } from "./http/proxy.ts";
import { refuseGraphQL, refuseRest, type Refuse } from "./http/refusals.ts";
import { setSecurityHeaders } from "./http/security-headers.ts";
import { sendJson } from "./http/send-json.ts";
import { LiveFeed } from "./live/feed.ts";
import { Jobs } from "./jobs/jobs.ts";
import { openImports } from "./open-imports.ts";
import { LogKeeper } from "./live/log-keeper.ts";
import { HeldBytes } from "./lib/held-bytes.ts";
import { Crowd } from "./imports/run/crowd.ts";
import { Admission } from "./limits/admission.ts";
import { Quotas } from "./limits/quotas.ts";
import { workFor } from "./limits/request-work.ts";
import { catalog } from "./modules/catalog.ts";
import { roots as restRoots, templateOf } from "./rest/operations.ts";
import { answerDocs, answerOpenApi, docsPath, openApiPath } from "./rest/openapi/pages.ts";
import { importsPath } from "./rest/imports/operations.ts";
import { importRoutes } from "./rest/imports/routes.ts";
import { exportRoutes } from "./rest/export/routes.ts";
import { restRoutes } from "./rest/routes.ts";
import { createTasks } from "./tasks.ts";
import { describeError } from "./telemetry/describe-error.ts";
import { createLog } from "./telemetry/log.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { openWebhooks } from "./webhooks/open-webhooks.ts";
import type { Schedule } from "./webhooks/schedule.ts";
import { createTelemetry } from "./telemetry/telemetry.ts";

type GatewayOptions = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Config;
  /** The demo's tenants, when it runs: the explorer opens with the first one's key. */
  readonly demo: readonly { readonly apiKey: string }[] | null;
  /** The processes beside this one on its port; null when it is alone. */
  readonly peers?: Peers | null;
  /** Whether operations are compiled, which is the default. If false, each is interpreted. */
  readonly compiled?: boolean;
  /** Called with each answer of a compiled query before it is sent. Tests compare it. */
  readonly onCompiled?: OnCompiled;
  /** When deliveries to webhooks are tried again; tests have it shorter. */
  readonly webhookSchedule?: Schedule;
  /** Where the log goes; standard error when left out. */
  readonly logTo?: DestinationStream;
};

export type Gateway = {
  requestListener(request: IncomingMessage, response: ServerResponse): void;
  /** GraphQL over WebSocket. */
  readonly upgrades: Upgrades;
  /** Whether a request's body may take long. */
  isUpload(request: IncomingMessage): boolean;
  /** Whether the page of GraphiQL is served. */
  readonly servesExplorer: boolean;
  /** The body of a GraphQL request that can be tried; null if there is none. */
  readonly example: Readonly<Record<string, unknown>> | null;
  /** Serves the metrics on a port of their own; null when they have none. */
  readonly metricsListener: Gateway["requestListener"] | null;
  /** Ends all subscriptions, so that their clients come again elsewhere, and opens no more of them. */
  endStreams(): void;
  /** Runs jobs in this process, beside requests. */
  runJobs(): void;
  /** Ends what the gateway runs beside requests. The database is the caller's. */
  close(): Promise<void>;
};

/** The gateway: the ordered list of what a request passes through. */
export function createGateway(options: GatewayOptions): Gateway {
  const { schema, database, config, demo, peers = null, logTo } = options;
  const { compiled = true, onCompiled = null, webhookSchedule: schedule } = options;
  const { telemetry: telemetryConfig, browsers } = config;
  const logger = createLog(config.logLevel, logTo);
  const telemetry = createTelemetry({
    config: telemetryConfig,
    log: logger,
    pool: database.pool,
    replicas: database.replicas,
    currentSpan: () => currentWork()?.span ?? null,
  });
  const { metrics } = telemetry;
  const { token, port: metricsPort } = telemetryConfig.metrics;
  const credentials = new Credentials({
    pool: database.pool,
    config: config.auth,
    requestsPerMinute: config.limits.requestsPerMinute,
    logger,
    onKeyLookUp: (isHit) => metrics?.countCache("keys", isHit),
    forgetElsewhere: peers?.forgetKey,
  });
  const quotas = new Quotas(config.limits, database.pool, peers?.counters);
  const gate = new Gate(credentials, quotas);
  const held = new HeldBytes(config.limits.unreadBytes);
  const admission = new Admission(config.limits, held);
  metrics?.watchAdmission(admission);
  metrics?.watchUnread(held);
  const { apiKeys } = credentials;
  const jobs = new Jobs({ url: database.ownerUrl, logger });
  const webhooks = openWebhooks({
    schema,
    database,
    config,
    jobs,
    apiKeys,
    quotas,
    logger,
    ...(schedule && { schedule }),
  });
  peers?.serve({
    forgetKey: (id) => apiKeys.forgetHere(id),
    noteWrite: (caller) => database.noteWrite(caller),
    metrics: async () => (await metrics?.values()) ?? [],
  });
  const printed = metrics && {
    contentType: metrics.contentType,
    print: peers?.printMetrics ?? metrics.print,
  };
  const warnOf = (message: string) => (error: unknown) =>
    logger.warn({ cause: describeError(error) }, message);
  const live = new LiveFeed({
    database,
    catalog,
    onTrouble: warnOf("the log cannot be followed"),
    onDelivered: (events, milliseconds) => metrics?.eventsDelivered(events, milliseconds),
  });
  const { atOnce } = config.jobs;
  const crowd = new Crowd(() => admission.state.taken + admission.state.waiting);
  admission.onBegun = (request) => {
    if (!pathOf(request).startsWith(importsPath)) crowd.came();
  };
  const imports = openImports({ database, jobs, apiKeys, live, logger, atOnce, crowd });
  const { logKeepDays: keepDays } = config;
  const keeper =
    keepDays === null
      ? null
      : new LogKeeper({ database, keepDays, onTrouble: warnOf("old events cannot be deleted") });
  const graphql = createGraphQLServer({
    schema,
    database,
    config,
    gate,
    apiKeys,
    live,
    imports: imports.service,
    jobs,
    webhooks,
    logger,
    metrics,
    compiled,
    onCompiled,
  });
  // What it sends is in no manifest.
  const explorer = browsers.graphiql && config.graphql.manifest === null;
  const isNear = isLoopback(config.host) && config.environment !== "production";
  const demoKey = isNear ? (demo?.[0]?.apiKey ?? null) : null;
  // A page of another name that resolves to this machine must not get the key (DNS rebinding).
  const keyFor: KeyFor = ({ request }) => (isLoopback(hostnameOf(request) ?? "") ? demoKey : null);
  const migrations = readMigrations(migrationsDirectory).then((files) =>
    files.map((file) => file.name),
  );
  const readiness = new ReadinessCheck(database, migrations, logger);

  const app = new Hono<GateEnv>({ getPath: pathIn });
  const fromBrowsers = (refuse: Refuse): Step => cors(browsers.corsOrigins, refuse);
  app.all("/healthz", answering(answerHealth));
  app.all(
    "/readyz",
    answering((context) => readiness.answer(context)),
  );
  if (printed !== null && token !== null) {
    app.all(
      metricsPath,
      answering((context) => answerMetricsTo(context, printed, token)),
    );
  }
  const toOperations = through(
    [
      ...(explorer ? [explorerPage(keyFor)] : []),
      fromBrowsers(refuseGraphQL),
      admitted(admission, refuseGraphQL),
    ],
    graphql.answer,
  );
  app.all(graphqlPath, answering(toOperations));
  for (const root of restRoots) {
    const steps = [fromBrowsers(refuseRest), admitted(admission, refuseRest)];
    app.use(`${root}*`, ...steps.map(stepping));
  }
  const connections = config.pool.size;
  const limits = { ...config.imports, patience: config.http.receiveMilliseconds };
  app.route("/", importRoutes({ database, gate, logger, imports: imports.service, limits }));
  const { exportMilliseconds: longest } = config.limits;
  app.route("/", exportRoutes({ database, gate, logger, connections, longest }));
  app.route("/", restRoutes({ database, gate, logger }));
  app.all(openApiPath, stepping(fromBrowsers(refuseRest)), answering(answerOpenApi));
  const docs = answering((context, path) => answerDocs(context, path, keyFor(context)));
  app.all(`${docsPath}/*`, docs);
  if (config.graphql.introspection) {
    app.all(schemaPath, stepping(fromBrowsers(refuseRest)), answering(schemaFile(schema)));
  }
  if (explorer) app.all(`${explorerPath}:file`, answering(answerExplorerFile));
  app.get(
    "/",
    answering(({ response }) => void response.writeHead(302, toGraphQL).end()),
  );
  app.notFound(({ env: { context } }) => {
    refuseUnknown(context);
    return RESPONSE_ALREADY_SENT;
  });
  const fail = ({ id: requestId, response }: RequestContext, error: unknown): void => {
    logger.error({ requestId, cause: describeError(error) }, "unexpected error");
    if (response.headersSent) response.destroy();
    else {
      const body = { error: "Something went wrong on our side.", request_id: requestId };
      sendJson(response, 500, body);
    }
  };
  const direct = new Map([[graphqlPath, toOperations]]);
  const route = routeTo(app, { direct, refuse: refuseTarget, fail });

  const begin = (request: IncomingMessage, response: ServerResponse, handle: Handle): void => {
    setSecurityHeaders(response);
    telemetry.whenReady(() => {
      const context = new RequestContext({
        request,
        response,
        id: requestIdOf(request, browsers.trustProxy),
        path: tellablePath(pathOf(request)),
        address: addressOf(request, browsers.trustProxy),
        work: workFor(response, config.limits.requestMilliseconds),
      });
      telemetry.follow(context);
      response.setHeader("x-request-id", context.id);
      void asWork(context.work, () => handle(context));
    });
  };
  const toMessages = through([admitted(admission, refuseGraphQL)], graphql.answer);
  const sockets = new Sockets({
    schema,
    check: (headers) => gate.check(headers),
    perKey: config.limits.streamsPerKey,
    strangers: Math.ceil(config.http.maxConnections * partOfStrangers),
    carryOut: (request, response, carry) =>
      begin(request, response, async (context) => {
        context.carry = carry;
        try {
          await toMessages(context);
        } catch (error) {
          fail(context, error);
        }
      }),
  });

  const endStreams = (): void => {
    graphql.endStreams();
    sockets.close();
  };

  return {
    servesExplorer: explorer,
    example: graphql.example,
    requestListener: (request, response) => begin(request, response, route),
    upgrades: {
      wants: (request) =>
        pathOf(request) === graphqlPath && /^websocket$/i.test(request.headers.upgrade ?? ""),
      take: (request, socket, head) => {
        if (hostnameOf(request) === null) endPlainly(socket, "400 Bad Request");
        else if (!isFromAllowedOrigin(browsers.corsOrigins, request)) {
          endPlainly(socket, "403 Forbidden");
        } else if (sockets.hasRoom) sockets.take(request, socket, head);
        else endPlainly(socket, "503 Service Unavailable", "Retry-After: 1\r\n");
      },
    },
    isUpload: (request) => request.method === "POST" && pathOf(request) === importsPath,
    metricsListener:
      printed === null || metricsPort === null
        ? null
        : (request, response) => {
            setSecurityHeaders(response);
            const isAllowed = token === null || holdsToken(request, token);
            if (pathOf(request) !== metricsPath || !isAllowed) return refuseUnknown({ response });
            answerMetrics(response, printed).catch((error: unknown) => {
              logger.error({ cause: describeError(error) }, "metrics cannot be printed");
              response.destroy();
            });
          },
    endStreams,
    runJobs: () => jobs.run(createTasks({ webhooks, imports, live }), config.jobs),
    close: async () => {
      endStreams();
      webhooks.stop();
      imports.stop();
      await live.close();
      await jobs.close();
      await webhooks.close();
      await keeper?.close();
      quotas.close();
      await credentials.close();
      await telemetry.close();
    },
  };
}

/** The demo's key, for a page that may have it. */
type KeyFor = (context: RequestContext) => string | null;

/** A browser that comes to GraphQL's path gets the explorer. */
const explorerPage =
  (keyFor: KeyFor): Step =>
  (context, next) =>
    wantsPage(context.request) ? answerExplorer(context, keyFor(context)) : next();

async function answerMetricsTo(
  { request, response }: RequestContext,
  metrics: Pick<Metrics, "print" | "contentType">,
  token: string,
): Promise<void> {
  if (holdsToken(request, token)) await answerMetrics(response, metrics);
  else refuseUnknown({ response });
}

const servedPaths: ReadonlySet<string> = new Set([
  "/",
  "/healthz",
  "/readyz",
  metricsPath,
  graphqlPath,
  openApiPath,
  schemaPath,
  docsPath,
]);

/** The path if it is one of ours: other text in its place could be anything, also a key. */
function tellablePath(path: string): string {
  if (servedPaths.has(path)) return path;
  const folder = [explorerPath, `${docsPath}/`].find((one) => path.startsWith(one));
  return folder ?? templateOf(path) ?? "other";
}

const toGraphQL = { location: graphqlPath };

/** The part of the connections that WebSockets may be which have not said who they are. */
const partOfStrangers = 1 / 10;

function refuseTarget({ request, response }: RequestContext): void {
  if (hostnameOf(request) !== null) return refuseUnknown({ response });
  sendJson(response, 400, { error: "The Host header is not the name of a host." });
}

function refuseUnknown({ response }: { readonly response: ServerResponse }): void {
  const error = `Nothing is served at this path; GraphQL is at ${graphqlPath}.`;
  sendJson(response, 404, { error });
}
