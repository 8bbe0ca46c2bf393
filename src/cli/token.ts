import { type Command, Option } from "commander";
import { isScope } from "../auth/scopes.ts";
import { StartupError } from "../lib/startup-error.ts";
import { logToErrors, openPool } from "./open.ts";
import { parseDuration, parseScopes } from "./option-values.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

type MintOptions = {
  tenant: string;
  sub: string;
  scopes: string[];
  app?: string;
  expires: number;
};

/** `crm token`: bearer tokens, for development. */
export function addToken(program: Command): void {
  const token = program.command("token").description("bearer tokens for development: mint");
  token
    .command("mint")
    .description("print a token for a person, signed with JWT_SECRET; not in production")
    .requiredOption("--tenant <slug>", "the tenant whose data it opens")
    .requiredOption("--sub <id>", "id of the person, stored with each write: usr-1")
    .requiredOption("--scopes <list>", "what it may do, with commas between: 'read:*'", parseScopes)
    .option("--app <id>", "the application that it is issued for: app-7")
    .addOption(
      new Option("--expires <duration>", "how long it works")
        .argParser(parseDuration)
        .default(3_600_000, "1h"),
    )
    .action((options: MintOptions) => runCommand((context) => mint(options, context)));
}

async function mint(options: MintOptions, context: CommandContext): Promise<void> {
  const { environment, auth } = context.config;
  if (environment === "production") {
    throw new StartupError(
      "Tokens are not minted under NODE_ENV=production: there they come from your identity provider.",
    );
  }
  const issuer = auth.issuers.find(({ key }) => key.kind === "secret");
  if (issuer?.key.kind !== "secret") {
    throw new StartupError(
      "Set JWT_ISSUER, JWT_AUDIENCE and JWT_SECRET (at least 32 bytes), the same for the gateway and for this command.",
    );
  }
  const unknown = options.scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0) throw new StartupError(`Not a scope: ${unknown.join(", ")}.`);
  const database = await openPool(context, logToErrors);
  const { tenantBySlug } = await import("../modules/tenant/operator.ts");
  const { id, slug } = await tenantBySlug(database, options.tenant);
  if (
    issuer.tenants !== null &&
    ![id, id.replace("ten-", ""), slug].some((text) => issuer.tenants?.includes(text))
  ) {
    throw new StartupError(
      `The issuer ${issuer.issuer} may not speak for ${slug}: see JWT_ISSUERS.`,
    );
  }
  const { mintToken } = await import("../auth/mint.ts");
  const token = await mintToken({
    issuer,
    secret: issuer.key.secret,
    tenantId: id,
    subject: options.sub,
    scopes: options.scopes,
    appId: options.app,
    lifetime: options.expires,
  });
  say(token);
}
