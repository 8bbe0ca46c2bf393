import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { StartupError } from "../lib/startup-error.ts";
import type { ListedField, StageKind } from "../model/picklist.ts";
import type {
  PicklistContext,
  PicklistResult,
  ShownPicklist,
} from "../modules/picklist/service.ts";
import { columns } from "./columns.ts";
import { logToErrors, openPool } from "./open.ts";
import { type CommandContext, runCommand, say } from "./run-command.ts";

type SetOptions = {
  tenant: string;
  won: string[];
  lost: string[];
  file?: string;
  strict?: boolean;
};
type Opened = PicklistContext & { readonly fields: readonly ListedField[] };

/** `crm picklists`: the values that a tenant's text fields have, such as the stages of deals. */
export function addPicklists(program: Command): void {
  const picklists = program
    .command("picklists")
    .description("values of a tenant's text fields, such as stages of deals: list, set, reset");
  const tenant = ["--tenant <slug>", "whose lists they are"] as const;
  picklists
    .command("list")
    .description("list a tenant's lists that have values")
    .requiredOption(...tenant)
    .option("--json", "print one JSON array, of all lists")
    .action((options: { tenant: string; json?: true }) =>
      runCommand((context) => list(options, context)),
    );
  picklists
    .command("set")
    .description("set the values of a list, whether it is strict, or both")
    .argument("<list>", "which list: dealStages")
    .argument("[values...]", "all its values in their order, with labels: lead 'demo=Demo given'")
    .requiredOption(...tenant)
    .option("--won <value>", "a stage in which deals are won, beside closed_won", another, [])
    .option("--lost <value>", "a stage in which deals are lost, beside closed_lost", another, [])
    .option("--file <path>", "a JSON list instead of values: [{value, label, kind}, …]")
    .option("--strict", "refuse writes of other values")
    .option("--no-strict", "take other values")
    .action((name: string, values: string[], options: SetOptions) =>
      runCommand((context) => set({ ...options, name, values }, context)),
    );
  picklists
    .command("reset")
    .description("give a list its default values again; it is not strict then")
    .argument("<list>", "which list: dealStages")
    .requiredOption(...tenant)
    .action((name: string, options: { tenant: string }) =>
      runCommand(async (context) => {
        const opened = await open(context, options.tenant);
        const { resetPicklist } = await import("../modules/picklist/service.ts");
        await print(await resetPicklist(opened, fieldOf(opened, name)));
      }),
    );
}

const another = (value: string, before: string[]): string[] => [...before, value];

async function open(context: CommandContext, slug: string): Promise<Opened> {
  const database = await openPool(context, logToErrors);
  const [{ operatorOf }, { catalog }, { tenantBySlug }, { readId }, { allListedFields }] =
    await Promise.all([
      import("../auth/operator.ts"),
      import("../modules/catalog.ts"),
      import("../modules/tenant/operator.ts"),
      import("../lib/id.ts"),
      import("../model/picklist.ts"),
    ]);
  const tenant = await tenantBySlug(database, slug);
  const tenantId = readId("ten", tenant.id) ?? "";
  const actor = operatorOf(tenantId);
  return { actor, prisma: database.prismaFor(tenantId), fields: allListedFields(catalog) };
}

function fieldOf({ fields }: Opened, name: string): ListedField {
  const found = fields.find(({ list: { name: one } }) => one === name);
  if (found !== undefined) return found;
  const known = fields.map((one) => one.list.name).join(", ");
  throw new StartupError(`There is no list "${name}". There are: ${known}.`);
}

async function list(
  options: { tenant: string; json?: true },
  context: CommandContext,
): Promise<void> {
  const opened = await open(context, options.tenant);
  const { readPicklists } = await import("../modules/picklist/service.ts");
  const found = await readPicklists(opened, opened.fields);
  if (options.json === true) {
    const shown = found.map(({ of, ...picklist }) => ({ list: of.list.name, ...picklist }));
    return say(JSON.stringify(shown, null, 2));
  }
  say(table(found.filter(({ values }) => values.length > 0)));
}

async function set(
  { name, values, ...options }: SetOptions & { name: string; values: string[] },
  context: CommandContext,
): Promise<void> {
  if (options.file !== undefined && values.length > 0) {
    throw new StartupError("--file: give values or a file, not both.");
  }
  const sent =
    options.file === undefined ? valuesOf(values, options) : await valuesIn(options.file);
  const opened = await open(context, options.tenant);
  const of = fieldOf(opened, name);
  const { setPicklist } = await import("../modules/picklist/service.ts");
  await print(await setPicklist(opened, of, { values: sent, strict: options.strict }));
}

/** `demo=Demo given` has the value in front of its label. */
function valuesOf(values: readonly string[], { won, lost }: SetOptions): object[] | undefined {
  const sent = values.map((text) => {
    const [, value = "", label] = /^([^=]*)=(.*)$/s.exec(text) ?? [null, text];
    const kind: StageKind | undefined = won.includes(value)
      ? "won"
      : lost.includes(value)
        ? "lost"
        : undefined;
    return { value, label, kind };
  });
  const known = new Set(sent.map(({ value }) => value));
  for (const [flag, named] of Object.entries({ "--won": won, "--lost": lost })) {
    const unknown = named.find((value) => !known.has(value));
    if (unknown !== undefined)
      throw new StartupError(`${flag}: "${unknown}" is not among the values.`);
  }
  return sent.length === 0 ? undefined : sent;
}

async function valuesIn(path: string): Promise<unknown[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new StartupError(`--file: ${path} cannot be read.`);
  }
  try {
    return z.array(z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new StartupError(`--file: ${path} is not a JSON list.`);
  }
}

async function print({ picklist, problems }: PicklistResult): Promise<void> {
  const { messageOf } = await import("../write/problem.ts");
  if (problems.length > 0) throw new StartupError(problems.map(messageOf).join("\n"));
  say(table([picklist]));
}

function table(picklists: readonly ShownPicklist[]): string {
  return columns(
    ["LIST", "STRICT", "ORDER", "VALUE", "KIND", "LABEL"],
    picklists.flatMap(({ of, isStrict, values }) =>
      values.map(({ value, label, kind }, place) => [
        of.list.name,
        isStrict ? "yes" : "no",
        String(place + 1),
        value,
        kind ?? "",
        label,
      ]),
    ),
  );
}
