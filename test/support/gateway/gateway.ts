import type { RequestListener, Server } from "node:http";
import type { DestinationStream } from "pino";
import { v7 as uuidv7 } from "uuid";
import { createHttpServer } from "../../../src/http/http-server.ts";
import { listen, portOf } from "../../../src/cli/http.ts";
import { makeSecret } from "../../../src/auth/api-key.ts";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase, type Database } from "../../../src/db/database.ts";
import { createGateway } from "../../../src/server.ts";
import type { Schedule } from "../../../src/webhooks/schedule.ts";
import { patientEnvironment } from "../run/patience.ts";
import { plainAnswers } from "./plain-answers.ts";
import { withoutExtensions } from "./without-extensions.ts";
import { startComparison } from "../compile/comparison.ts";
import { createTestDatabase } from "../database/database.ts";
import { Fixtures, type TenantFixtures } from "../samples/fixtures.ts";
import { recordStatements, type Recorder } from "../database/recorder.ts";
import { schema, subgraph } from "./schema.ts";

/** What a GraphQL answer looks like to a client. */
export type Answer = {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: unknown;
    readonly extensions: { readonly code: string };
  }[];
};

/** A gateway on a database of its own, listening on a free port. */
export type TestGateway = {
  readonly url: string;
  /** Where its metrics are, when they have a port of their own. */
  readonly metricsUrl: string | null;
  readonly databaseUrl: string;
  readonly database: Database;
  /** Makes tenants and what hangs on them. */
  readonly fixtures: Fixtures;
  /** Every SQL statement that the server sends while it answers. */
  readonly statements: Recorder;
  /** The tenant whose key the explorer gets, when the gateway was started with one. */
  readonly demo: { readonly tenant: TenantFixtures; readonly key: string } | null;
  /** A key for a tenant. */
  keyFor(tenantSlug: string, scopes?: readonly string[]): Promise<string>;
  /** Sends an operation as a client does and gives the answer, without what is said beside it. */
  ask(key: string, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Sends an operation that must succeed and gives its data. */
  data(
    key: string,
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Ends all subscriptions, as a server does that stops. */
  endStreams(): void;
  close(): Promise<void>;
};

export type TestGatewayOptions = {
  /** Slug of a tenant to make, whose key the explorer opens with as the demo's does. */
  readonly demoTenant?: string;
  readonly logLevel?: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** Where the log goes, instead of standard error. */
  readonly logTo?: DestinationStream;
  /** The way that the server takes to its database: gives the URL to use instead. */
  readonly route?: (databaseUrl: string) => Promise<string>;
  readonly maxConnections?: number;
  /** Whether the gateway runs jobs. */
  readonly runsJobs?: boolean;
  /** If true, statements are pinned and planned as on Citus. */
  readonly isDistributed?: boolean;
  /** When webhooks are tried again. If given, the gateway runs jobs. */
  readonly schedule?: Schedule;
  /** If false, every operation is interpreted. */
  readonly compiled?: boolean;
  /** If false, compiled answers are not compared with the interpreter's, since the test compares them itself. */
  readonly compare?: boolean;
  /** What the operator sets in the environment, beside NODE_ENV=test. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts one; call `close` when the file is done. `METRICS_PORT: "0"` in its environment gives it a `metricsUrl`. */
export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { demoTenant, logLevel = "error", route, maxConnections = 5, env = {} } = options;
  const { compiled = true, compare = true, isDistributed } = options;
  const { url: databaseUrl, drop } = await createTestDatabase();
  const config = loadConfig({ ...patientEnvironment, LOG_LEVEL: logLevel, ...env });
  const database = openDatabase({
    url: route === undefined ? databaseUrl : await route(databaseUrl),
    maxConnections,
    pool: isDistributed === undefined ? config.pool : { ...config.pool, isDistributed },
  });
  const statements = recordStatements(database.pool);
  const fixtures = await Fixtures.open(databaseUrl);
  const keyFor: TestGateway["keyFor"] = async (tenantSlug, scopes = ["*"]) => {
    const id = uuidv7();
    const { key, hash } = makeSecret("test", id);
    // By the database's owner, so that the tenant's change log begins with what a test writes.
    await fixtures.client.query(
      `INSERT INTO api_keys (tenant_id, id, name, environment, secret_hash, scopes)
       SELECT id, $2, 'test', 'test', $3, $4 FROM tenants WHERE slug = $1`,
      [tenantSlug, id, hash, scopes],
    );
    return key;
  };
  const demo =
    demoTenant === undefined
      ? null
      : { tenant: await fixtures.tenant(demoTenant), key: await keyFor(demoTenant) };
  const served = config.graphql.federation ? subgraph() : schema;
  const comparison = startComparison(databaseUrl, served);
  const gateway = createGateway({
    schema: served,
    database,
    config,
    demo: demo === null ? null : [{ apiKey: demo.key }],
    compiled,
    ...(compare ? { onCompiled: comparison.onCompiled } : {}),
    ...(options.logTo === undefined ? {} : { logTo: options.logTo }),
    ...(options.schedule === undefined ? {} : { webhookSchedule: options.schedule }),
  });
  if (options.schedule !== undefined || options.runsJobs === true) gateway.runJobs();
  const serve = async (listener: RequestListener): Promise<Server> => {
    const made = createHttpServer(listener, config.http, gateway);
    await listen(made, "127.0.0.1", 0);
    return made;
  };
  const server = await serve(gateway.requestListener);
  const url = `http://127.0.0.1:${portOf(server)}`;
  const metricsServer =
    gateway.metricsListener === null ? null : await serve(gateway.metricsListener);

  const ask: TestGateway["ask"] = async (key, query, variables = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { ...plainAnswers, "content-type": "application/json", "x-api-key": key },
      body: JSON.stringify({ query, variables }),
    });
    const answer: Answer = JSON.parse(withoutExtensions(await response.text()));
    return answer;
  };
  return {
    url,
    metricsUrl: metricsServer === null ? null : `http://127.0.0.1:${portOf(metricsServer)}/metrics`,
    databaseUrl,
    database,
    fixtures,
    statements,
    demo,
    keyFor,
    ask,
    data: async (key, query, variables) => {
      const answer = await ask(key, query, variables);
      if (answer.errors !== undefined || answer.data == null) {
        throw new Error(`the operation failed: ${JSON.stringify(answer.errors)}`);
      }
      return answer.data;
    },
    endStreams: () => gateway.endStreams(),
    close: async () => {
      for (const open of [server, metricsServer]) {
        open?.closeAllConnections();
        open?.close();
      }
      await gateway.close();
      await fixtures.close();
      await database.close();
      try {
        await comparison.close();
      } finally {
        await drop();
      }
    },
  };
}

/** Walks into an answer: `at(data, "accounts", "nodes", 0, "id")`. What is not there is an error that says so. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const [index, step] of path.entries()) {
    if (typeof current !== "object" || current === null || !(step in current)) {
      throw new Error(`nothing at ${path.slice(0, index + 1).join(".")}`);
    }
    current = Reflect.get(current, step);
  }
  return current;
}

/** The list at a path of an answer. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const list = at(value, ...path);
  if (!Array.isArray(list)) throw new Error(`no list at ${path.join(".")}`);
  return list;
}

/** The object at a path of an answer. */
export function recordAt(
  value: unknown,
  ...path: readonly (string | number)[]
): Readonly<Record<string, unknown>> {
  const record = at(value, ...path);
  if (typeof record !== "object" || record === null)
    throw new Error(`no object at ${path.join(".")}`);
  return { ...record };
}
