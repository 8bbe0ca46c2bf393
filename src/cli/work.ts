import type { Command } from "commander";
import { logToErrors, openDatabaseAt, openMigrated } from "./open.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

/** `crm work`: jobs without the gateway. */
export function addWork(program: Command): void {
  program
    .command("work")
    .description(
      "run jobs (webhooks, imports) until SIGTERM or SIGINT, beside gateways with JOBS=off",
    )
    .action(() => runCommand(work, { interruptedCode: 0 }));
}

async function work(context: CommandContext): Promise<never> {
  const { config, onClose } = context;
  const [
    { Credentials },
    { Quotas },
    { Jobs },
    { createSchema },
    { createTasks },
    { LiveFeed },
    log,
  ] = await Promise.all([
    import("../auth/credentials.ts"),
    import("../limits/quotas.ts"),
    import("../jobs/jobs.ts"),
    import("../schema.ts"),
    import("../tasks.ts"),
    import("../live/feed.ts"),
    import("../telemetry/log.ts"),
  ]);
  const { catalog } = await import("../modules/catalog.ts");
  const { describeError } = await import("../telemetry/describe-error.ts");
  const { openImports } = await import("../open-imports.ts");
  const { openWebhooks } = await import("../webhooks/open-webhooks.ts");
  const database = await openDatabaseAt(await openMigrated(context, logToErrors), config);
  onClose(() => database.close());
  const logger = log.createLog(config.logLevel);
  const { pool } = database;
  const { requestsPerMinute } = config.limits;
  const { apiKeys } = new Credentials({ pool, config: config.auth, requestsPerMinute, logger });
  const quotas = new Quotas(config.limits, pool);
  onClose(async () => quotas.close());
  const jobs = new Jobs({ url: database.ownerUrl, logger });
  const schema = createSchema(catalog, config.graphql);
  const webhooks = openWebhooks({ schema, database, config, jobs, apiKeys, quotas, logger });
  const live = new LiveFeed({
    database,
    catalog,
    onTrouble: (error) =>
      logger.warn({ cause: describeError(error) }, "the log cannot be followed"),
  });
  const { atOnce } = config.jobs;
  const imports = openImports({ database, jobs, apiKeys, live, logger, atOnce });
  onClose(async () => {
    webhooks.stop();
    imports.stop();
    await live.close();
    await jobs.close();
    await webhooks.close();
  });
  jobs.run(createTasks({ webhooks, imports, live }), config.jobs);
  say("Running jobs; SIGTERM ends them in order.");
  return new Promise<never>(() => undefined);
}
