import { type Command, InvalidArgumentError } from "commander";
import { openMigrated } from "./open.ts";
import type { OnProgress } from "../seed/seed.ts";
import { startProgress } from "./progress.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

type SeedOptions = { tenants: number; accounts: number; seed: number; history: boolean };

/** `crm seed`: invented data of any size. */
export function addSeed(program: Command): void {
  program
    .command("seed")
    .description("add tenants with realistic sample data")
    .option("--tenants <number>", "how many tenants to add", parseCount, 1)
    .option(
      "--accounts <number>",
      "accounts in each, with all that hangs on them",
      parseCount,
      1_000,
    )
    .option("--seed <number>", "start of the random sequence: same number, same data", parseSeed, 1)
    .option(
      "--history",
      "write their change log too, as if all had come in by mutations; about doubles the rows",
      false,
    )
    .action((options: SeedOptions) => runCommand((context) => fill(options, context)));
}

async function fill(options: SeedOptions, context: CommandContext): Promise<void> {
  const url = await openMigrated(context, say);
  const { seed } = await import("../seed/seed.ts");
  const progress = startProgress(process.stderr);
  try {
    const onProgress: OnProgress = (accounts, total, slug) =>
      progress.update(accounts, total, slug, "accounts");
    const { tenants, rows, seconds } = await seed({ url, ...options, onProgress });
    progress.end();
    const speed = Math.round(rows / Math.max(seconds, 0.001)).toLocaleString("en-US");
    const amount = `${rows.toLocaleString("en-US")} rows in ${tenants} new tenants`;
    say(`${amount}, ${seconds.toFixed(1)} s (${speed} rows/s)`);
  } finally {
    progress.end();
  }
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError("It must be a whole number > 0.");
  return Number(text);
}

function parseSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number >= 0.");
  return Number(text);
}
