import { idPattern } from "../../lib/id.ts";
import { maxLineLength } from "../../model/kinds/parts/text-schema.ts";
import { maxKeyLength } from "../../write/idempotency.ts";
import { wholeExport } from "../export/operations.ts";
import { externalId, type AnyOperation, type AnyVerb, type Resource } from "../face.ts";
import { spoken } from "../error-answers.ts";
import { answersOf, takesIfMatch } from "./answers.ts";
import { bodyExample } from "./examples.ts";
import { inputSchema } from "./input-schema.ts";
import { exportParameters, includeDeleted, listParameters } from "./list-parameters.ts";
import type { JsonSchema } from "../../model/kind.ts";
import type { Components } from "./schema.ts";

/** The tag under which a resource's operations stand. */
export function tagOf({ face, resource }: Pick<AnyOperation, "face" | "resource">): string {
  const records = spoken(resource.plural);
  return face.resources.length === 1 ? face.title : `${face.title} ${records.toLowerCase()}`;
}

/** The tag of the export of all kinds, which is of none of them. */
export const wholeTag = {
  name: `${wholeExport.face.title} export`,
  description: "All kinds of records from one snapshot.",
};

/** An operation at its own path, or at another one that leads to it. */
export function operationObject(
  operation: AnyOperation,
  path: string,
  components: Components,
): JsonSchema {
  const { id, scopes, input } = operation;
  const isAlias = path !== operation.path;
  const needed = scopes.map((scope) => `\`${scope}\``).join(" and ");
  const [summary, description] = wordsOf(operation);
  const parameters = parametersOf(operation, components);
  return {
    operationId: isAlias ? `${id}At${pascal(path)}` : id,
    tags: [operation === wholeExport ? wholeTag.name : tagOf(operation)],
    summary: isAlias ? `${summary} (alias)` : summary,
    description: `${isAlias ? `The same as \`${operation.method} ${operation.path}\`. ` : ""}${description} Needs ${needed}.`,
    ...(isAlias ? { "x-alias-of": id } : {}),
    parameters,
    ...(input === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: inputSchema(input, components),
                example: bodyExample(operation, input),
              },
            },
          },
        }),
    responses: answersOf(operation, components),
    security: [{ apiKey: scopes }, { bearer: scopes }],
  };
}

/** `/v1/customers/{id}` → `V1CustomersId`. */
function pascal(path: string): string {
  return path.replaceAll(
    /[^A-Za-z\d]*([A-Za-z\d]+)[^A-Za-z\d]*/g,
    (_, word: string) => word.charAt(0).toUpperCase() + word.slice(1),
  );
}

/** A line, and what there is to know beside it. */
function wordsOf(operation: AnyOperation): readonly [string, string] {
  const { verb, resource, face } = operation;
  if (operation === wholeExport) {
    return [
      "Export everything",
      'All kinds of records from one snapshot, as it is read: a line with the position in the log and the number of rows of each kind, a line `{"type","record"}` for each record, and a last line `{"_end":{"rows","position"}}`. A file without the last line was cut.',
    ];
  }
  const one = spoken(resource.noun).toLowerCase();
  const many = spoken(resource.plural).toLowerCase();
  const a = `${/^[aeiou]/.test(one) ? "an" : "a"} ${one}`;
  const { isRich } = resource.list;
  const isLog = resource.projection.entity.defaultOrder[0]?.field === "occurredAt";
  const words: Readonly<Record<AnyVerb, readonly [string, string]>> = {
    list: [
      `List ${many}`,
      `A page of ${many}, the ${isLog ? "latest" : "newest"} first${isRich ? " unless `sort` says otherwise" : ""}; \`pagination.next_cursor\` leads to the next.`,
    ],
    export: [
      `Export ${many}`,
      `All ${many} of the list from one snapshot, as it is read. A file of NDJSON without its last line \`{"_end":{"rows","position"}}\` was cut, and so was any answer without the trailer \`X-Rows-Sent\`.`,
    ],
    get: [`Get ${a}`, `One ${one}${isRich ? ", a deleted one only with `include_deleted`" : ""}.`],
    create: [
      `Create ${a}`,
      `${resource.create.input.description.replace(resource.noun, one)} The answer is the ${face.isEnveloped ? `${one} under \`data\`` : one}, and its path is in \`Location\`.`,
    ],
    update: [
      `Change ${a}`,
      "Only what is sent changes, and null clears. With `If-Match`, or a `version` in the body, nothing is written over what somebody else has changed meanwhile.",
    ],
    delete: [
      `Delete ${a}`,
      `The ${one} is kept, and no longer found unless asked for${containedIn(resource)}. The answer is the deleted ${one}.`,
    ],
    upsert: [
      `Change or create ${a} by its external_id`,
      `Changes the live ${one} with the \`external_id\` of the path, and the answer is 200. Where there is none, one is made with what is sent: the answer is 201, and its path is in \`Location\`. A deleted ${one} stays deleted. The body need not repeat the \`external_id\`, and may not have another one. With \`If-Match\` none is made: without such ${a}, the answer is 404.`,
    ],
  };
  return words[verb];
}

