import { z } from "zod";
import { encodingNamed } from "../../imports/read/encodings.ts";
import { delimiters, encodings, formats } from "../../imports/read/types.ts";
import { dateForms, decimalForms } from "../../model/kind.ts";
import type { NewImport } from "../../imports/run/types.ts";
import { shortened } from "../../lib/text.ts";
import { timeZoneNamed } from "../../lib/time-zone.ts";
import { crmWrites } from "../crm-writes.ts";

/** The kinds of records that are imported, by the last part of their paths: `contacts`, `line-items`. */
export const importedKinds: ReadonlyMap<string, string> = new Map(
  [...crmWrites.values()].map(({ entity }) => [entity.table.replaceAll("_", "-"), entity.name]),
);

/** How the delimiters are called where they are hard to write. */
const delimiterNames: Readonly<Record<string, string>> = {
  comma: ",",
  semicolon: ";",
  tab: "\t",
  pipe: "|",
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, `must be ${listed(words)}.`);

const texts = z.record(z.string(), z.string("must be a text."), "must be an object of texts.");

const [firstKind = "", ...otherKinds] = importedKinds.keys();

/** How an import is asked for, in JSON. What is not known is refused with its name. */
export const settingsSchema = z.strictObject({
  entity: oneOf([firstKind, ...otherKinds]),
  mode: oneOf(["create", "upsert", "update"]).optional(),
  key: z.string("must be a text.").max(100, "is too long.").optional(),
  dry_run: z.boolean("must be true or false.").default(false),
  on_error: oneOf(["continue", "abort"]).default("continue"),
  map: texts.default({}),
  unmapped: oneOf(["wait", "ignore", "custom_fields"]).default("wait"),
  values: z.record(z.string(), texts, "must be an object of objects of texts.").default({}),
  defaults: texts.default({}),
  dates: oneOf(dateForms).optional(),
  decimals: oneOf(decimalForms).optional(),
  country: z
    .string("must be a text.")
    .regex(/^[A-Za-z]{2}$/, "must be a country's code of two letters, such as DE.")
    .transform((code) => code.toUpperCase())
    .optional(),
  time_zone: z
    .string("must be a text.")
    .refine((name) => timeZoneNamed(name) !== null, "must be a zone such as Europe/Berlin.")
    .optional(),
  empty: oneOf(["skip", "null"]).default("skip"),
  create_missing: z.array(z.string(), "must be a list.").default([]),
  format: oneOf(formats).optional(),
  encoding: z
    .string("must be a text.")
    .transform((label) => encodingNamed(label) ?? label)
    .pipe(
      z.enum(encodings, `must be a label of the WHATWG Encoding Standard: ${listed(encodings)}.`),
    )
    .optional(),
  delimiter: z
    .string()
    .transform((text) => delimiterNames[text] ?? text)
    .pipe(z.enum(delimiters, "must be comma, semicolon, tab or pipe."))
    .optional(),
  file_name: z.string("must be a text.").max(255, "has more than 255 characters.").optional(),
  force: z.boolean("must be true or false.").default(false),
});

/** How an import is asked for. */
export type ImportSettings = z.infer<typeof settingsSchema>;

/** The import that is asked for. Times without a zone are in that of the tenant, unless another is named. */
export function newImportOf(settings: ImportSettings, tenantTimeZone: string): NewImport {
  const { entity, key = null, map, unmapped, format, encoding, delimiter } = settings;
  return {
    fileName: settings.file_name ?? null,
    force: settings.force,
    options: {
      entity: importedKinds.get(entity) ?? entity,
      mode: settings.mode ?? (key === null ? "create" : "upsert"),
      key,
      onError: settings.on_error,
      dryRun: settings.dry_run,
      unmapped,
      map,
      createMissing: settings.create_missing,
      file: {
        ...(format === undefined ? {} : { format }),
        ...(encoding === undefined ? {} : { encoding }),
        ...(delimiter === undefined ? {} : { delimiter }),
      },
      manner: {
        dates: settings.dates ?? null,
        decimals: settings.decimals ?? null,
        country: settings.country ?? null,
        timeZone: settings.time_zone ?? tenantTimeZone,
        values: settings.values,
        defaults: settings.defaults,
        empty: settings.empty,
      },
    },
  };
}

