import { idPattern } from "../../lib/id.ts";
import { importPrefix } from "../../imports/run/types.ts";
import type { JsonSchema } from "../../model/kind.ts";
import { importedKinds, settingsSchema } from "../../modules/import/settings.ts";
import { crmFace } from "../crm/face.ts";
import { fileTypes } from "../imports/body.ts";
import { importOperations, type ImportAction } from "../imports/operations.ts";
import { importNotFound } from "../imports/routes.ts";
import { Answers } from "./answers.ts";
import { quotaHeaders } from "./headers.ts";
import { limit, cursor } from "./list-parameters.ts";
import { department, organization } from "./operation-object.ts";
import { closedObject, orNull, type Components } from "./schema.ts";

/** The tag under which imports stand. */
export const importsTag = {
  name: "CRM imports",
  description: "Files of other programs, whose rows become records.",
};

const text: JsonSchema = { type: "string" };
const whole: JsonSchema = { type: "integer", minimum: 0 };
const moment: JsonSchema = { type: "string", format: "date-time" };

/** The path items of imports. */
export function importPaths(components: Components): Record<string, Record<string, JsonSchema>> {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const action of actions) {
    const operation = importOperations[action];
    const item = (paths[operation.path] ??= {});
    item[operation.method.toLowerCase()] = operationOf(action, components);
  }
  return paths;
}

const actions: readonly ImportAction[] = ["list", "create", "get", "errors", "start", "cancel"];

const words: Readonly<Record<ImportAction, readonly [summary: string, description: string]>> = {
  list: ["List imports", "A page of imports, the latest first."],
  create: [
    "Import a file",
    "Reads a file of CSV, JSON Lines or a JSON array as it is sent, and has its rows written behind the answer. A file that cannot be read to its end writes nothing. The answer shows where each column goes; with columns that go nowhere the import waits for `start`, unless `unmapped` says what becomes of them. The same file with the same options gets the import that it made before (200). It also needs the scope of writing the records, and those that `create_missing` names.",
  ],
  get: ["Get an import", "How far an import is."],
  errors: [
    "Get the refused rows",
    "The refused rows as CSV: their number, the column and what is wrong, and their cells as they were sent. Mended, the file can be sent again as it is.",
  ],
  start: [
    "Start an import that waits",
    "Says what becomes of the columns that go nowhere. An import that has started stays as it is.",
  ],
  cancel: [
    "Cancel an import",
    "Ends an import, between two of its chunks of rows; what was written before stays. One that has ended stays as it is.",
  ],
};

function operationOf(action: ImportAction, components: Components): JsonSchema {
  const { id, scopes } = importOperations[action];
  const [summary, description] = words[action];
  const needed = scopes.map((scope) => `\`${scope}\``).join(" and ");
  return {
    operationId: id,
    tags: [importsTag.name],
    summary,
    description: `${description} Needs ${needed}.`,
    parameters: parametersOf(action, components),
    ...(action === "create" ? { requestBody: { required: true, content: bodies } } : {}),
    responses: answersOf(action, components),
    security: [{ apiKey: scopes }, { bearer: scopes }],
  };
}

function answersOf(action: ImportAction, components: Components): JsonSchema {
  const made = new Answers(crmFace, components);
  const isOne = action !== "list" && action !== "create";
  return {
    ...success(action, made, components),
    400: made.badRequest(),
    401: made.unauthenticated(),
    403: made.forbidden(),
    ...(isOne
      ? {
          404: made.plain(
            "ImportNotFound",
            "There is no such import for this caller.",
            importNotFound,
          ),
        }
      : {}),
    ...(action === "create"
      ? {
          408: made.plain(
            "FileTooSlow",
            "The file comes too slowly.",
            "The file comes too slowly.",
          ),
          413: made.plain("FileTooLarge", "The file is too large.", "The file has too many bytes."),
          415: made.plain(
            "FileUnsupported",
            "The file is of another type.",
            "Send the file as text/csv.",
          ),
        }
      : {}),
    429: made.rateLimited(),
    500: made.failure({ verb: "get" }),
    503: made.unavailable(),
  };
}

