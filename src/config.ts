import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import { type AuthConfig, authVariables } from "./config/auth.ts";
import { browserConfig, browserVariables, type BrowserConfig } from "./config/browsers.ts";
import { telemetryConfig, telemetryVariables, type TelemetryConfig } from "./config/telemetry.ts";
import { webhookConfig, webhookVariables, type WebhookConfig } from "./config/webhooks.ts";
import { readDuration } from "./lib/duration.ts";
import { StartupError } from "./lib/startup-error.ts";

/** What one operation may ask for. */
export type OperationLimits = {
  /** Of its document: length in bytes and in tokens. */
  maxDocumentBytes: number;
  maxTokens: number;
  /** Of its selections, each fragment counted wherever it is spread. */
  maxDepth: number;
  maxFields: number;
  maxRootFields: number;
  maxAliases: number;
  maxDirectives: number;
  /** In nodes that it could read, from the sizes of its pages. */
  maxCost: number;
};

/** What the operator decides, read once from the environment and handed to the parts that need it. */
export type Config = {
  /** TCP port; 0 stands for any free one. */
  port: number;
  /** Address to listen on. */
  host: string;
  /** Absolute path of the folder for the embedded database and demo.json. */
  dataDir: string;
  /** A PostgreSQL of the operator's own; null runs the embedded one. */
  databaseUrl: string | null;
  /** The same without a pooler, for what needs a session or the tables' owner; `databaseUrl` unless it is another one. */
  databaseDirectUrl: string | null;
  /** Whether demo tenants and their keys are made at the first start. */
  demo: boolean;
  environment: "development" | "test" | "production";
  /** How many processes serve the port. */
  workers: number;
  /** Whether npm started this process (`npm start`, `npm run …`). */
  startedByNpm: boolean;
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  telemetry: TelemetryConfig;
  browsers: BrowserConfig;
  http: {
    /** The most open connections; further ones are closed. */
    maxConnections: number;
    /** The headers of a request, and then its body, must have arrived in this time each. */
    receiveMilliseconds: number;
  };
  graphql: {
    /** Whether callers may ask for the schema, and are told the names that are like a misspelt one. */
    introspection: boolean;
    /** Whether the schema is a subgraph of Apollo Federation 2. */
    federation: boolean;
    /** Absolute path of a manifest: nothing but the operations in it is run. Null runs any. */
    manifest: string | null;
  };
  operations: OperationLimits;
  /** Whose tokens are taken. */
  auth: AuthConfig;
  pool: PoolConfig;
  replicas: ReplicaConfig;
  limits: LimitsConfig;
  /** For how many days events are kept in the log of changes; null for ever. */
  logKeepDays: number | null;
  webhooks: WebhookConfig;
  imports: {
    /** The most bytes of a file that is imported, uncompressed. */
    maxBytes: number;
  };
  jobs: JobsConfig;
};

/** Work that is done later: webhooks, imports. */
export type JobsConfig = {
  /** Whether the processes that serve requests run jobs too; else `crm work` does. */
  readonly inGateway: boolean;
  /** The most jobs that a process runs at once. */
  readonly atOnce: number;
};

/** How the server shares its connections to PostgreSQL among requests. */
export type PoolConfig = {
  readonly size: number;
  /** The most statements that may wait for a connection, and how long each may wait. */
  readonly waiters: number;
  readonly waitMilliseconds: number;
  /** How long one statement may run, and wait for a lock. */
  readonly statementMilliseconds: number;
  readonly lockMilliseconds: number;
  /** Where the tenant, the role and the settings are kept: in the connection, or in each transaction. */
  readonly fence: "session" | "transaction";
  /** Whether statements are prepared. */
  readonly preparedStatements: boolean;
  /** Whether Citus spreads the tables over several nodes. Not configured: the start finds it out. */
  readonly isDistributed: boolean;
};

/** Streaming replicas of the database, for queries. */
export type ReplicaConfig = {
  readonly urls: readonly string[];
  /** One that is further behind gets no queries. */
  readonly maxLagMilliseconds: number;
};

