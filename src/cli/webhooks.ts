import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import type { Actor } from "../auth/actor.ts";
import { StartupError } from "../lib/startup-error.ts";
import type { Forwarded } from "../webhooks/forward.ts";
import type { PayloadForm } from "../webhooks/payload.ts";
import { logToErrors, openDatabaseAt, openMigrated } from "./open.ts";
import { parseTypes } from "./option-values.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

type ListenOptions = {
  tenant: string;
  forwardTo: string;
  types?: string[];
  payload: "thin" | "full";
  query?: string;
  secret?: string;
  after?: string;
};

/** `crm webhooks`: what is sent to other servers when something changes. */
export function addWebhooks(program: Command): void {
  const webhooks = program.command("webhooks").description("webhooks: listen");
  webhooks
    .command("listen")
    .description("send a tenant's events to a server that is being developed, until Ctrl-C")
    .requiredOption("--tenant <slug>", "whose events are sent")
    .requiredOption("--forward-to <url>", "where to: http://127.0.0.1:3000/hook")
    .option("--types <list>", "only these kinds of records: Deal,Account", parseTypes)
    .addOption(
      new Option("--payload <form>", "what each message holds")
        .choices(["thin", "full"])
        .default("thin"),
    )
    .option(
      "--query <file>",
      "a GraphQL query whose answer is in each message; it gets $id and $event",
    )
    .option("--secret <text>", "what signs the messages (a new one)", parseSecret)
    .option("--after <cursor>", "begin behind a cursor of `changes` instead of now")
    .action((options: ListenOptions) =>
      runCommand((context) => listen(options, context), { interruptedCode: 0 }),
    );
}

async function listen(options: ListenOptions, context: CommandContext): Promise<void> {
  const { config, onClose } = context;
  const database = await openDatabaseAt(await openMigrated(context, logToErrors), config);
  onClose(() => database.close());
  const [{ LiveFeed }, { catalog }, { openPayloads }, { forwardEvents }, { Targets }] =
    await Promise.all([
      import("../live/feed.ts"),
      import("../modules/catalog.ts"),
      import("../webhooks/open-payloads.ts"),
      import("../webhooks/forward.ts"),
      import("../webhooks/target/targets.ts"),
    ]);
  const [{ createSchema }, { tenantBySlug }, { makeSecret }, { positionOf }, { readId }] =
    await Promise.all([
      import("../schema.ts"),
      import("../modules/tenant/operator.ts"),
      import("../webhooks/signature.ts"),
      import("../changes/position.ts"),
      import("../lib/id.ts"),
    ]);
  const { forwardTo: url, secret = makeSecret(), types = null } = options;
  // The operator names it: a server on this machine is what the command is for.
  const targets = new Targets({ isProduction: false, allowHosts: config.webhooks.allowHosts });
  const refused = await targets.check(url);
  if (refused !== null) throw new StartupError(`--forward-to ${refused}.`);
  const tenant = await tenantBySlug(database, options.tenant);
  const actor = operatorOf(readId("ten", tenant.id) ?? "");
  const form = await formOf(options);
  const { payloads, close } = openPayloads({ schema: createSchema(catalog), database, config });
  onClose(close);
  payloads.check(form, actor, ["--query"]);
  const feed = new LiveFeed({ database, catalog });
  const ending = new AbortController();
  onClose(async () => {
    ending.abort();
    targets.close();
    await feed.close();
  });
  const forwarded = forwardEvents({
    feed,
    payloads,
    targets,
    listening: { actor, types, operations: null, where: null, record: null },
    form,
    url,
    secret,
    after: options.after === undefined ? null : positionOf(options.after, "--after"),
    signal: ending.signal,
  });
  say(`Events of ${tenant.slug} go to ${url}, signed with ${secret}`);
  for await (const one of forwarded) say(lineOf(one));
}

/** Everything in the tenant is the operator's to see. */
function operatorOf(tenantId: string): Actor {
  return {
    kind: "user",
    id: "cli",
    tenantId,
    scopes: ["*"],
    appId: null,
    departmentId: null,
    expiresAt: null,
    requestsPerMinute: null,
  };
}

async function formOf({ payload, query }: ListenOptions): Promise<PayloadForm> {
  if (query === undefined) return { kind: payload };
  try {
    return { kind: "graphql", query: await readFile(query, "utf8") };
  } catch {
    throw new StartupError(`--query: ${query} cannot be read.`);
  }
}

const bodySchema = z.object({ type: z.string(), data: z.object({ record_id: z.string() }) });

/** `07:01:02 deal.updated deal-…: 200 in 12 ms`. */
function lineOf({ body, posted }: Forwarded): string {
  const { type, data } = bodySchema.parse(JSON.parse(body));
  const outcome = "failure" in posted ? posted.failure : String(posted.status);
  const time = new Date().toISOString().slice(11, 19);
  return `${time} ${type} ${data.record_id}: ${outcome} in ${posted.milliseconds} ms`;
}

function parseSecret(text: string): string {
  const [, key = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const { length } = Buffer.from(key, "base64");
  if (length >= 24 && length <= 64) return text;
  throw new InvalidArgumentError("Give whsec_ and 24 to 64 bytes in base64.");
}
