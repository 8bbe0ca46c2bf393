import cluster from "node:cluster";
import type { Command } from "commander";
import { checkAddress } from "./http.ts";
import { runCommand } from "./run-command.ts";

/** `crm serve`: the gateway itself. */
export function addServe(program: Command): void {
  program
    .command("serve")
    .description("run the gateway until SIGTERM or SIGINT, then finish what runs and stop")
    .action(() =>
      runCommand(
        async (context) => {
          // A port that is taken should not cost a migration and a seeding first.
          const { host, port, telemetry } = context.config;
          if (cluster.isPrimary) {
            await checkAddress(host, port);
            const { metrics } = telemetry;
            if (metrics.port !== null) await checkAddress(metrics.host, metrics.port);
          }
          const { serve } = await import("./serve-gateway.ts");
          return serve(context);
        },
        // Being told to stop is how a server ends well.
        { interruptedCode: 0 },
      ),
    );
}
