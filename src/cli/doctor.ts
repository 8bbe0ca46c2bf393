import type { Command } from "commander";
import type { Config } from "../config.ts";
import { openServer } from "./open.ts";
import { runCommand, say } from "./run-command.ts";

/** Of each process: four for jobs, and one that listens for commits. They go past a pooler. */
const connectionsBesidePool = 5;

/** The connections that all processes of a gateway may open to PostgreSQL itself. */
export function mostConnections({
  workers,
  pool,
  databaseUrl,
  databaseDirectUrl,
}: Pick<Config, "workers" | "pool" | "databaseUrl" | "databaseDirectUrl">): number {
  const isPooled = pool.fence === "transaction" && databaseDirectUrl !== databaseUrl;
  return workers * (connectionsBesidePool + (isPooled ? 0 : pool.size));
}

/** `crm doctor`: is the database as it should be? */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "check the database for wrong, dangerous and slow settings. Each finding has the command that mends it. " +
        "The exit code is 1 if a finding is OFF, 0 if findings are only SLOW",
    )
    .action(() =>
      runCommand(async (context) => {
        const url = await openServer(context, say);
        const { examine } = await import("../db/doctor.ts");
        const findings = await examine({
          url,
          lockMilliseconds: context.config.pool.lockMilliseconds,
        });
        const { examineUpkeep } = await import("../db/upkeep.ts");
        const { dataDir, logKeepDays } = context.config;
        const upkeep = await examineUpkeep({
          url,
          connections: mostConnections(context.config),
          dataDir,
          logKeepDays,
        });
        const all = [...findings.map((finding) => ({ ...finding, isSlow: false })), ...upkeep];
        const width = Math.max(...all.map(({ name }) => name.length));
        for (const { ok, isSlow, name, detail } of all) {
          const verdict = ok ? (isSlow ? "SLOW" : "ok  ") : "OFF ";
          say(`${verdict} ${name.padEnd(width)}  ${detail}`);
        }
        return all.every(({ ok }) => ok) ? 0 : 1;
      }),
    );
}
