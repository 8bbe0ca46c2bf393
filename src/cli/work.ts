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
  const [{ Credentials }, { Jobs }, { createSchema }, { createTasks }, { createLog }, { catalog }] =
    await Promise.all([
      import("../auth/credentials.ts"),
      import("../jobs/jobs.ts"),
      import("../schema.ts"),
      import("../tasks.ts"),
      import("../telemetry/log.ts"),
      import("../modules/catalog.ts"),
    ]);
  const database = await openDatabaseAt(await openMigrated(context, logToErrors), config);
  onClose(() => database.close());
  const logger = createLog(config.logLevel);
  const credentials = new Credentials({
    pool: database.pool,
    config: config.auth,
    requestsPerMinute: config.limits.requestsPerMinute,
    logger,
  });
  onClose(() => credentials.close());
  const jobs = new Jobs({ url: database.ownerUrl, logger });
  onClose(() => jobs.close());
  const schema = createSchema(catalog);
  jobs.run(createTasks({ database, jobs, credentials, config, schema, logger }), config.jobs);
  say("Running jobs; SIGTERM ends them in order.");
  return new Promise<never>(() => undefined);
}
