import { type Command, Option } from "commander";
import type { ListedKey, MadeKey } from "../modules/api-key/operator.ts";
import { columns } from "./columns.ts";
import { logToErrors, openPool } from "./open.ts";
import { parseDuration, parseExpiry, parseQuota, parseScopes } from "./option-values.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

type CreateOptions = {
  tenant: string;
  scopes: string[];
  name: string;
  env?: string;
  department?: string;
  app?: string;
  expires?: Date;
  perMinute?: number;
  json?: true;
};
type RotateOptions = { grace: number; json?: true };

/** `crm keys`: API keys of a tenant. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("API keys: create, list, rotate, revoke");
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
    .option("--department <id or name>", "bind it to a department of the tenant")
    .option("--app <id>", "bind it to an application, whose records alone it then reads: app-7")
    .option("--expires <when>", "when it stops working: 2027-01-31T00:00:00Z, or 90d", parseExpiry)
    .option(
      "--per-minute <number>",
      "its quota of requests a minute instead of the default",
      parseQuota,
    )
    .option("--env <word>", "second part of the key: live in production, else test")
    .option("--json", "print one JSON object")
    .action((options: CreateOptions) => runCommand((context) => create(options, context)));
  keys
    .command("list")
    .description("list all keys; their secrets are not stored")
    .option("--json", "print one JSON array")
    .action((options: { json?: true }) =>
      runCommand(async (context) => {
        const database = await openPool(context, logToErrors);
        const { listKeys } = await import("../modules/api-key/operator.ts");
        const found = await listKeys(database);
        if (options.json === true) return say(JSON.stringify(found, null, 2));
        if (found.length === 0) say("There are no keys: make one with `crm keys create`.");
        else say(table(found));
      }),
    );
  keys
    .command("rotate")
    .description(
      "make a key with the same rights and print it; the old one works until --grace is over",
    )
    .argument("<id>", "the old key's id, as `keys list` shows it")
    .addOption(
      new Option("--grace <duration>", "how long the old key works on, at most 7d")
        .argParser(parseDuration)
        .default(3_600_000, "60m"),
    )
    .option("--json", "print one JSON object")
    .action((id: string, options: RotateOptions) =>
      runCommand((context) => rotate(id, options, context)),
    );
  keys
    .command("revoke")
    .description("make a key invalid; running gateways refuse it within 5 seconds")
    .argument("<id>", "the key's id, as `keys list` shows it")
    .action((id: string) =>
      runCommand(async (context) => {
        const database = await openPool(context, logToErrors);
        const { revokeKey } = await import("../modules/api-key/operator.ts");
        await revokeKey(database, id);
        say(`Revoked ${id}.`);
      }),
    );
}

async function create(options: CreateOptions, context: CommandContext): Promise<void> {
  const database = await openPool(context, logToErrors);
  const { tenant, scopes, name, department, app, expires, perMinute } = options;
  const env = options.env ?? (context.config.environment === "production" ? "live" : "test");
  const { createKey } = await import("../modules/api-key/operator.ts");
  const made = await createKey(database, {
    tenantSlug: tenant,
    scopes,
    name,
    env,
    department,
    appId: app,
    expiresAt: expires,
    requestsPerMinute: perMinute,
  });
  show(made, options.json === true ? { ...made, tenant, scopes, name } : null);
}

async function rotate(id: string, options: RotateOptions, context: CommandContext): Promise<void> {
  const database = await openPool(context, logToErrors);
  const { rotateKey } = await import("../modules/api-key/operator.ts");
  const made = await rotateKey(database, id, Math.ceil(options.grace / 60_000));
  show(made, options.json === true ? made : null);
}

/** Standard output gets the key alone, for scripts. */
function show({ key }: MadeKey, json: object | null): void {
  if (json !== null) return say(JSON.stringify(json));
  say(key);
  logToErrors("Keep it: it is stored as a hash and cannot be shown again.");
}

function table(keys: readonly ListedKey[]): string {
  const names = ["ID", "TENANT", "ENV", "SCOPES", "DEPARTMENT", "APP", "PER MINUTE", "CREATED"];
  return columns(
    [...names, "EXPIRES", "LAST USED", "STATE", "NAME"],
    keys.map((key) => [
      key.id,
      key.tenant,
      key.environment,
      key.scopes.join(","),
      key.department ?? "-",
      key.appId ?? "-",
      key.requestsPerMinute === null ? "default" : String(key.requestsPerMinute),
      key.createdAt.toISOString(),
      key.expiresAt?.toISOString() ?? "never",
      key.lastUsedAt?.toISOString() ?? "never",
      stateOf(key),
      key.name,
    ]),
  );
}

function stateOf({ revokedAt, expiresAt }: ListedKey): string {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= new Date() ? "expired" : "active";
}
