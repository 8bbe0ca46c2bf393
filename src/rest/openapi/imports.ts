import { idPattern } from "../../lib/id.ts";
import { wordsOf } from "../../lib/messages.ts";
import { importPrefix } from "../../imports/run/types.ts";
import type { JsonSchema } from "../../model/kind.ts";
import { crmFace } from "../crm/face.ts";
import { fileTypes } from "../imports/body.ts";
import { importOperations, type ImportAction } from "../imports/operations.ts";
import { importNotFound } from "../imports/routes.ts";
import { Answers } from "./answers.ts";
import { quotaHeaders } from "./headers.ts";
import { limit, cursor } from "./list-parameters.ts";
import { importParameters, query } from "./import-parameters.ts";
import { importExample, importSchema } from "./import-schema.ts";
import { department, organization } from "./operation-object.ts";
import { closedObject, type Components } from "./schema.ts";

/** The tag under which imports stand. */
export const importsTag = {
  name: "CRM imports",
  description: "Files of other programs, whose rows become records.",
};

const text: JsonSchema = { type: "string" };

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
    "Cancels an import, between two of its chunks of rows. Rows that are written stay. An import that has ended does not change.",
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
          409: made.plain(
            "InProgress",
            "The first request with this Idempotency-Key is still being carried out.",
            wordsOf({ complaint: "keyInUse" }),
          ),
          413: made.plain("FileTooLarge", "The file is too large.", "The file has too many bytes."),
          415: made.plain(
            "FileUnsupported",
            "The file is of another type.",
            "Send the file as text/csv.",
          ),
          422: made.reused(),
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
  return [
    ...(isOne ? [shared("ImportId", id)] : []),
    ...(action === "list"
      ? [limit, cursor].map((one) => shared(one.component, one.parameter))
      : []),
    ...(action === "create" ? importParameters() : []),
    ...(action === "start"
      ? [
          query(
            "unmapped",
            "What to do with columns that have no field; needed if there are any.",
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
