import { access, constants, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import type { Actor } from "../auth/actor.ts";
import type { Import } from "../db/generated/prisma/client.ts";
import type { ImportService } from "../imports/run/import-service.ts";
import { rowsUnchanged } from "../imports/run/progress.ts";
import { StartupError } from "../lib/startup-error.ts";
import {
  strayColumns,
  tellCancelled,
  tellMapping,
  tellRefusedFile,
  tellSummary,
} from "./import-told.ts";
import { logToErrors, openDatabaseAt, openMigrated } from "./open.ts";
import { startProgress } from "./progress.ts";
import { type CommandContext, runCommand } from "./run-command.ts";

type ImportFlags = {
  tenant?: string;
  url?: string;
  apiKeyFile?: string;
  errors?: string;
  yes?: true;
  dryRun?: true;
  unmapped?: "ignore" | "custom_fields";
} & Readonly<Record<string, string | true | string[] | undefined>>;

/** Flags that stand for options of the same names, as REST has them. */
const passedOn = {
  mode: "mode",
  key: "key",
  dryRun: "dry_run",
  onError: "on_error",
  map: "map",
  value: "value",
  default: "default",
  dates: "dates",
  decimals: "decimals",
  country: "country",
  timeZone: "time_zone",
  empty: "empty",
  createMissing: "create_missing",
  format: "format",
  encoding: "encoding",
  delimiter: "delimiter",
  force: "force",
} as const;

const several = (text: string, before: string[] = []): string[] => [...before, text];

/** `crm import`: a file of another program becomes a tenant's records. */
export function addImport(program: Command): void {
  program
    .command("import")
    .description("import a file of CSV, JSON Lines or a JSON array; Ctrl-C cancels it")
    .argument("<kind>", "accounts, contacts, deals, activities, quotes or line-items")
    .argument("<file>", "the file, or - for standard input")
    .option("--tenant <slug>", "tenant that gets the records, written to the database")
    .option("--url <address>", "gateway that the file is sent to, with --api-key-file")
    .option("--api-key-file <file>", "file with the API key for --url")
    .option("--key <field>", "field that finds a row's record: external_id, email …")
    .addOption(
      new Option(
        "--mode <what>",
        "create records, update them, or both (upsert with --key, else create)",
      ).choices(["create", "upsert", "update"]),
    )
    .option(
      "--map <column=field>",
      "field of a column: 'E-Mail=email', 'Firma=account.name'",
      several,
    )
    .option(
      "--value <field:text=value>",
      "value for a text: 'stage:Closed Won=closed_won'",
      several,
    )
    .option("--default <field=value>", "value for empty cells: 'country=DE'", several)
    .addOption(
      new Option(
        "--unmapped <what>",
        "columns without a field: leave them out or keep them (asks)",
      ).choices(["ignore", "custom_fields"]),
    )
    .option("--dry-run", "try everything and write nothing")
    .addOption(
      new Option(
        "--on-error <what>",
        "leave refused rows out, or end at the first one (continue)",
      ).choices(["continue", "abort"]),
    )
    .option("--errors <file>", "file for the refused rows, to correct and import again")
    .option("--dates <form>", "iso, dmy or mdy (detected)")
    .option("--decimals <form>", "point or comma (detected)")
    .option("--country <code>", "country of phone numbers without a country code: DE")
    .option("--time-zone <name>", "zone of times that name none (the tenant's)")
    .option("--empty <what>", "whether empty cells are skipped or null (skip)")
    .option(
      "--create-missing <kind>",
      "create records that rows name and that do not exist: account",
      several,
    )
    .option("--format <name>", "csv, ndjson or json (detected)")
    .option("--encoding <name>", "utf-8, windows-1252, shift_jis … (detected)")
    .option("--delimiter <name>", "comma, semicolon, tab or pipe (detected)")
    .option("--force", "import a file that was imported before once more")
    .option("-y, --yes", "do not ask")
    .action((kind: string, file: string, flags: ImportFlags) =>
      runCommand((context) => importFile(kind, file, flags, context)),
    );
}

async function importFile(
  kind: string,
  file: string,
  flags: ImportFlags,
  context: CommandContext,
): Promise<number> {
  const { tenant, url, apiKeyFile, yes, dryRun, errors = null } = flags;
  if (errors !== null) await requireWritable(errors);
  if (url !== undefined && apiKeyFile !== undefined) {
    if (yes !== true && dryRun === undefined) {
      throw new StartupError("With --url the import starts without a question: add --yes.");
    }
    const { importThrough } = await import("./import-remote.ts");
    const { unmapped = "wait" } = flags;
    const options = [["entity", kind], ...optionsOf(flags), ["unmapped", unmapped]] as const;
    const sent = { name: file, bytes: await opened(file) };
    return await importThrough({ url, apiKeyFile, options, errors }, sent, context);
  }
  if (tenant === undefined || url !== undefined || apiKeyFile !== undefined) {
    throw new StartupError("Add --tenant, or --url and --api-key-file.");
  }
  const { imports, actor, timeZone, run } = await openOf(tenant, context);
  const asked = await newImport(kind, file, flags, timeZone);
  const staged = await stage(imports, actor, asked, file);
  if (!staged.isNew && staged.import.status !== "waiting") {
    logToErrors(
      `This file was imported before, at ${staged.import.createdAt.toISOString()}; --force imports it again.`,
    );
    return await summary(imports, staged.import, flags);
  }
  let last = staged.import;
  context.onClose(async () => {
    if (last.finishedAt !== null) return;
    const cancelled = await imports.cancel(actor, last.id);
    if (cancelled?.status === "cancelled") {
      tellCancelled(cancelled.rowsDone);
    }
  });
  await showMapping(last);
  const unmapped = await agreed(last, flags, context);
  if (unmapped === null) return 1;
  const started = await imports.start(actor, last.id, unmapped);
  run();
  const progress = startProgress(process.stderr);
  const ending = new AbortController();
  context.onClose(async () => ending.abort());
  for await (const state of imports.watch(actor, (started ?? last).id, ending.signal)) {
    last = state.import;
    const { rowsPerSecond, secondsLeft } = state.progress;
    const left =
      secondsLeft === null ? "" : `${Math.round(rowsPerSecond)} a second, ${secondsLeft} s left`;
    progress.update(last.rowsDone, last.rows, last.status === "queued" ? "waiting" : left);
  }
  progress.end();
  return await summary(imports, last, flags);
}

/** Rows are imported before the refused ones are written: a path that cannot be is refused first. */
async function requireWritable(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  await access(isThere ? path : dirname(path), constants.W_OK).catch(
    ({ code }: NodeJS.ErrnoException) => {
      throw new StartupError(`--errors ${path} cannot be written (${code}).`);
    },
  );
}

/** The tenant's imports, with what runs them in this process too. */
async function openOf(slug: string, context: CommandContext) {
  const { config, onClose } = context;
  const [{ Jobs }, { LiveFeed }, { createLog }, { catalog }, { ApiKeys }] = await Promise.all([
    import("../jobs/jobs.ts"),
    import("../live/feed.ts"),
    import("../telemetry/log.ts"),
    import("../modules/catalog.ts"),
    import("../auth/api-keys.ts"),
  ]);
  const [{ openImports }, { operatorOf }, { tenantBySlug }, { readId }] = await Promise.all([
    import("../open-imports.ts"),
    import("../auth/operator.ts"),
    import("../modules/tenant/operator.ts"),
    import("../lib/id.ts"),
  ]);
  const database = await openDatabaseAt(await openMigrated(context, logToErrors), config, {
    maxConnections: 4,
  });
  onClose(() => database.close());
  const tenant = await tenantBySlug(database, slug);
  const logger = createLog(config.logLevel);
  const { requestsPerMinute } = config.limits;
  const apiKeys = new ApiKeys({ pool: database.pool, requestsPerMinute, logger });
  const jobs = new Jobs({ url: database.ownerUrl, logger });
  const live = new LiveFeed({ database, catalog });
  const atOnce = 1;
  const { service, start, stop } = openImports({ database, jobs, live, apiKeys, logger, atOnce });
  onClose(async () => {
    stop();
    await live.close();
    await jobs.close();
  });
  const tenantId = readId("ten", tenant.id) ?? "";
  const { timeZone } = await database
    .prismaFor(tenantId)
    .tenant.findUniqueOrThrow({ where: { id: tenantId } });
  // Beside a gateway that runs: whoever is first.
  const run = (): void => jobs.run(start(), { atOnce });
  return { imports: service, actor: operatorOf(tenantId), timeZone, run };
}

/** What flags say of the import, as REST names it. */
const optionsOf = (flags: ImportFlags): [name: string, value: string][] =>
  Object.entries(passedOn).flatMap(([flag, name]): [string, string][] => {
    const value = flags[flag];
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [String(value)]).map((text) => [name, text]);
  });

