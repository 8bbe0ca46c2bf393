import type { JsonSchema } from "../../model/kind.ts";
import { settingsSchema } from "../../modules/import/settings.ts";
import { kinds, modes } from "./import-schema.ts";
import { encodings } from "../../imports/read/types.ts";
import { idempotencyKey } from "./operation-object.ts";

const text: JsonSchema = { type: "string" };

/** A parameter of a URL. */
export const query = (name: string, description: string, schema: JsonSchema, more = {}) => ({
  name,
  in: "query",
  description,
  schema,
  ...more,
});
const many = { schema: { type: "array", items: text }, style: "form", explode: true };

/** How an import is asked for in a URL. */
const createParameters: readonly JsonSchema[] = [
  query("entity", "What the rows are.", { type: "string", enum: kinds }),
  query(
    "mode",
    "`create`: each row is a new record. `upsert`: a row changes the record that has its key, or is a new one. `update`: only the former. By default it is `upsert` with a `key`, else `create`.",
    { type: "string", enum: modes },
  ),
  query(
    "key",
    "What a row's record is found by, for `upsert` and `update`: `external_id`, `email`, `domain`, a number, or `id` for `update`.",
    { ...text, maxLength: 100 },
  ),
  query("dry_run", "Whether everything is tried and nothing is written.", flag(false)),
  query(
    "on_error",
    "`continue` leaves refused rows out. `abort` ends the import at the first rows that are refused; rows before their chunk of 1,000 stay.",
    { type: "string", enum: ["continue", "abort"], default: "continue" },
  ),
  query("map", "Column and field, such as `E-Mail:email` or `Firma:account.name`.", text, many),
  query(
    "unmapped",
    "What to do with columns that have no field: the import waits (`wait`), leaves them out (`ignore`), or puts them into `custom_fields`.",
    { type: "string", enum: ["wait", "ignore", "custom_fields"], default: "wait" },
  ),
  query("value", "A field, a text and its meaning: `stage:Closed Won=closed_won`.", text, many),
  query("default", "A field and what it is where a cell is empty: `country=DE`.", text, many),
  query("dates", "The order of a date's parts. By default it is detected from the cells.", {
    type: "string",
    enum: ["iso", "dmy", "mdy"],
  }),
  query("decimals", "The decimal separator. By default it is detected from the cells.", {
    type: "string",
    enum: ["point", "comma"],
  }),
  query("country", "The country of phone numbers without a country code: `DE`.", {
    ...text,
    pattern: "^[A-Za-z]{2}$",
  }),
  query(
    "time_zone",
    "The zone of times without one: `Europe/Berlin`; by default the organization's.",
    text,
  ),
  query("empty", "Whether an empty cell says nothing (`skip`) or clears the field (`null`).", {
    type: "string",
    enum: ["skip", "null"],
    default: "skip",
  }),
  query(
    "create_missing",
    "What is created where a row names one that is not there: `account`.",
    text,
    many,
  ),
  query("format", "Of the file; found out, or as its media type says.", {
    type: "string",
    enum: ["csv", "ndjson", "json"],
  }),
  query(
    "encoding",
    "Of the file, by its name or another label of the WHATWG Encoding Standard (`sjis`); as `charset` says, or found out, if it is one of the first four.",
    { type: "string", enum: encodings },
  ),
  query(
    "delimiter",
    "Between cells: `comma`, `semicolon`, `tab`, `pipe`, or the character. By default it is detected.",
    text,
  ),
  query("file_name", "What the file is called.", { ...text, maxLength: 255 }),
  query("force", "Whether a file that was imported before is imported again.", flag(false)),
  {
    ...idempotencyKey,
    description:
      "A file is its own key: sent again with the same options, it gets the import that it made. With this key it does so also with `force`, or after a failure; another file, or other options, with the key are refused.",
  },
];

function flag(byDefault: boolean): JsonSchema {
  return { type: "boolean", default: byDefault };
}

/** Options that are said otherwise in a URL. */
const inUrl: Readonly<Record<string, string>> = { values: "value", defaults: "default" };

/** The parameters of a file that is sent. @throws Error if an option is not told of */
export function importParameters(): readonly JsonSchema[] {
  const named = new Set(createParameters.map(({ name }) => name));
  const missing = Object.keys(settingsSchema.shape).filter((key) => !named.has(inUrl[key] ?? key));
  if (missing.length > 0) throw new Error(`OpenAPI: ${missing.join(", ")} of imports are not told`);
  return createParameters;
}
