// Commands import what they need when they run: --help and mistakes are answered at once.
import { Command } from "commander";
import { addDistribute } from "./distribute.ts";
import { addCodegenConfig } from "./codegen-config.ts";
import { addDoctor } from "./doctor.ts";
import { addExport } from "./export.ts";
import { addImport } from "./import.ts";
import { addKeys } from "./keys.ts";
import { addMigrate } from "./migrate.ts";
import { addPicklists } from "./picklists.ts";
import { addOpenApi, addSchema } from "./schema.ts";
import { addSeed } from "./seed.ts";
import { addServe } from "./serve.ts";
import { addTenants } from "./tenants.ts";
import { addToken } from "./token.ts";
import { addWork } from "./work.ts";
import { addWebhooks } from "./webhooks.ts";

/** The command `crm`, as it is before its arguments are read. */
export function createProgram(): Command {
  const program = new Command("crm")
    .description("A GraphQL gateway over a CRM on PostgreSQL.")
    .showHelpAfterError("(add --help for what the command takes)")
    .addHelpText(
      "after",
      `
Environment:
  PORT          port to listen on, 0 for any free one (4000)
  HOST          address to listen on (127.0.0.1)
  DATA_DIR      folder of the embedded database (.data)
  DATABASE_URL  a PostgreSQL >= 15 of your own instead of the embedded one
  DEMO          on or off: demo tenants and keys (on; off with DATABASE_URL)
  NODE_ENV      production switches GraphiQL and introspection off (development)
  FEDERATION    on or off: serve a subgraph of Apollo Federation 2 (off)
  OPERATIONS    file with the only operations that run (a manifest)
  JWT_ISSUER, JWT_AUDIENCE, and JWT_SECRET or JWKS_URL
                issuer of the bearer tokens that are accepted beside API keys
                (none)
  REQUESTS_PER_MINUTE
                quota of a credential that has none of its own (600)
  RATE_LIMIT_STORE
                memory or postgres: where quotas are counted (memory; postgres
                with DATABASE_URL)
  JOBS          on or off: run jobs (webhooks, imports) beside requests; if off,
                \`crm work\` runs them (on)
  WORKERS       processes that serve the port; auto is one for each core (1)
  LOG_LEVEL     fatal, error, warn, info, debug, trace or silent (info in
                production, else warn)
  METRICS_PORT  port for Prometheus' /metrics (none)
  CORS_ORIGINS  origins of web pages that may call the gateway (those at
                localhost and 127.0.0.1; none in production)

A command beside a running server works on the same database.`,
    );

  for (const add of [
    addServe,
    addWork,
    addMigrate,
    addSeed,
    addTenants,
    addImport,
    addKeys,
    addToken,
    addExport,
    addWebhooks,
    addPicklists,
    addSchema,
    addOpenApi,
    addCodegenConfig,
    addDoctor,
    addDistribute,
  ])
    add(program);

  return program;
}
