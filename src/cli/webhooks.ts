import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { StartupError } from "../lib/startup-error.ts";
import type { Forwarded } from "../webhooks/forward.ts";
import type { PayloadForm } from "../webhooks/payload.ts";
import type { Database } from "../db/database.ts";
import type { ListedWebhook } from "../modules/webhook/operator.ts";
import type { WebhookService } from "../webhooks/webhook-service.ts";
import { columns } from "./columns.ts";
import { logToErrors, openDatabaseAt, openMigrated, openPool } from "./open.ts";
import { parseTypes } from "./option-values.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

type FormOptions = { types?: string[]; payload: "thin" | "full"; query?: string };
type CreateOptions = FormOptions & { key: string; url: string; description?: string; json?: true };
type ListenOptions = FormOptions & {
  tenant: string;
  forwardTo: string;
  secret?: string;
  after?: string;
};

/** `crm webhooks`: the commands for endpoints that receive changes. */
export function addWebhooks(program: Command): void {
  const webhooks = program
    .command("webhooks")
    .description("webhooks: list, create, test, listen (for developing a receiver)");
  webhooks
    .command("list")
    .description("list all webhooks; their secrets are not shown")
    .option("--json", "print one JSON array")
    .action((options: { json?: true }) =>
      runCommand(async (context) => {
        const database = await openPool(context, logToErrors);
        const { listWebhooks } = await import("../modules/webhook/operator.ts");
        const found = await listWebhooks(database);
        if (options.json === true) return say(JSON.stringify(found, null, 2));
        if (found.length === 0) say("There are no webhooks: make one with `crm webhooks create`.");
        else say(table(found));
      }),
    );
  ofForm(
    webhooks
      .command("create")
      .description("make a webhook and print its secret; it cannot be shown again")
      .requiredOption("--key <id>", "the API key whose rights it has, as `keys list` shows it")
      .requiredOption("--url <url>", "where messages are sent: https://hooks.example.com/crm")
      .option("--description <text>", "what it is for")
      .option("--json", "print one JSON object"),
  ).action((options: CreateOptions) => runCommand((context) => create(options, context)));
  webhooks
    .command("test")
    .description("send a test message to a webhook and print the answer")
    .argument("<id>", "its id, as `webhooks list` shows it")
    .action((id: string) => runCommand((context) => test(id, context)));
  ofForm(
    webhooks
      .command("listen")
      .description("send a tenant's events to a server that is being developed, until Ctrl-C")
      .requiredOption("--tenant <slug>", "tenant whose events are sent")
      .requiredOption("--forward-to <url>", "URL that gets them: http://127.0.0.1:3000/hook")
      .option("--secret <text>", "secret that signs the messages (a new one)", parseSecret)
      .option("--after <cursor>", "begin behind a cursor of `changes` instead of now"),
  ).action((options: ListenOptions) =>
    runCommand((context) => listen(options, context), { interruptedCode: 0 }),
  );
}

/** What messages are sent, and what they hold. */
function ofForm(command: Command): Command {
  return command
    .option("--types <list>", "only these kinds of records: Deal,Account", parseTypes)
    .addOption(
      new Option("--payload <form>", "what each message holds")
        .choices(["thin", "full"])
        .default("thin"),
    )
    .option(
      "--query <file>",
      "a GraphQL query whose answer is in each message; it gets $id and $event",
    );
}

async function create(options: CreateOptions, context: CommandContext): Promise<void> {
  const { database, webhooks } = await openWebhooksOf(context);
  const { addWebhook } = await import("../modules/webhook/operator.ts");
  const form = await formOf(options);
  const made = await addWebhook(database, webhooks, {
    keyId: options.key,
    url: options.url,
    description: options.description ?? null,
    types: options.types ?? [],
    payload: form.kind,
    query: form.kind === "graphql" ? form.query : null,
  });
  if (options.json === true) return say(JSON.stringify({ ...made, url: options.url }));
  say(made.secret);
  logToErrors(`${made.id} is made. Keep its secret: it cannot be shown again.`);
}