function containedIn({ projection }: Resource): string {
  const names = Object.entries(projection.entity.relations).flatMap(([name, relation]) =>
    relation.kind === "many" && relation.contained ? [spoken(name).toLowerCase()] : [],
  );
  if (names.length === 0) return "";
  const last = names.at(-1);
  const list = names.length === 1 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
  return `; its ${list} with it`;
}

function parametersOf(operation: AnyOperation, components: Components): JsonSchema[] {
  const { face, resource, verb, method, parameter } = operation;
  const shared = (name: string, part: JsonSchema) => components.add("parameters", name, part);
  return [
    ...(verb === "upsert"
      ? [shared("ExternalId", externalIdInPath)]
      : parameter === null
        ? []
        : [shared(`${resource.noun}Id`, idInPath(resource, parameter))]),
    ...(verb === "list" ? listParameters(resource, components) : []),
    ...(verb === "export" ? exportParameters(resource, operation === wholeExport, components) : []),
    ...(verb === "get" && resource.list.isRich
      ? [shared(includeDeleted.component, includeDeleted.parameter)]
      : []),
    shared(face.needsOrganization ? "NeededOrganization" : "Organization", {
      ...organization,
      required: face.needsOrganization,
    }),
    shared("Department", department),
    ...(method === "GET" ? [] : [shared("IdempotencyKey", idempotencyKey)]),
    ...(takesIfMatch(verb) ? [shared("IfMatch", ifMatch)] : []),
  ];
}

function idInPath({ projection }: Resource, name: string): JsonSchema {
  const { entity, notation } = projection;
  return {
    name,
    in: "path",
    required: true,
    description:
      notation.ids === "bare"
        ? `The id: a UUID; \`${entity.prefix}-<uuid>\` is understood as well.`
        : `The id: \`${entity.prefix}-<uuid>\`; the bare UUID is understood as well.`,
    schema: { type: "string", pattern: idPattern(entity.prefix) },
  };
}

const externalIdInPath: JsonSchema = {
  name: externalId,
  in: "path",
  required: true,
  description:
    "The record's key in another system, percent-encoded: `SAP/4711` is `SAP%2F4711`. Spaces around it are left out. The keys `.` and `..` cannot be in a path.",
  schema: { type: "string", maxLength: maxLineLength, pattern: "\\S" },
};

/** The organization that a request names. */
export const organization: JsonSchema = {
  name: "X-Organization-Id",
  in: "header",
  description:
    "The organization (tenant) that the credential must belong to: `ten-<uuid>` or the bare UUID. It is the `tenant_id` of every record of the CRM API.",
  schema: { type: "string", pattern: idPattern("ten") },
};

/** The department that a request names. */
export const department: JsonSchema = {
  name: "X-Department-Id",
  in: "header",
  description:
    "A department is a label and no fence: what is made is kept as the department's, and everything of the organization is read and written as without it. `dep-<uuid>` or the bare UUID.",
  schema: { type: "string", pattern: idPattern("dep") },
};

/** What a client calls a request that is not to be carried out twice. */
export const idempotencyKey: JsonSchema = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "A text of one's own for this request, such as a UUID. Sent again with the same key within 24 hours, the request gets its first answer and is not carried out twice.",
  schema: {
    type: "string",
    minLength: 1,
    maxLength: maxKeyLength,
    pattern: "^[!-~]+( [!-~]+)*$",
  },
};

const ifMatch: JsonSchema = {
  name: "If-Match",
  in: "header",
  description:
    "The ETag of the record that was read: nothing is written when it has another version by now.",
  schema: { type: "string", pattern: '^(\\*|"\\d{1,9}")$' },
};