/** How much the gateway takes on, from one credential and from all together. */
export type LimitsConfig = {
  /** Of a credential that has no quota of its own. */
  readonly requestsPerMinute: number;
  readonly pointsPerMinute: number;
  /** Where it is counted: in PostgreSQL when several processes share the load. */
  readonly store: "memory" | "postgres";
  readonly requestMilliseconds: number;
  /** How long an export may keep its snapshot, for which PostgreSQL keeps what was deleted since. */
  readonly exportMilliseconds: number;
  /** The most requests that are worked on at once, and the most that may wait for their turn. */
  readonly inFlight: number;
  readonly queued: number;
  /** The most bytes of answers that may wait for their clients. */
  readonly unreadBytes: number;
  /** The most open subscriptions of one credential, and of all, in one process. */
  readonly streamsPerKey: number;
  readonly streams: number;
};

/** What the pool does unless the operator says otherwise. */
export const poolDefaults: PoolConfig = {
  size: 10,
  waiters: 1_000,
  waitMilliseconds: 2_000,
  statementMilliseconds: 10_000,
  lockMilliseconds: 5_000,
  fence: "session",
  preparedStatements: true,
  isDistributed: false,
};

const databaseUrlHint =
  "must look like postgres://user:password@host:5432/database; " +
  "write special characters in the password as %XX";

/** A whole number from 1 to `max`. */
const count = (max = 1_000_000_000) => {
  const hint = `must be a whole number from 1 to ${max}`;
  return z
    .string()
    .regex(/^[1-9]\d{0,12}$/, hint)
    .transform(Number)
    .refine((number) => number <= max, hint);
};

/** `500ms`, `2s` or `1min`, as milliseconds. */
const duration = z
  .string()
  .transform((text) => readDuration(text) ?? 0)
  .refine((time) => time > 0 && time <= 86_400_000, "must be a time such as 500ms, 10s or 1min");

/** A number of processes; `auto` is one for each core. */
const workers = z
  .string()
  .regex(/^(?:auto|[1-9]\d{0,2})$/, "must be a whole number from 1 to 999, or auto")
  .transform((text) => (text === "auto" ? availableParallelism() : Number(text)));