function success(action: ImportAction, made: Answers, components: Components): JsonSchema {
  const schema = components.add("schemas", "Import", importSchema(components));
  const json = (shape: JsonSchema, example: unknown) => ({
    "application/json": { schema: shape, example },
  });
  const found = () =>
    made.sent("ImportFound", "The import as it is now.", json(schema, importExample), quotaHeaders);
  switch (action) {
    case "list": {
      const list = components.add("schemas", "ImportList", {
        description: "One page of a list.",
        ...closedObject({ data: { type: "array", items: schema }, pagination: made.pagination() }),
      });
      const example = {
        data: [],
        pagination: { count: 0, limit: 25, next_cursor: null },
      };
      return {
        200: made.sent("ImportsPage", "One page of the list.", json(list, example), quotaHeaders),
      };
    }
    case "create":
      return {
        200: found(),
        202: made.sent(
          "ImportAccepted",
          "The file was read, and its rows are kept to be written.",
          json(schema, importExample),
          [...quotaHeaders, "Location"],
        ),
      };
    case "errors":
      return {
        200: made.sent(
          "RefusedRows",
          "The refused rows.",
          { "text/csv": { schema: text } },
          quotaHeaders,
        ),
      };
    default:
      return { 200: found() };
  }
}

const kinds = [...importedKinds.keys()];

function importSchema(components: Components): JsonSchema {
  const column = components.add("schemas", "ImportColumn", {
    description: "A column of a file, and where its cells go.",
    ...closedObject({
      column: { description: "As the file's header has it.", ...text },
      field: {
        description:
          "A field (`email`), a value of another record (`account.name`) or a key of `custom_fields` (`custom_fields.region`); null when nothing is made of it.",
        ...orNull(text),
      },
      guessed: { description: "Whether that was guessed from the header.", type: "boolean" },
      note: { description: "Why nothing is made of it, or what it might be.", ...orNull(text) },
    }),
  });
  return {
    description: "A file that was sent to be imported, and what became of its rows.",
    ...closedObject({
      id: { type: "string", pattern: idPattern(importPrefix) },
      entity: { description: "What its rows are.", type: "string", enum: kinds },
      mode: { description: "What is done with its rows.", type: "string", enum: modes },
      key: {
        description: "What a row's record is found by; null if all are new.",
        ...orNull(text),
      },
      dry_run: { description: "Whether nothing is written.", type: "boolean" },
      on_error: {
        description: "What refused rows do.",
        type: "string",
        enum: ["continue", "abort"],
      },
      file_name: orNull(text),
      bytes: { description: "The length of the file.", ...whole },
      format: { ...orNull({ type: "string", enum: ["csv", "ndjson", "json"] }) },
      encoding: orNull(text),
      delimiter: { description: "Of CSV.", ...orNull(text) },
      columns: { type: "array", items: column },
      unmapped: { description: "The columns that nothing is made of.", type: "array", items: text },
      status: {
        description: "How far it is.",
        type: "string",
        enum: ["uploading", "waiting", "queued", "running", "done", "failed", "cancelled"],
      },
      status_reason: { description: "Why it waits, failed or was cancelled.", ...orNull(text) },
      rows: { description: "Rows of the file, without its header.", ...whole },
      rows_done: { description: "Rows written, left as they were, or refused.", ...whole },
      rows_created: { description: "Rows that are new records.", ...whole },
      rows_updated: {
        description: "Rows whose record was there and differed from them; it was changed.",
        ...whole,
      },
      rows_unchanged: {
        description: "Rows whose record was as they say; nothing was written of it.",
        ...whole,
      },
      rows_refused: { description: "Rows that were not written.", ...whole },
      rows_per_second: { description: "In the last half minute, or in all.", type: "number" },
      seconds_left: { description: "About; null while nobody knows.", ...orNull(whole) },
      created_at: moment,
      created_by: text,
      started_at: orNull(moment),
      finished_at: orNull(moment),
      errors: { description: "The path of its refused rows; null without any.", ...orNull(text) },
    }),
  };
}

const modes = ["create", "upsert", "update"] as const;

const importExample = {
  id: "imp-01900000-0000-7000-8000-000000000000",
  entity: "contacts",
  mode: "upsert",
  key: "email",
  dry_run: false,
  on_error: "continue",
  file_name: "customers.csv",
  bytes: 48_211,
  format: "csv",
  encoding: "windows-1252",
  delimiter: ";",
  columns: [
    { column: "E-Mail", field: "email", guessed: true, note: null },
    { column: "Firma", field: "account.name", guessed: true, note: null },
  ],
  unmapped: [],
  status: "queued",
  status_reason: null,
  rows: 812,
  rows_done: 0,
  rows_created: 0,
  rows_updated: 0,
  rows_unchanged: 0,
  rows_refused: 0,
  rows_per_second: 0,
  seconds_left: null,
  created_at: "2026-11-29T09:30:00.000Z",
  created_by: "key-01900000-0000-7000-8000-000000000001",
  started_at: null,
  finished_at: null,
  errors: null,
};

