import { type Command, InvalidArgumentError } from "commander";
import type { ListedKey } from "../auth/api-key.ts";
import { logToErrors, openPool } from "./open.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

type CreateOptions = { tenant: string; scopes: string[]; name: string; json?: true };

/** `crm keys`: API keys of a tenant. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("API keys: create, list, revoke");
  keys
    .command("create")
    .description("make a key and print it; it cannot be shown again")
    .requiredOption("--tenant <slug>", "the tenant whose data the key opens")
    .requiredOption(
      "--scopes <list>",
      "what it may do, with commas between: 'read:*', 'read:accounts,write:deals'",
      parseScopes,
    )
    .option("--name <text>", "what it is for, shown by `keys list`", "made with crm keys create")
    .option("--json", "print one JSON object")
    .action((options: CreateOptions) => runCommand((context) => create(options, context)));
  keys
    .command("list")
    .description("list all keys; their secrets are not stored")
    .option("--json", "print one JSON array")
    .action((options: { json?: true }) =>
      runCommand(async (context) => {
        const database = await openPool(context, logToErrors);
        const { listApiKeys } = await import("../auth/api-key.ts");
        const found = await listApiKeys(database);
        if (options.json === true) return say(JSON.stringify(found, null, 2));
        if (found.length === 0) say("There are no keys: make one with `crm keys create`.");
        else say(table(found));
      }),
    );
  keys
    .command("revoke")
    .description("make a key invalid at once")
    .argument("<id>", "the key's id, as `keys list` shows it")
    .action((id: string) =>
      runCommand(async (context) => {
        const database = await openPool(context, logToErrors);
        const { revokeApiKey } = await import("../auth/api-key.ts");
        await revokeApiKey(database, id);
        say(`Revoked ${id}.`);
      }),
    );
}

async function create(options: CreateOptions, context: CommandContext): Promise<void> {
  const database = await openPool(context, logToErrors);
  const { tenant, scopes, name } = options;
  const env = context.config.environment === "production" ? "live" : "test";
  const { createApiKey } = await import("../auth/api-key.ts");
  const { id, key } = await createApiKey(database, { tenantSlug: tenant, scopes, name, env });
  if (options.json === true) return say(JSON.stringify({ id, key, tenant, scopes, name }));
  say(key);
  logToErrors("Keep it: it is stored as a hash and cannot be shown again.");
}

function parseScopes(text: string): string[] {
  const scopes = text.split(/[\s,]+/).filter((scope) => scope !== "");
  if (scopes.length === 0) throw new InvalidArgumentError("Name at least one, such as 'read:*'.");
  return [...new Set(scopes)];
}

/** Rows in columns as wide as their longest value. */
function table(keys: readonly ListedKey[]): string {
  const rows = keys.map((key) => [
    key.id,
    key.tenant,
    key.environment,
    key.scopes.join(","),
    key.createdAt.toISOString(),
    stateOf(key),
    key.name,
  ]);
  const lines = [["ID", "TENANT", "ENV", "SCOPES", "CREATED", "STATE", "NAME"], ...rows];
  const widthOf = (column: number): number =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widthOf(column)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function stateOf({ revokedAt, expiresAt }: ListedKey): string {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= new Date() ? "expired" : "active";
}
