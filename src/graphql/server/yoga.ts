import type { IncomingMessage, ServerResponse } from "node:http";
import type { GraphQLSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Credentials } from "../../auth/authenticate.ts";
import type { Config } from "../../config.ts";
import type { Database } from "../../db/database.ts";
import { currentWork } from "../../db/work.ts";
import { catalog } from "../../modules/catalog.ts";
import type { Quotas } from "../../limits/quotas.ts";
import { sendStream, sendWhole } from "../../limits/send-answer.ts";
import { Reader } from "../../query/reader.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Context } from "../schema/context.ts";
import { readManifest } from "./manifest.ts";
import { actorOf, useAuthentication } from "./use-authentication.ts";
import { useExactNumbers } from "./use-exact-numbers.ts";
import { useExtensions } from "./use-extensions.ts";
import { useIdempotency } from "./use-idempotency.ts";
import { answerTypeFor, useJsonRequests, type ServerContext } from "./use-json-requests.ts";
import { costExtension, useOperationLimits } from "../limits/use-operation-limits.ts";
import { documentIdNames, usePersistedOperations } from "./use-persisted-operations.ts";
import { usePlaces } from "./use-places.ts";
import { holdPoints, rateLimitExtension, useQuotas } from "./use-quotas.ts";
import { useSchemaPrivacy } from "./use-schema-privacy.ts";
import { useTelemetry } from "./use-telemetry.ts";
import { useToldErrors } from "./use-told-errors.ts";
import { useWholeAnswers } from "./use-whole-answers.ts";
import { useWholeMutations } from "./use-whole-mutations.ts";

/** Where GraphQL is served. */
export const graphqlPath = "/graphql";

export type GraphQLServerOptions = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Config;
  readonly credentials: Credentials;
  readonly quotas: Quotas;
  readonly logger: Logger;
  readonly metrics: Metrics | null;
  readonly requestIdOf: (request: Request) => string;
};

/** Documents that came before. A parsed one takes some 50 times its text, so their texts are counted. */
function documentsOf<Parsed extends {}>(maxDocumentBytes: number): LRUCache<string, Parsed> {
  return new LRUCache({
    max: 1_000,
    maxSize: 8 * maxDocumentBytes,
    sizeCalculation: (_parsed, text) => Math.max(1, text.length),
  });
}

/** The GraphQL endpoint: what a request passes through, in order. */
export function createGraphQLServer(options: GraphQLServerOptions) {
  const yoga = createServer(options);
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { headers } = request;
    const type = answerTypeFor(headers.accept);
    const context = { req: request, isAcceptable: type !== null };
    // Yoga takes the last of those that a client accepts, also with q=0.
    headers.accept = type ?? "application/json";
    const answer = await yoga.handleNodeRequestAndResponse(request, response, context);
    const head = { status: answer.status, headers: Object.fromEntries(answer.headers) };
    const isText = /json/.test(answer.headers.get("content-type") ?? "json");
    const isWhole = isText || answer.body === null;
    if (isWhole) sendWhole(response, head, await answer.text());
    // What is left to do is the client's: to read it. It is counted by now, so that the next finds no room that is taken.
    currentWork()?.endTurn?.();
    if (!isWhole && answer.body !== null) await sendStream(response, head, answer.body);
  };
}

function createServer(options: GraphQLServerOptions) {
  const { schema, database, config, credentials, quotas, logger, metrics, requestIdOf } = options;
  const { introspection, manifest } = config.graphql;
  return createYoga<ServerContext, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    // server.ts serves it, as a page whose files a browser keeps.
    graphiql: false,
    plugins: [
      useAuthentication(credentials, logger, requestIdOf),
      useQuotas(quotas),
      usePlaces(credentials, logger, requestIdOf),
      useWholeMutations(),
      useJsonRequests(),
      usePersistedOperations(manifest === null ? null : readManifest(manifest, schema)),
      useToldErrors(logger, requestIdOf),
      ...(introspection ? [] : [useSchemaPrivacy()]),
      useExactNumbers(),
      useOperationLimits(config.operations, holdPoints),
      useWholeAnswers(),
      // After the errors are told: what is kept is what was sent.
      useIdempotency(),
      // After that: what is kept is without them.
      useExtensions([costExtension(config.operations.maxCost), rateLimitExtension]),
      useTelemetry(metrics),
    ],
    extraParamNames: [...documentIdNames],
    context: ({ request }) => {
      const actor = actorOf(request);
      return {
        catalog,
        pool: database.pool,
        get prisma() {
          return database.prismaFor(actor.tenantId);
        },
        // useIdempotency sets it, for mutations.
        idempotency: null,
        apiKeys: credentials.apiKeys,
        actor,
        requestId: requestIdOf(request),
        work: currentWork() ?? null,
        reader: new Reader({
          db: database.forTenant(actor.tenantId),
          catalog,
          viewer: actor,
        }),
      };
    },
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