/** The import that the flags ask for. @throws StartupError with all that is wrong with them */
async function newImport(kind: string, file: string, flags: ImportFlags, timeZone: string) {
  const { newImportOf, readSettings, settingsOf } = await import("../modules/import/settings.ts");
  const given = settingsOf([["entity", kind], ...optionsOf(flags)]);
  const name = file === "-" ? {} : { file_name: basename(file) };
  const read = readSettings({ ...given.value, ...name });
  const issues = [...given.issues, ...("issues" in read ? read.issues : [])];
  if (!("settings" in read) || issues.length > 0) {
    const flagOf = (path: string): string =>
      path === "entity" ? "<kind>" : `--${path.replaceAll("_", "-")}`;
    throw new StartupError(
      issues.map(({ path, message }) => `${flagOf(path)} ${message}`).join("\n"),
    );
  }
  // It is begun once the mapping was seen.
  return { ...newImportOf(read.settings, timeZone), waits: true };
}

async function stage(
  imports: ImportService,
  actor: Actor,
  asked: Parameters<ImportService["stage"]>[1],
  file: string,
) {
  const { FileRefused } = await import("../imports/read/types.ts");
  try {
    return await imports.stage(actor, asked, await opened(file));
  } catch (error) {
    throw error instanceof FileRefused ? new StartupError(`${file}: ${error.message}`) : error;
  }
}

