import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pino } from "pino";
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
} from "./graphql/graphiql.ts";
import { createGraphQLServer, graphqlPath } from "./graphql/yoga.ts";
import { answerHealth, answerReadiness } from "./health.ts";
import { Admission } from "./limits/admission.ts";
import { Quotas } from "./limits/quotas.ts";
import { workFor } from "./limits/request-work.ts";
import { schema } from "./schema.ts";

export type GatewayOptions = {
  readonly database: Database;
  readonly config: Config;
  /** The demo's tenants, when it runs: the explorer opens with the first one's key. */
  readonly demo: readonly { readonly apiKey: string }[] | null;
};

export type Gateway = {
  requestListener(request: IncomingMessage, response: ServerResponse): void;
  /** Ends what the gateway runs beside requests. The database is the caller's. */
  close(): Promise<void>;
};

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
  const quotas = new Quotas(config.limits, database.pool);
  const graphql = createGraphQLServer({ schema, database, config, quotas, logger, requestIdOf });
  const admission = new Admission(config.limits);
  const explorer = config.environment !== "production";
  const demoKey = isLoopback(config.host) ? (demo?.[0]?.apiKey ?? null) : null;
  const migrations = readMigrations(migrationsDirectory).then((files) =>
    files.map((file) => file.name),
  );

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const host = hostnameOf(request);
    if (host === null) return refuse(response, 400, "The Host header is not the name of a host.");
    // A proxy may send the target in its absolute form; only what follows the host matters.
    const [path = "/"] = (request.url ?? "/").replace(/^https?:\/\/[^/?]*/i, "").split("?", 1);
    if (path === "/healthz") return answerHealth(response);
    if (path === "/readyz") return answerReadiness(response, database, await migrations);
    if (explorer && path === graphqlPath && wantsPage(request)) {
      // A page of another name that resolves to this machine must not get the key (DNS rebinding).
      return answerExplorer(response, isLoopback(host) ? demoKey : null);
    }
    if (path === graphqlPath) {
      return admission.admit(request, response, () => graphql(request, response));
    }
    if (explorer && path.startsWith(explorerPath)) {
      return answerExplorerFile(request, response, path);
    }
    if (path === "/" && request.method === "GET") {
      response.writeHead(302, { location: graphqlPath }).end();
      return;
    }
    refuse(response, 404, `Nothing is served at this path; GraphQL is at ${graphqlPath}.`);
  };
  return {
    requestListener(request, response) {
      const work = workFor(response, config.limits.requestMilliseconds);
      asWork(work, () => answer(request, response)).catch((error: unknown) => {
        logger.error({ error: error instanceof Error ? error.stack : error }, "unexpected error");
        if (response.headersSent) response.destroy();
        else refuse(response, 500, "Something went wrong on our side.");
      });
    },
    close: () => {
      quotas.close();
      return Promise.resolve();
    },
  };
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

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify({ error }));
}
