import { resolve } from "node:path";
import { z } from "zod";
import { type AuthConfig, authVariables } from "./config/auth.ts";
import { browserConfig, browserVariables, type BrowserConfig } from "./config/browsers.ts";
import { telemetryConfig, telemetryVariables, type TelemetryConfig } from "./config/telemetry.ts";
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

/** What the operator decides, read once from the environment and handed to whoever needs it. */
export type Config = {
  /** TCP port; 0 stands for any free one. */
  port: number;
  /** Address to listen on. */
  host: string;
  /** Absolute path of the folder for the embedded database and demo.json. */
  dataDir: string;
  /** A PostgreSQL of the operator's own; null runs the embedded one. */
  databaseUrl: string | null;
  /** Whether demo tenants and their keys are made at the first start. */
  demo: boolean;
  environment: "development" | "test" | "production";
  /** Whether npm started this process (`npm start`, `npm run …`). */
  startedByNpm: boolean;
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  telemetry: TelemetryConfig;
  browsers: BrowserConfig;
  http: {
    /** So many connections at once; further ones are closed. */
    maxConnections: number;
    /** A request, headers and body, must have arrived in this time. */
    receiveMilliseconds: number;
  };
  graphql: {
    /** Whether callers may ask for the schema, and are told the names that are like a misspelt one. */
    introspection: boolean;
    /** Absolute path of a manifest: nothing but the operations in it is run. Null runs any. */
    manifest: string | null;
  };
  operations: OperationLimits;
  /** Whose tokens are taken. */
  auth: AuthConfig;
};

const databaseUrlHint =
  "must look like postgres://user:password@host:5432/database; " +
  "write special characters in the password as %XX";

/** A limit that counts something. */
const atMost = (usual: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/, "must be a whole number from 1 to 999999999")
    .transform(Number)
    .default(usual);

const environmentSchema = z.object({
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
  MAX_CONNECTIONS: atMost(10_000),
  RECEIVE_TIMEOUT: z
    .string()
    .regex(/^\d{1,3}(\.\d{1,3})?$/, "must be a number of seconds above 0 and up to 999, such as 12")
    .transform(Number)
    .refine(
      (seconds) => seconds > 0,
      "must be a number of seconds above 0 and up to 999, such as 12",
    )
    .default(12),
  INTROSPECTION: z.enum(["on", "off"], "must be on or off").optional(),
  OPERATIONS: z
    .string()
    .refine((path) => !path.includes("\0"), "must be the path of a manifest of operations")
    .optional(),
  MAX_DOCUMENT_BYTES: atMost(250_000),
  MAX_TOKENS: atMost(20_000),
  MAX_DEPTH: atMost(30),
  MAX_FIELDS: atMost(5_000),
  MAX_ROOT_FIELDS: atMost(100),
  MAX_ALIASES: atMost(100),
  MAX_DIRECTIVES: atMost(100),
  MAX_COST: atMost(100_000),
  npm_lifecycle_event: z.string().optional(),
  ...telemetryVariables,
  ...browserVariables,
});

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
  return {
    port: PORT,
    host: HOST,
    dataDir: resolve(DATA_DIR),
    databaseUrl: DATABASE_URL ?? null,
    // Nobody wants invented customers in a database of their own unless they ask for them.
    demo: DEMO === undefined ? DATABASE_URL === undefined : DEMO === "on",
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
    startedByNpm: npm_lifecycle_event !== undefined,
    telemetry: telemetryConfig(parsed.data),
    browsers: browserConfig(parsed.data, NODE_ENV === "production"),
    http: { maxConnections: MAX_CONNECTIONS, receiveMilliseconds: RECEIVE_TIMEOUT * 1_000 },
    graphql: {
      introspection:
        INTROSPECTION === undefined ? NODE_ENV !== "production" : INTROSPECTION === "on",
      manifest: OPERATIONS === undefined ? null : resolve(OPERATIONS),
    },
    auth: auth.data,
  };
}

function isDatabaseUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text);
}
