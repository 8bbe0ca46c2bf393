import type { Command } from "commander";
import { columns } from "./columns.ts";
import { logToErrors, openPool } from "./open.ts";
import { runCommand, say } from "./run-command.ts";

type CreateOptions = {
  slug: string;
  name: string;
  currency: string;
  timeZone: string;
  json?: true;
};

/** `crm tenants`: whose data the gateway serves. */
export function addTenants(program: Command): void {
  const tenants = program.command("tenants").description("tenants: create, list");
  tenants
    .command("create")
    .description("make an empty tenant; `keys create` then opens it")
    .requiredOption("--slug <text>", "short name: lower-case letters, digits and hyphens")
    .requiredOption("--name <text>", "name of the organization")
    .option("--currency <code>", "of deals and quotes that come without one (ISO 4217)", "USD")
    .option("--time-zone <name>", "in which its days begin, such as America/New_York", "UTC")
    .option("--json", "print one JSON object")
    .action((options: CreateOptions) =>
      runCommand(async (context) => {
        const database = await openPool(context, logToErrors);
        const { createTenant } = await import("../modules/tenant/operator.ts");
        const made = await createTenant(database, options);
        say(options.json === true ? JSON.stringify(made) : made.id);
      }),
    );
  tenants
    .command("list")
    .description("list all tenants")
    .option("--json", "print one JSON array")
    .action((options: { json?: true }) =>
      runCommand(async (context) => {
        const database = await openPool(context, logToErrors);
        const { listTenants } = await import("../modules/tenant/operator.ts");
        const found = await listTenants(database);
        if (options.json === true) return say(JSON.stringify(found, null, 2));
        if (found.length === 0) return say("There are no tenants: make one with `tenants create`.");
        const rows = found.map(({ id, slug, currency, timeZone, createdAt, name }) => [
          id,
          slug,
          currency,
          timeZone,
          createdAt.toISOString(),
          name,
        ]);
        say(columns(["ID", "SLUG", "CURRENCY", "TIME ZONE", "CREATED", "NAME"], rows));
      }),
    );
}
