import { badRequest } from "../../lib/errors.ts";
import { encodingNamed } from "../../imports/read/encodings.ts";
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
  const charset = /;\s*charset="?([^";]+)"?/i.exec(contentType)?.[1];
  const encoding = charset === undefined ? null : encodingNamed(charset);
  const format = formatNamed(type);
  const read = readSettings(
    merged(
      {
        ...(format === null ? {} : { format }),
        ...(encoding === null ? {} : { encoding }),
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
