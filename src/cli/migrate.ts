import type { Command } from "commander";
import { openServer } from "./open.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

/** `crm migrate`: bring the database up to date, or say how far it is. */
export function addMigrate(program: Command): void {
  const command = program
    .command("migrate")
    .description("apply the migrations that are missing")
    .option("--status", "only list the migrations; exit code 1 unless all are applied")
    .action((options: { status?: true }) =>
      runCommand(options.status === true ? showStatus : applyMissing),
    );
  command
    .command("status")
    .description("list the migrations; exit code 1 unless all are applied")
    .action(() => runCommand(showStatus));
}

async function applyMissing(context: CommandContext): Promise<void> {
  const url = await openServer(context, say);
  const { migrate } = await import("../db/migrate.ts");
  const { applied } = await migrate({ url });
  for (const name of applied) say(`applied  ${name}`);
  say(applied.length === 0 ? "Nothing to apply: the database is up to date." : "Done.");
}

async function showStatus(context: CommandContext): Promise<number> {
  const url = await openServer(context, say);
  const { migrationStatus } = await import("../db/migrate.ts");
  const migrations = await migrationStatus({ url });
  for (const { state, name, appliedAt } of migrations) {
    say(`${state.padEnd(8)} ${name}${appliedAt === null ? "" : `  ${appliedAt.toISOString()}`}`);
  }
  return migrations.every(({ state }) => state === "applied") ? 0 : 1;
}
