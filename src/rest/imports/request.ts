import { badRequest } from "../../lib/errors.ts";
import { parseJson } from "../../lib/exact-number.ts";
import { isRecord } from "../../lib/json.ts";
import {
  readSettings,
  settingsOf,
  type ImportSettings,
  type SettingsIssue,
} from "../../modules/import/settings.ts";
import { invalid, Refused } from "../error-answers.ts";
import { formatNamed, type SentFile } from "./body.ts";

type Options = Readonly<Record<string, unknown>>;

/** The encodings that a media type's charset can name. */
const charsets: Readonly<Record<string, string>> = {
  "utf-8": "utf-8",
  utf8: "utf-8",
  "utf-16": "utf-16le",
  "utf-16le": "utf-16le",
  "utf-16be": "utf-16be",
  "windows-1252": "windows-1252",
  "iso-8859-1": "windows-1252",
  latin1: "windows-1252",
};

/**
 * How a file is to be imported: as the query says, as a form's options say, and as its type does, in this order.
 *
 * @throws Refused with everything that is wrong with it
 */
export function readImportRequest(
  query: URLSearchParams,
  { options, fileName, type }: Pick<SentFile, "options" | "fileName" | "type">,
  contentType: string,
): ImportSettings {
  const given = settingsOf(query);
  const charset = /;\s*charset="?([^";]+)"?/i.exec(contentType)?.[1]?.trim().toLowerCase();
  const encoding = charsets[charset ?? ""];
  const format = formatNamed(type);
  const read = readSettings(
    merged(
      {
        ...(format === null ? {} : { format }),
        ...(encoding === undefined ? {} : { encoding }),
        ...(fileName === null ? {} : { file_name: fileName }),
      },
      optionsIn(options),
      given.value,
    ),
  );
  if (given.issues.length === 0 && "settings" in read) return read.settings;
  throw refusedFor([...given.issues, ...("issues" in read ? read.issues : [])]);
}

/** The refusal of a request for its options. */
export const refusedFor = (issues: readonly SettingsIssue[]): Refused =>
  new Refused("BAD_USER_INPUT", invalid(issues));

/** Later ones go before earlier ones; what is an object is put together. */
function merged(...all: readonly Options[]): Options {
  return all.reduce((before, options) => {
    const joined = Object.entries(options).map(([name, value]) => {
      const known = before[name];
      return [name, isRecord(value) && isRecord(known) ? { ...known, ...value } : value];
    });
    return { ...before, ...Object.fromEntries(joined) };
  });
}

function optionsIn(text: string | null): Options {
  if (text === null) return {};
  let options: unknown;
  try {
    options = parseJson(text);
  } catch {
    options = null;
  }
  if (!isRecord(options)) throw badRequest("The part `options` of the form is no JSON object.");
  return options;
}