/** What is wrong with how an import is asked for: where, and how to mend it. */
export type SettingsIssue = { readonly path: string; readonly message: string };

/** Reads how an import is asked for. */
export function readSettings(
  value: unknown,
): { readonly settings: ImportSettings } | { readonly issues: readonly SettingsIssue[] } {
  const read = settingsSchema.safeParse(value);
  if (read.success) return { settings: read.data };
  const issues = read.error.issues.flatMap((issue): SettingsIssue[] => {
    const path = issue.path.join(".");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    const known = Object.keys(settingsSchema.shape).join(", ");
    return issue.keys.map((key) => ({ path: key, message: `is not known; there are ${known}.` }));
  });
  return { issues };
}

/** Options that are given several times as texts: how each text is taken apart, with an example. */
const repeated = {
  /** `E-Mail=email`, `E-Mail:email`: the field is behind the last of them, since no field has one. */
  map: { into: "map", pattern: /^(?<name>.+)[=:](?<value>[^=:]*)$/s, example: "E-Mail:email" },
  default: { into: "defaults", pattern: /^(?<name>[^=]+)=(?<value>.*)$/s, example: "country=DE" },
} as const;

/** `stage:Closed Won=closed_won`. */
const valuePattern = /^(?<field>[^:=]+):(?<text>.+)=(?<value>[^=]*)$/s;

/**
 * Options as they are given one by one, in a URL or on a command line, as JSON has them. What is given twice or cannot be
 * taken apart is an issue.
 */
export function settingsOf(options: Iterable<readonly [name: string, text: string]>): {
  readonly value: Readonly<Record<string, unknown>>;
  readonly issues: readonly SettingsIssue[];
} {
  const single = new Map<string, string | boolean>();
  const issues: SettingsIssue[] = [];
  const maps = { map: new Map<string, string>(), defaults: new Map<string, string>() };
  const values = new Map<string, Map<string, string>>();
  const missing: string[] = [];
  for (const [name, text] of options) {
    if (name === "map" || name === "default") {
      const { into, pattern, example } = repeated[name];
      const groups = pattern.exec(text)?.groups;
      const of = groups?.["name"] ?? "";
      if (groups === undefined) issues.push({ path: name, message: `must be like ${example}.` });
      else if (maps[into].has(of)) issues.push(twice(name, of));
      else maps[into].set(of, groups["value"] ?? "");
    } else if (name === "value") {
      const groups = valuePattern.exec(text)?.groups;
      if (groups === undefined) {
        issues.push({ path: name, message: "must be like stage:Closed Won=closed_won." });
        continue;
      }
      const field = groups["field"] ?? "";
      const of = values.get(field) ?? new Map<string, string>();
      const said = groups["text"] ?? "";
      if (of.has(said)) issues.push(twice(name, said));
      values.set(field, of.set(said, groups["value"] ?? ""));
    } else if (name === "create_missing") missing.push(...text.split(/[\s,]+/).filter(Boolean));
    else if (single.has(name))
      issues.push({ path: name, message: "is given twice; send it once." });
    else single.set(name, isBoolean(text) ? text === "true" : text);
  }
  const value = {
    ...Object.fromEntries(single),
    ...(maps.map.size > 0 ? { map: Object.fromEntries(maps.map) } : {}),
    ...(maps.defaults.size > 0 ? { defaults: Object.fromEntries(maps.defaults) } : {}),
    ...(values.size > 0
      ? {
          values: Object.fromEntries(
            [...values].map(([field, of]) => [field, Object.fromEntries(of)]),
          ),
        }
      : {}),
    ...(missing.length > 0 ? { create_missing: missing } : {}),
  };
  return { value, issues };
}

const twice = (path: string, name: string): SettingsIssue => ({
  path,
  message: `names "${shortened(name, 80)}" twice; name it once.`,
});

const isBoolean = (text: string): boolean => text === "true" || text === "false";