const bodies = Object.fromEntries([
  ...fileTypes.map((type) => [
    type,
    { schema: { type: "string", description: "The file, as it is or compressed by gzip." } },
  ]),
  [
    "multipart/form-data",
    {
      schema: {
        type: "object",
        properties: {
          options: {
            type: "string",
            description:
              "The parameters as a JSON object, in front of the file; `map`, `defaults` (objects of texts) and `values` (an object of such objects) in place of those that can be repeated.",
          },
          file: { type: "string", format: "binary", description: "The file." },
        },
        required: ["file"],
      },
    },
  ],
]);

const query = (name: string, description: string, schema: JsonSchema, more = {}) => ({
  name,
  in: "query",
  description,
  schema,
  ...more,
});
const many = { schema: { type: "array", items: text }, style: "form", explode: true };

const createParameters: readonly JsonSchema[] = [
  query("entity", "What the rows are.", { type: "string", enum: kinds }),
  query(
    "mode",
    "`create`: each row is a new record. `upsert`: a row changes the record that has its key, or is a new one. `update`: only the former. With a `key` it is `upsert` unless said, else `create`.",
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
    "What becomes of columns that go nowhere: the import waits, they are left out, or they go to `custom_fields`.",
    { type: "string", enum: ["wait", "ignore", "custom_fields"], default: "wait" },
  ),
  query("value", "A field, a text and its meaning: `stage:Closed Won=closed_won`.", text, many),
  query("default", "A field and what it is where a cell is empty: `country=DE`.", text, many),
  query("dates", "The order of a date's parts; found out unless said.", {
    type: "string",
    enum: ["iso", "dmy", "mdy"],
  }),
  query("decimals", "What stands before the fraction of numbers; found out unless said.", {
    type: "string",
    enum: ["point", "comma"],
  }),
  query("country", "The country of phone numbers without a country code: `DE`.", {
    ...text,
    pattern: "^[A-Za-z]{2}$",
  }),
  query(
    "time_zone",
    "The zone of times without one: `Europe/Berlin`; the organization's unless said.",
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
  query("encoding", "Of the file; found out, or as `charset` says.", {
    type: "string",
    enum: ["utf-8", "utf-16le", "utf-16be", "windows-1252"],
  }),
  query(
    "delimiter",
    "Between cells: `comma`, `semicolon`, `tab`, `pipe`, or the character; found out unless said.",
    text,
  ),
  query("file_name", "What the file is called.", { ...text, maxLength: 255 }),
  query("force", "Whether a file that was imported before is imported again.", flag(false)),
];

function flag(byDefault: boolean): JsonSchema {
  return { type: "boolean", default: byDefault };
}

/** Options that are said otherwise in a URL. */
const inUrl: Readonly<Record<string, string>> = { values: "value", defaults: "default" };

function parametersOf(action: ImportAction, components: Components): JsonSchema[] {
  const shared = (name: string, parameter: JsonSchema) =>
    components.add("parameters", name, parameter);
  const isOne = action !== "list" && action !== "create";
  const id = {
    name: "id",
    in: "path",
    required: true,
    description: "The id: `imp-<uuid>`; the bare UUID is understood as well.",
    schema: { type: "string", pattern: idPattern(importPrefix) },
  };
  if (action === "create") checkDocumented();
  return [
    ...(isOne ? [shared("ImportId", id)] : []),
    ...(action === "list"
      ? [limit, cursor].map((one) => shared(one.component, one.parameter))
      : []),
    ...(action === "create" ? createParameters : []),
    ...(action === "start"
      ? [
          query(
            "unmapped",
            "What becomes of the columns that go nowhere; needed if there are any.",
            {
              type: "string",
              enum: ["ignore", "custom_fields"],
            },
          ),
        ]
      : []),
    shared("Organization", { ...organization, required: false }),
    shared("Department", department),
  ];
}

/** Each option is told of. */
function checkDocumented(): void {
  const named = new Set(createParameters.map(({ name }) => name));
  const missing = Object.keys(settingsSchema.shape).filter((key) => !named.has(inUrl[key] ?? key));
  if (missing.length > 0) throw new Error(`OpenAPI: ${missing.join(", ")} of imports are not told`);
}
