import { type Command, Option } from "commander";
import { StartupError } from "../lib/startup-error.ts";
import { logToErrors, openPool } from "./open.ts";
import { startProgress } from "./progress.ts";
import { type CommandContext, runCommand } from "./run-command.ts";

type ExportOptions = {
  tenant: string;
  format?: string;
  fields?: string;
  sort?: string;
  filter: string[];
  includeDeleted?: true;
  raw?: true;
};

/** `crm export`: what `GET /api/v1/crm/…/export` sends, to standard output. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description("write a tenant's records to standard output, from one snapshot")
    .argument("<records>", "accounts, contacts, deals, activities, quotes, line-items, or all")
    .requiredOption("--tenant <slug>", "tenant whose records are written")
    .addOption(new Option("--format <format>", "ndjson, the default, or csv"))
    .option("--fields <list>", "keys of the records, in the order of the columns: external_id,name")
    .option("--sort <keys>", "as in REST: -created_at,name")
    .option(
      "--filter <comparison>",
      "as in REST, also several times: 'city=Bern', 'created_at[gte]=2026-01-01'",
      (one: string, others: string[]) => [...others, one],
      [],
    )
    .option("--include-deleted", "deleted records as well")
    .option("--raw", "CSV in which texts that look like formulas stay as they are")
    .action((records: string, options: ExportOptions) =>
      runCommand((context) => exportRecords(records, options, context)),
    );
}

async function exportRecords(
  records: string,
  options: ExportOptions,
  context: CommandContext,
): Promise<void> {
  const { contentOf } = await import("../rest/export/content.ts");
  const { snapshotOf } = await import("../rest/export/snapshot.ts");
  const content = contentOf(records, queryOf(options));
  const database = await openPool(context, logToErrors);
  const { tenantBySlug } = await import("../modules/tenant/operator.ts");
  const { parseId } = await import("../lib/id.ts");
  const tenantId = parseId("ten", (await tenantBySlug(database, options.tenant)).id);
  const { stderr, stdout } = process;
  const progress = stderr.isTTY ? startProgress(stderr) : null;
  try {
    await database.pool.transaction(
      tenantId,
      async (transaction) => {
        const snapshot = await snapshotOf(transaction, { tenantId, appId: null }, content);
        for await (const bytes of await snapshot.open()) {
          await write(stdout, bytes);
          progress?.update(snapshot.printed(), snapshot.rows);
        }
      },
      { isSnapshot: true },
    );
  } finally {
    progress?.end();
  }
}

/** Writes bytes, which are used again afterwards. */
function write(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error == null ? resolve() : reject(error)));
  });
}

function queryOf({ format, fields, sort, filter, includeDeleted, raw }: ExportOptions) {
  const query = new URLSearchParams();
  for (const comparison of filter) {
    const at = comparison.indexOf("=");
    if (at < 1) throw new StartupError(`--filter ${comparison} is no comparison such as city=Bern`);
    query.append(comparison.slice(0, at), comparison.slice(at + 1));
  }
  const given = { format, fields, sort };
  for (const [name, value] of Object.entries(given))
    if (value !== undefined) query.set(name, value);
  if (includeDeleted === true) query.set("include_deleted", "true");
  if (raw === true) query.set("raw", "true");
  return query;
}