const variablesSchema = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, "must be a number from 0 to 65535 (0: any free port)")
    .transform(Number)
    .refine((port) => port <= 65_535, "must be a number from 0 to 65535 (0: any free port)")
    .default(4000),
  HOST: z
    .string()
    .regex(/^[\w.:%-]+$/, "must be an address or a host name, such as 127.0.0.1 or 0.0.0.0")
    .default("127.0.0.1"),
  DATA_DIR: z
    .string()
    .refine((path) => !path.includes("\0"), "must be the path of a folder")
    .default(".data"),
  DATABASE_URL: z.string().refine(isDatabaseUrl, databaseUrlHint).optional(),
  DATABASE_REPLICA_URLS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((url) => url !== ""))
    .refine((urls) => urls.every(isDatabaseUrl), `${databaseUrlHint}; several stand side by side`)
    .default([]),
  REPLICA_MAX_LAG: duration.default(10_000),
  LOG_KEEP_DAYS: count(36_500).optional(),
  DATABASE_DIRECT_URL: z.string().refine(isDatabaseUrl, databaseUrlHint).optional(),
  FENCE: z.enum(["session", "transaction"], "must be session or transaction").default("session"),
  PREPARED_STATEMENTS: z.enum(["on", "off"], "must be on or off").default("on"),
  DEMO: z.enum(["on", "off"], "must be on or off").optional(),
  NODE_ENV: z
    .enum(["development", "test", "production"], "must be development, test or production")
    .default("development"),
  LOG_LEVEL: z
    .enum(
      ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
      "must be fatal, error, warn, info, debug, trace or silent",
    )
    .optional(),
  WORKERS: workers.default(1),
  MAX_CONNECTIONS: count().default(10_000),
  RECEIVE_TIMEOUT: duration.default(12_000),
  INTROSPECTION: z.enum(["on", "off"], "must be on or off").optional(),
  FEDERATION: z.enum(["on", "off"], "must be on or off").default("off"),
  OPERATIONS: z
    .string()
    .refine((path) => !path.includes("\0"), "must be the path of a manifest of operations")
    .optional(),
  MAX_DOCUMENT_BYTES: count().default(250_000),
  MAX_TOKENS: count().default(20_000),
  MAX_DEPTH: count().default(30),
  MAX_FIELDS: count().default(5_000),
  MAX_ROOT_FIELDS: count().default(100),
  MAX_ALIASES: count().default(100),
  MAX_DIRECTIVES: count().default(100),
  MAX_COST: count().default(100_000),
  POOL_SIZE: count(1_000).default(poolDefaults.size),
  POOL_QUEUE: count(100_000).optional(),
  POOL_WAIT: duration.default(poolDefaults.waitMilliseconds),
  STATEMENT_TIMEOUT: duration.default(poolDefaults.statementMilliseconds),
  LOCK_TIMEOUT: duration.default(poolDefaults.lockMilliseconds),
  REQUESTS_PER_MINUTE: count().default(600),
  POINTS_PER_MINUTE: count().default(1_000_000),
  RATE_LIMIT_STORE: z.enum(["memory", "postgres"], "must be memory or postgres").optional(),
  REQUEST_TIMEOUT: duration.default(15_000),
  EXPORT_TIMEOUT: duration.default(3_600_000),
  MAX_IN_FLIGHT: count(100_000).optional(),
  MAX_QUEUED: count(100_000).default(1_000),
  MAX_UNREAD_BYTES: count(8_000_000_000).default(256_000_000),
  MAX_STREAMS_PER_KEY: count(100_000).default(100),
  MAX_STREAMS: count(100_000).default(5_000),
  IMPORT_MAX_BYTES: count(1_000_000_000_000).default(2_000_000_000),
  JOBS: z.enum(["on", "off"], "must be on or off").default("on"),
  JOBS_AT_ONCE: count(1_000).default(100),
  npm_lifecycle_event: z.string().optional(),
  ...telemetryVariables,
  ...browserVariables,
  ...webhookVariables,
});
const environmentSchema = variablesSchema
  .refine((given) => given.DATABASE_DIRECT_URL === undefined || given.DATABASE_URL !== undefined, {
    path: ["DATABASE_DIRECT_URL"],
    message: "needs DATABASE_URL, of the same database",
  })
  .refine(
    ({ PORT, HOST, METRICS_PORT, METRICS_HOST }) => {
      const hosts = [HOST, METRICS_HOST];
      const areOne = HOST === METRICS_HOST || hosts.includes("0.0.0.0") || hosts.includes("::");
      // Workers would listen for both, and the system would deal requests out among them.
      return PORT === 0 || PORT !== METRICS_PORT || !areOne;
    },
    { path: ["METRICS_PORT"], message: "must be another port than PORT" },
  )
  .refine((given) => given.FEDERATION === "off" || given.OPERATIONS === undefined, {
    path: ["FEDERATION"],
    message: "cannot be on with OPERATIONS: a federation gateway writes its own operations",
  });

/** The environment variables that the configuration is read from; npm sets one more. */
export const variableNames: readonly string[] = [
  ...Object.keys(variablesSchema.shape),
  ...Object.keys(authVariables.in.shape),
].filter((name) => name !== "npm_lifecycle_event");