async function test(id: string, context: CommandContext): Promise<number> {
  const { database, webhooks } = await openWebhooksOf(context);
  const { testWebhook } = await import("../modules/webhook/operator.ts");
  const { httpStatus, milliseconds, answer, failure } = await testWebhook(database, webhooks, id);
  say(`${failure ?? "Delivered."} ${httpStatus ?? "No answer"} in ${milliseconds} ms`);
  if (answer !== null && answer !== "") say(answer);
  return failure === null ? 0 : 1;
}

/** The database, and the webhooks as the configuration says. */
async function openWebhooksOf(
  context: CommandContext,
): Promise<{ database: Database; webhooks: WebhookService }> {
  const { config, onClose } = context;
  const [{ Credentials }, { Quotas }, { Jobs }, { createSchema }, { createLog }, { catalog }] =
    await Promise.all([
      import("../auth/credentials.ts"),
      import("../limits/quotas.ts"),
      import("../jobs/jobs.ts"),
      import("../schema.ts"),
      import("../telemetry/log.ts"),
      import("../modules/catalog.ts"),
    ]);
  const { openWebhooks } = await import("../webhooks/open-webhooks.ts");
  const database = await openPool(context, logToErrors);
  const logger = createLog(config.logLevel);
  const { requestsPerMinute } = config.limits;
  const { pool } = database;
  const credentials = new Credentials({ pool, config: config.auth, requestsPerMinute, logger });
  const { apiKeys } = credentials;
  const quotas = new Quotas(config.limits, pool);
  const jobs = new Jobs({ url: database.ownerUrl, logger });
  const schema = createSchema(catalog, config.graphql);
  const webhooks = openWebhooks({ schema, database, config, jobs, apiKeys, quotas, logger });
  onClose(async () => {
    quotas.close();
    await jobs.close();
    await webhooks.close();
    await credentials.close();
  });
  return { database, webhooks };
}

function table(webhooks: readonly ListedWebhook[]): string {
  return columns(
    ["ID", "TENANT", "KEY", "TYPES", "PAYLOAD", "CREATED", "WAITING", "STATE", "URL"],
    webhooks.map((webhook) => [
      webhook.id,
      webhook.tenant,
      webhook.keyId,
      webhook.types.length === 0 ? "all" : webhook.types.join(","),
      webhook.payload,
      webhook.createdAt.toISOString(),
      String(webhook.waiting),
      webhook.status,
      webhook.url,
    ]),
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
  const [{ operatorOf }, { checkTypes }] = await Promise.all([
    import("../auth/operator.ts"),
    import("../modules/webhook/operator.ts"),
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
  checkTypes(types ?? []);
  // The operator names it: a server on this machine is what the command is for.
  const targets = new Targets({ isProduction: false, allowHosts: config.webhooks.allowHosts });
  const refused = await targets.check(url);
  if (refused !== null) throw new StartupError(`--forward-to ${refused}.`);
  const tenant = await tenantBySlug(database, options.tenant);
  const actor = operatorOf(readId("ten", tenant.id) ?? "");
  const form = await formOf(options);
  const { payloads, close } = openPayloads({
    schema: createSchema(catalog, config.graphql),
    database,
    config,
  });
  onClose(close);
  payloads.check(form, actor, ["--query"]);
  const feed = new LiveFeed({ database, catalog });
  const ending = new AbortController();
  onClose(async () => {
    ending.abort();
    targets.close();
    await feed.close();
  });
  const { signal } = ending;
  const listening = { actor, types, operations: null, where: null, record: null };
  const after = options.after === undefined ? null : positionOf(options.after, "--after");
  const stream = feed.open(listening, after, { signal });
  // What is committed from the next line on is sent.
  await stream.opened;
  say(`Events of ${tenant.slug} go to ${url}, signed with ${secret}`);
  const forwarded = forwardEvents({ stream, payloads, targets, actor, form, url, secret, signal });
  for await (const one of forwarded) say(lineOf(one));
}

async function formOf({ payload, query }: FormOptions): Promise<PayloadForm> {
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
