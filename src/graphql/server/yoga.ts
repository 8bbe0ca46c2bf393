import { stripIgnoredCharacters, type GraphQLError, type GraphQLSchema } from "graphql";
import { createYoga, type GraphQLParams } from "graphql-yoga";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { ApiKeys } from "../../auth/api-keys.ts";
import type { Jobs } from "../../jobs/jobs.ts";
import type { Config } from "../../config.ts";
import type { Database } from "../../db/database.ts";
import type { Queryable } from "../../db/fenced-pool.ts";
import { quotaHeaders, type Gate } from "../../gate/gate.ts";
import type { RequestContext } from "../../gate/request-context.ts";
import { catalog } from "../../modules/catalog.ts";
import type { Webhooks } from "../../modules/webhook/endpoint.ts";
import type { EventStream } from "../../limits/event-stream.ts";
import { sendStream, sendWhole } from "../../limits/send-answer.ts";
import { sendEvents } from "../../limits/send-events.ts";
import { isRecord } from "../../lib/json.ts";
import type { ImportService } from "../../imports/run/import-service.ts";
import type { LiveFeed } from "../../live/feed.ts";
import { describeError } from "../../telemetry/describe-error.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Context } from "../schema/context.ts";
import { tellError } from "./errors.ts";
import { exampleQuery } from "../explorer/example.ts";
import { EventTexts } from "../live/event-texts.ts";
import { Streams } from "../live/streams.ts";
import { makeContext } from "./make-context.ts";
import { readManifest, type Manifest } from "./manifest.ts";
import { refuse } from "./refuse.ts";
import type { GatewayPlugin, ServerContext } from "./server-context.ts";
import { useExactNumbers } from "./use-exact-numbers.ts";
import { useExtensions, type Contributor } from "./use-extensions.ts";
import { useIdempotency } from "./use-idempotency.ts";
import { Compiler } from "../compile/compiler.ts";
import { Lane, type OnCompiled } from "./lane.ts";
import {
  acceptsEvents,
  answerTypeFor,
  isJsonRequest,
  readBody,
  useJsonRequests,
} from "./use-json-requests.ts";
import { costExtension, useOperationLimits } from "../limits/use-operation-limits.ts";
import {
  documentIdNames,
  persistedOperations,
  type PersistedOperations,
} from "./use-persisted-operations.ts";
import { useSchemaPrivacy } from "./use-schema-privacy.ts";
import { useSubscriptions } from "./use-subscriptions.ts";
import { useTelemetry } from "./use-telemetry.ts";
import { useToldErrors } from "./use-told-errors.ts";
import { useWholeAnswers } from "./use-whole-answers.ts";
import { useWholeMutations } from "./use-whole-mutations.ts";

/** Where GraphQL is served. */
export const graphqlPath = "/graphql";

type GraphQLServerOptions = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Config;
  readonly gate: Gate;
  readonly apiKeys: ApiKeys;
  readonly live: LiveFeed;
  readonly imports: ImportService;
  readonly jobs: Jobs;
  readonly webhooks: Webhooks;
  readonly logger: Logger;
  readonly metrics: Metrics | null;
  /** Whether operations are compiled; if not, each is interpreted. */
  readonly compiled: boolean;
  /** Called with each answer of a compiled query; null outside of tests. */
  readonly onCompiled: OnCompiled | null;
};

/** Events are read on at most one in this many connections at once. */
const readsOfEvents = 3;

/** A cache by the text of documents. Their texts' length bounds it, since a parsed document takes some 50 times that. */
function documentsOf<Parsed extends {}>(maxDocumentBytes: number): LRUCache<string, Parsed> {
  return new LRUCache({
    max: 1_000,
    maxSize: 8 * maxDocumentBytes,
    sizeCalculation: (_parsed, text) => Math.max(1, text.length),
  });
}