async function opened(file: string): Promise<AsyncIterable<Uint8Array>> {
  if (file === "-") return process.stdin;
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`${file} cannot be read (${error.code}).`);
  });
  return handle.createReadStream();
}

/** Says where each column goes, before anything is written. */
async function showMapping(found: Import): Promise<void> {
  const { columnsOf } = await import("../modules/import/columns.ts");
  tellMapping({ ...found, columns: columnsOf(found) });
}

/** What becomes of columns that go nowhere; null where the import shall not begin. */
async function agreed(
  found: Import,
  { yes, dryRun, unmapped }: ImportFlags,
  { hurry }: CommandContext,
): Promise<"ignore" | "custom_fields" | "wait" | null> {
  const { openColumns } = await import("../modules/import/columns.ts");
  const strays = openColumns(found);
  const isTold = strays.length === 0 || unmapped !== undefined;
  // A dry run writes nothing that somebody must agree to.
  const isAgreed = yes === true || dryRun === true;
  if (isAgreed && isTold) return unmapped ?? "wait";
  if (!process.stdin.isTTY || isAgreed) {
    throw new StartupError(
      isTold
        ? "Standard input is not a terminal, so the mapping cannot be confirmed: add --yes."
        : strayColumns(strays),
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const question = isTold
    ? "Import the rows with this mapping? [y/N] "
    : `No field was found for ${strays.length} of the columns. [i]gnore them, keep them in [c]ustom_fields, or [N]o import? `;
  const answer = (await terminal.question(question, { signal: hurry })).trim().toLowerCase();
  terminal.close();
  if (isTold) return answer.startsWith("y") ? (unmapped ?? "wait") : null;
  if (answer.startsWith("i")) return "ignore";
  return answer.startsWith("c") ? "custom_fields" : null;
}

/** Says what became of the rows, and writes the refused ones. The exit code: 1 if the import has not come to its end. */
async function summary(
  imports: ImportService,
  found: Import,
  { errors }: ImportFlags,
): Promise<number> {
  const { rowsRefused, dryRun, status, statusReason: reason } = found;
  const what = dryRun ? "tried, and nothing written" : status;
  tellSummary({ ...found, rowsUnchanged: rowsUnchanged(found), what, reason });
  if (rowsRefused > 0) await tellRefused(imports, found, errors ?? null);
  return found.status === "done" ? 0 : 1;
}

const mostTold = 10;

async function tellRefused(
  imports: ImportService,
  found: Import,
  path: string | null,
): Promise<void> {
  const { refusedHeader, refusedLine } = await import("../imports/read/refused-csv.ts");
  const file = path === null ? null : await open(path, "w");
  let text = `\ufeff${refusedHeader(found.header)}`;
  let told = 0;
  for await (const refused of imports.refusedRows(found)) {
    if (file !== null) {
      text += refusedLine(found.header, refused);
      if (text.length >= 65_536) {
        await file.appendFile(text);
        text = "";
      }
    }
    told += 1;
    if (told > mostTold) {
      if (file === null) break;
      continue;
    }
    for (const { column, message } of refused.errors) {
      logToErrors(`Row ${refused.row.number}${column === null ? "" : `, ${column}`}: ${message}`);
    }
  }
  if (told > mostTold) logToErrors(`… and ${found.rowsRefused - mostTold} more`);
  if (file === null || path === null) {
    return logToErrors("Add --errors refused.csv to write all refused rows to a file.");
  }
  await file.appendFile(text);
  await file.close();
  tellRefusedFile(path);
}
