import type { GraphQLSchema } from "graphql";
import { createYoga } from "graphql-yoga";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Database } from "../db/database.ts";
import { catalog } from "../modules/catalog.ts";
import type { Quotas } from "../limits/quotas.ts";
import { Reader } from "../query/reader.ts";
import type { Context } from "./context.ts";
import { actorOf, useAuthentication } from "./plugins/use-authentication.ts";
import { idempotencyOf, useIdempotency } from "./plugins/use-idempotency.ts";
import { useExtensions } from "./plugins/use-extensions.ts";
import { useJsonRequests } from "./plugins/use-json-requests.ts";
import { rateLimitExtension, useQuotas } from "./plugins/use-quotas.ts";
import { useToldErrors } from "./plugins/use-told-errors.ts";
import { useWholeMutations } from "./plugins/use-whole-mutations.ts";

/** Where GraphQL is served. */
export const graphqlPath = "/graphql";

export type GraphQLServerOptions = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Config;
  readonly quotas: Quotas;
  readonly logger: Logger;
  readonly requestIdOf: (request: Request) => string;
};

/** The GraphQL endpoint: what a request passes through, in order. */
export function createGraphQLServer(options: GraphQLServerOptions) {
  const { schema, database, quotas, logger, requestIdOf } = options;
  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: graphqlPath,
    // server.ts serves it, as a page whose files a browser keeps.
    graphiql: false,
    plugins: [
      useAuthentication(database.pool, logger, requestIdOf),
      useQuotas(quotas),
      useWholeMutations(),
      useJsonRequests(),
      useToldErrors(logger, requestIdOf),
      // After the errors are told: what is kept is what was sent.
      useIdempotency(),
      // After that: what is kept is without them.
      useExtensions([rateLimitExtension]),
    ],
    context: ({ request, params }) => {
      const actor = actorOf(request);
      return {
        pool: database.pool,
        idempotency: idempotencyOf(request, params),
        actor,
        requestId: requestIdOf(request),
        reader: new Reader({
          db: database.forTenant(actor.tenantId),
          catalog,
          viewer: actor,
        }),
      };
    },
    maxRequestBodySize: 1_000_000,
    // useToldErrors does this, with the request id.
    maskedErrors: false,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    logging: false,
  });
}
