import type { Command } from "commander";
import { openServer } from "./open.ts";
import { runCommand, say } from "./run-command.ts";

/** `crm doctor`: is the database as it should be? */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "examine the database: version, migrations, role, tenant fence, extensions, indexes; " +
        "exit code 1 when something is off",
    )
    .action(() =>
      runCommand(async (context) => {
        const url = await openServer(context, say);
        const { examine } = await import("../db/doctor.ts");
        const findings = await examine({
          url,
          lockMilliseconds: context.config.pool.lockMilliseconds,
        });
        const width = Math.max(0, ...findings.map(({ name }) => name.length));
        for (const { ok, name, detail } of findings) {
          say(`${ok ? "ok  " : "OFF "} ${name.padEnd(width)}  ${detail}`);
        }
        return findings.every(({ ok }) => ok) ? 0 : 1;
      }),
    );
}
