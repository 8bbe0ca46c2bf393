import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import type { ApiKeys } from "../auth/api-keys.ts";
import type { Config } from "../config.ts";
import type { Database } from "../db/database.ts";
import { createStoredQueries } from "../graphql/server/create-stored-queries.ts";
import type { Jobs } from "../jobs/jobs.ts";
import type { Quotas } from "../limits/quotas.ts";
import { catalog } from "../modules/catalog.ts";
import { Payloads } from "./payload.ts";
import { usualSchedule, type Schedule } from "./schedule.ts";
import type { Printer } from "./sending.ts";
import { Targets } from "./target/targets.ts";
import { WebhookService } from "./webhook-service.ts";

type Options = {
  readonly schema: GraphQLSchema;
  readonly database: Database;
  readonly config: Config;
  readonly jobs: Jobs;
  readonly apiKeys: ApiKeys;
  readonly quotas: Quotas;
  readonly logger: Logger;
  readonly schedule?: Schedule;
};

/** The webhooks of a process, as the configuration says. */
export function openWebhooks(options: Options): WebhookService {
  const { schema, database, config, jobs, apiKeys, logger, schedule } = options;
  let made: Payloads | null = null;
  // A process that delivers nothing compiles nothing.
  const payloads = (): Payloads => {
    made ??= new Payloads({ catalog, database, queries: createStoredQueries(options) });
    return made;
  };
  const printer: Printer = {
    check: (...form) => payloads().check(...form),
    print: (...events) => payloads().print(...events),
  };
  const { allowHosts, keepDays } = config.webhooks;
  const { requestMilliseconds } = schedule ?? usualSchedule;
  const targets = new Targets(
    { isProduction: config.environment === "production", allowHosts },
    { requestSeconds: requestMilliseconds / 1_000 },
  );
  return new WebhookService({
    schema,
    database,
    catalog,
    jobs,
    apiKeys,
    targets,
    printer,
    logger,
    keepDays,
    ...(schedule === undefined ? {} : { schedule }),
  });
}