/**
 * Reads the configuration; empty variables count as unset.
 *
 * @throws StartupError with one line for each variable that cannot be used.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const given = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
  const variables = Object.fromEntries(given);
  const parsed = environmentSchema.safeParse(variables);
  const auth = authVariables.safeParse(variables);
  if (!parsed.success || !auth.success) {
    const issues = [parsed, auth].flatMap(({ error }) => error?.issues ?? []);
    // No value is repeated: DATABASE_URL holds a password.
    const lines = issues.map(({ path, message }) => `${path.join(".")} ${message}`);
    throw new StartupError([...new Set(lines)].join("\n"));
  }
  const { PORT, HOST, DATA_DIR, DATABASE_URL, DEMO, NODE_ENV, LOG_LEVEL, npm_lifecycle_event } =
    parsed.data;
  const { MAX_CONNECTIONS, RECEIVE_TIMEOUT, INTROSPECTION, OPERATIONS } = parsed.data;
  const { FENCE, PREPARED_STATEMENTS } = parsed.data;
  const { POOL_SIZE, REQUESTS_PER_MINUTE, POINTS_PER_MINUTE, RATE_LIMIT_STORE } = parsed.data;
  return {
    port: PORT,
    host: HOST,
    dataDir: resolve(DATA_DIR),
    databaseUrl: DATABASE_URL ?? null,
    databaseDirectUrl: parsed.data.DATABASE_DIRECT_URL ?? DATABASE_URL ?? null,
    // Nobody wants invented customers in a database of their own unless they ask for them.
    demo:
      DEMO === undefined ? DATABASE_URL === undefined && NODE_ENV !== "production" : DEMO === "on",
    environment: NODE_ENV,
    // A line for each request would bury what `npm start` shows to somebody who tries it.
    logLevel: LOG_LEVEL ?? (NODE_ENV === "production" ? "info" : "warn"),
    operations: {
      maxDocumentBytes: parsed.data.MAX_DOCUMENT_BYTES,
      maxTokens: parsed.data.MAX_TOKENS,
      maxDepth: parsed.data.MAX_DEPTH,
      maxFields: parsed.data.MAX_FIELDS,
      maxRootFields: parsed.data.MAX_ROOT_FIELDS,
      maxAliases: parsed.data.MAX_ALIASES,
      maxDirectives: parsed.data.MAX_DIRECTIVES,
      maxCost: parsed.data.MAX_COST,
    },
    workers: parsed.data.WORKERS,
    startedByNpm: npm_lifecycle_event !== undefined,
    telemetry: telemetryConfig(parsed.data),
    browsers: browserConfig(parsed.data, NODE_ENV === "production"),
    http: { maxConnections: MAX_CONNECTIONS, receiveMilliseconds: RECEIVE_TIMEOUT },
    graphql: {
      introspection:
        INTROSPECTION === undefined ? NODE_ENV !== "production" : INTROSPECTION === "on",
      federation: parsed.data.FEDERATION === "on",
      manifest: OPERATIONS === undefined ? null : resolve(OPERATIONS),
    },
    auth: auth.data,
    pool: {
      size: POOL_SIZE,
      waiters: parsed.data.POOL_QUEUE ?? POOL_SIZE * 100,
      waitMilliseconds: parsed.data.POOL_WAIT,
      statementMilliseconds: parsed.data.STATEMENT_TIMEOUT,
      lockMilliseconds: parsed.data.LOCK_TIMEOUT,
      fence: FENCE,
      preparedStatements: PREPARED_STATEMENTS === "on",
      isDistributed: poolDefaults.isDistributed,
    },
    replicas: {
      urls: parsed.data.DATABASE_REPLICA_URLS,
      maxLagMilliseconds: parsed.data.REPLICA_MAX_LAG,
    },
    logKeepDays: parsed.data.LOG_KEEP_DAYS ?? null,
    limits: {
      requestsPerMinute: REQUESTS_PER_MINUTE,
      pointsPerMinute: POINTS_PER_MINUTE,
      // A database of the operator's own is what several processes would share.
      store: RATE_LIMIT_STORE ?? (DATABASE_URL === undefined ? "memory" : "postgres"),
      requestMilliseconds: parsed.data.REQUEST_TIMEOUT,
      exportMilliseconds: parsed.data.EXPORT_TIMEOUT,
      // One that has no connection only waits, and makes the others wait.
      inFlight: parsed.data.MAX_IN_FLIGHT ?? POOL_SIZE,
      queued: parsed.data.MAX_QUEUED,
      unreadBytes: parsed.data.MAX_UNREAD_BYTES,
      streamsPerKey: parsed.data.MAX_STREAMS_PER_KEY,
      streams: parsed.data.MAX_STREAMS,
    },
    webhooks: webhookConfig(parsed.data),
    imports: { maxBytes: parsed.data.IMPORT_MAX_BYTES },
    jobs: { inGateway: parsed.data.JOBS === "on", atOnce: parsed.data.JOBS_AT_ONCE },
  };
}

function isDatabaseUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text);
}