/** The GraphQL endpoint, with the steps of a request in order. */
export function createGraphQLServer(options: GraphQLServerOptions) {
  const { schema, database, config, gate, logger, metrics, compiled, onCompiled } = options;
  const { maxDocumentBytes } = config.operations;
  const { manifest } = config.graphql;
  const contributors: readonly Contributor[] = [
    costExtension(config.operations.maxCost),
    (context) => ({ rateLimit: gate.rateOf(context) }),
  ];
  const listed = manifest === null ? null : readManifest(manifest, schema);
  const persisted = persistedOperations(listed);
  const compiler = new Compiler(schema, catalog);
  const streams = new Streams(config.limits, gate);
  metrics?.watchStreams(streams);
  const tell = (error: unknown, requestId: string): GraphQLError => {
    const told = tellError(error, requestId);
    if (told.unexpected)
      logger.error({ requestId, cause: describeError(error) }, "unexpected error");
    return told.error;
  };
  const subscriptions = useSubscriptions({
    schema,
    compiler,
    limits: config.operations,
    introspection: config.graphql.introspection,
    gate,
    feed: options.live,
    imports: options.imports,
    streams,
    texts: new EventTexts({
      schema,
      database,
      compiled,
      contextFor: (actor, work) => makeContext(options, { actor, work }),
      readMilliseconds: config.limits.requestMilliseconds,
      readsAtOnce: Math.max(1, Math.floor(config.pool.size / readsOfEvents)),
      maxCost: config.operations.maxCost,
      tell,
    }),
    tell: (error, { id }) => tell(error, id),
  });
  const lane = compiled
    ? new Lane({
        schema,
        compiler,
        database,
        gate,
        limits: config.operations,
        persisted,
        contributors,
        metrics,
        documents: documentsOf(maxDocumentBytes),
        onCompiled,
        contextFor: (serverContext) => contextFor(options, serverContext),
      })
    : null;
  const yoga = createServer(options, { lane, persisted, contributors, subscriptions });
  const answer = async (requestContext: RequestContext): Promise<void> => {
    const { request, response, work } = requestContext;
    const passage = await options.gate.pass(requestContext);
    if (passage.kind !== "passed") return refuse(requestContext, passage, options);
    const { headers } = request;
    const type = answerTypeFor(headers.accept);
    const params = type === null ? null : bodyOf(requestContext);
    const context: ServerContext = {
      requestContext,
      isAcceptable: type !== null,
      toKeep: { document: null, answer: null },
      params,
      outcomes: new Map(),
      printed: new Map(),
      settle: null,
      failure: null,
      takesEvents: requestContext.carry !== null || acceptsEvents(headers.accept),
      opened: { stream: null },
    };
    // Yoga awaits it and reports its error, unless it refuses the request before.
    params?.catch(() => undefined);
    if (lane !== null && params !== null && type !== null && /json/.test(type)) {
      const body = await params.then(
        (given) => (isRecord(given) ? lane.answer(context, passage.actor, given) : null),
        () => null,
      );
      if (body !== null) {
        const head = { "Content-Type": `${type}; charset=utf-8`, ...quotaHeaders(requestContext) };
        await sendWhole(requestContext, { status: 200, headers: head }, body);
        work.turn?.end();
        return;
      }
    }
    // Yoga would choose the last type that a client accepts, even one with q=0.
    headers.accept = type ?? "application/json";
    const answered = await yoga.handleNodeRequestAndResponse(request, response, context);
    const { stream } = context.opened;
    if (stream !== null) return follow(requestContext, stream);
    // How an answer is carried is the server's to say: Yoga's `keep-alive` would go on with a connection that ends.
    const told = [...answered.headers].filter(
      ([name]) => !["connection", "transfer-encoding"].includes(name.toLowerCase()),
    );
    const head = {
      status: answered.status,
      headers: { ...Object.fromEntries(told), ...quotaHeaders(requestContext) },
    };
    const isText = /json/.test(answered.headers.get("content-type") ?? "json");
    const isWhole = isText || answered.body === null;
    if (isWhole) await sendWhole(requestContext, head, await answered.text());
    // Only the client's reading is left. The answer's bytes are counted by now, so the next request is admitted fairly.
    work.turn?.end();
    if (!isWhole && answered.body !== null) await sendStream(requestContext, head, answered.body);
  };
  return { answer, endStreams: () => streams.close(), example: exampleOf(listed) };
}

/** The body of a request that shows what the gateway does; null if the manifest has no operation for that. */
function exampleOf(manifest: Manifest | null): Manifest["example"] {
  return manifest === null ? { query: stripIgnoredCharacters(exampleQuery) } : manifest.example;
}

/** Carries a subscription to its client. It holds no place among the requests that are worked on, and may last. */
async function follow(context: RequestContext, stream: EventStream): Promise<void> {
  const { work, carry, codes } = context;
  work.turn?.end();
  work.deadline = null;
  const end = await (carry === null
    ? sendEvents(context, stream, quotaHeaders(context))
    : carry(stream));
  if (end.kind === "refused") codes.add(end.code);
}

/** The body of a JSON request; null for other requests, which Yoga reads or refuses. */
function bodyOf(context: RequestContext): Promise<GraphQLParams> | null {
  if (context.request.method !== "POST" || !isJsonRequest(context.request.headers)) return null;
  return readBody(context);
}

type Parts = {
  readonly lane: Lane | null;
  readonly persisted: PersistedOperations;
  readonly contributors: readonly Contributor[];
  readonly subscriptions: GatewayPlugin;
};

function createServer(
  options: GraphQLServerOptions,
  { lane, persisted, contributors, subscriptions }: Parts,
) {
  const { schema, database, config, gate, logger, metrics } = options;
  const { introspection } = config.graphql;
  return createYoga<ServerContext, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    // server.ts serves it, as a page whose files a browser keeps.
    graphiql: false,
    plugins: [
      useWholeMutations(),
      useJsonRequests(),
      persisted.plugin,
      useToldErrors(logger),
      ...(introspection ? [] : [useSchemaPrivacy()]),
      useExactNumbers(),
      useOperationLimits(config.operations, gate),
      subscriptions,
      ...(lane === null ? [] : [lane.plugin()]),
      useWholeAnswers(),
      // After useToldErrors, so that the stored answer is the one that is sent.
      useIdempotency(database.pool),
      // After useIdempotency, so that stored answers hold no extensions.
      useExtensions(contributors),
      useTelemetry(metrics),
    ],
    extraParamNames: [...documentIdNames],
    context: (serverContext) => contextFor(options, serverContext),
    parserAndValidationCache: {
      documentCache: documentsOf(config.operations.maxDocumentBytes),
      errorCache: documentsOf(config.operations.maxDocumentBytes),
    },
    // useJsonRequests reads bodies, and bounds them.
    maxRequestBodySize: false,
    // useToldErrors does this, with the request id.
    maskedErrors: false,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    logging: false,
  });
}

/** The context of a request's resolvers and verbs. */
function contextFor(options: GraphQLServerOptions, serverContext: ServerContext): Context {
  const { actor, work } = serverContext.requestContext;
  if (actor === null) throw new Error("the request did not pass the gate");
  const db = unlessFailed(serverContext, options.database.forTenant(actor.tenantId));
  const { outcomes, printed } = serverContext;
  return makeContext(options, { actor, work, db, outcomes, printed });
}

/** The interpreter's reads. After a failure of the compiled statement they fail with the same error. */
function unlessFailed(context: ServerContext, db: Queryable): Queryable {
  return {
    rows: (...statement) =>
      context.failure === null ? db.rows(...statement) : Promise.reject(context.failure),
  };
}
