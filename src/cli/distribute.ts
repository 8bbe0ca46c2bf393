import type { Command } from "commander";
import { StartupError } from "../lib/startup-error.ts";
import { logToErrors, openServer } from "./open.ts";
import { parseShards } from "./option-values.ts";
import { runCommand, say } from "./run-command.ts";

/** `crm distribute`: spreads the tenants over the nodes of a Citus cluster. */
export function addDistribute(program: Command): void {
  program
    .command("distribute")
    .description(
      "spread the tenants over the nodes of Citus: prints the SQL that is still needed; --yes runs it " +
        "(docs/growing.md)",
    )
    .option("--shards <count>", "shards of each table; it cannot be changed later", parseShards, 32)
    .option("--yes", "run it")
    .action(({ shards, yes }: { shards: number; yes?: true }) =>
      runCommand(async (context) => {
        const url = await openServer(context, logToErrors);
        const { lockMilliseconds } = context.config.pool;
        const { withOwner } = await import("../db/with-owner.ts");
        const { distribute, distributionSteps } = await import("../db/distribute.ts");
        const { migrationStatus } = await import("../db/migrate.ts");
        const migrations = await migrationStatus({ url });
        if (migrations.some(({ state }) => state === "pending")) {
          throw new StartupError("Migrations are missing: apply them first with `crm migrate`");
        }
        await withOwner(url, "distribute", async (client) => {
          const steps = await distributionSteps(client, { shards, lockMilliseconds });
          for (const { purpose, sql } of steps) say(`-- ${purpose}\n${sql};`);
          if (steps.length === 0) say("Nothing is left to do.");
          else if (yes === true) {
            await distribute(client, steps);
            say("Done.");
          } else say("Nothing was run: add --yes.");
        });
      }),
    );
}
