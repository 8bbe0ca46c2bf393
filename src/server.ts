import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pino } from "pino";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import { migrationsDirectory, readMigrations } from "./db/migration-files.ts";
import { isLoopback } from "./graphql/graphiql.ts";
import { createGraphQLServer, graphqlPath } from "./graphql/yoga.ts";
import { answerHealth, answerReadiness } from "./health.ts";
import { schema } from "./schema.ts";

export type GatewayOptions = {
  readonly database: Database;
  readonly config: Pick<Config, "host" | "environment" | "logLevel">;
  /** The demo's tenants, when it runs: the explorer opens with the first one's key. */
  readonly demo: readonly { readonly apiKey: string }[] | null;
};

export type Gateway = { requestListener(request: IncomingMessage, response: ServerResponse): void };

/** The gateway: the ordered list of what a request passes through. */
export function createGateway({ database, config, demo }: GatewayOptions): Gateway {
  const logger = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
  const requestIds = new WeakMap<Request, string>();
  const requestIdOf = (request: Request): string => {
    let id = requestIds.get(request);
    if (id === undefined) {
      id = randomUUID();
      requestIds.set(request, id);
    }
    return id;
  };
  const graphql = createGraphQLServer({
    schema,
    database,
    logger,
    requestIdOf,
    demoKey: isLoopback(config.host) ? (demo?.[0]?.apiKey ?? null) : null,
    explorer: config.environment !== "production",
  });
  const migrations = readMigrations(migrationsDirectory).then((files) => files.map((file) => file.name));
  return {
    requestListener(request, response) {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      if (path === "/healthz") answerHealth(response);
      else if (path === "/readyz") {
        void migrations.then((needed) => answerReadiness(response, database, needed));
      } else if (path === graphqlPath) void graphql(request, response);
      else if (path === "/" && request.method === "GET") {
        response.writeHead(302, { location: graphqlPath }).end();
      } else {
        response.writeHead(404, { "content-type": "application/json; charset=utf-8" });
        response.end(JSON.stringify({ error: `Nothing is served at this path; GraphQL is at ${graphqlPath}.` }));
      }
    },
  };
}
