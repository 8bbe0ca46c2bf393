import { capitalized } from "../../lib/text.ts";
import { sentenceOf, wordsOf } from "../../lib/messages.ts";
import { maxBodyBytes } from "../../limits/json-body.ts";
import { keptHours } from "../../write/idempotency.ts";
import { restName } from "../../write/input.ts";
import { taken } from "../../write/rules/unique.ts";
import { wholeExport } from "../export/operations.ts";
import { formats } from "../export/request.ts";
import type { AnyOperation, AnyVerb, Face, Resource } from "../face.ts";
import { notFoundText } from "../error-answers.ts";
import { recordExample } from "./examples.ts";
import { headers, quotaHeaders, type HeaderName } from "./headers.ts";
import { recordSchema } from "./record-schema.ts";
import { atOnce } from "../places.ts";
import type { JsonSchema } from "../../model/kind.ts";
import { closedObject, orNull, type Components } from "./schema.ts";

/** Every answer that an operation can give, by its status. */
export function answersOf(operation: AnyOperation, components: Components): JsonSchema {
  const { face, resource, verb, method, status } = operation;
  const isWrite = method !== "GET";
  const hasBody = operation.input !== null;
  const isConditional = takesIfMatch(verb);
  const made = new Answers(face, components);
  return {
    [status]: verb === "export" ? made.exported(operation) : made.success(operation),
    ...(verb === "upsert" ? { 201: made.success({ ...operation, status: 201 }) } : {}),
    400: made.badRequest(),
    401: made.unauthenticated(),
    403: made.forbidden(),
    ...(isConditional || verb === "get" ? { 404: made.notFound(resource) } : {}),
    ...(isWrite ? { 409: made.conflict(operation) } : {}),
    ...(isConditional ? { 412: made.stale(resource) } : {}),
    ...(hasBody ? { 413: made.tooLarge(), 415: made.unsupported() } : {}),
    ...(isWrite ? { 422: made.reused() } : {}),
    429: made.rateLimited(),
    500: made.failure(operation),
    503: made.unavailable(),
  };
}

/** Whether a write can be sent on the condition that its record has a version. */
export function takesIfMatch(verb: AnyVerb): boolean {
  return verb === "update" || verb === "delete" || verb === "upsert";
}

const exportTypes = { csv: "text/csv", ndjson: "application/x-ndjson" } as const;

const text: JsonSchema = { type: "string" };

/** The answers of one face; what several faces have in common is there once. */
export class Answers {
  readonly #face: Face;
  readonly #components: Components;

  constructor(face: Face, components: Components) {
    this.#face = face;
    this.#components = components;
  }

  success({ verb, resource, status }: AnyOperation): JsonSchema {
    const { isEnveloped } = this.#face;
    const { noun, plural } = resource;
    const record = recordSchema(resource, this.#components);
    const sample = recordExample(resource, this.#components);
    if (verb === "list") {
      const list = this.#schema(`${noun}List`, {
        description: "One page of a list.",
        ...closedObject({ data: { type: "array", items: record }, pagination: this.pagination() }),
      });
      const example = { data: [sample], pagination: { count: 1, limit: 25, next_cursor: null } };
      return this.#answer(`${plural}Page`, "One page of the list.", list, example, quotaHeaders);
    }
    const schema = isEnveloped
      ? this.#schema(`${noun}Answer`, {
          description: "One record.",
          ...closedObject({ data: record }),
        })
      : record;
    const isNew = status === 201;
    return this.#answer(
      `${noun}${isNew ? "Created" : "Found"}`,
      isNew ? "The record that was made." : "The record as it is now.",
      schema,
      isEnveloped ? { data: sample } : sample,
      [
        ...quotaHeaders,
        ...("version" in resource.projection.entity.fields ? (["ETag"] as const) : []),
        ...(isNew ? (["Location"] as const) : []),
      ],
    );
  }

  exported(operation: AnyOperation): JsonSchema {
    const isWhole = operation === wholeExport;
    const written = isWhole ? (["ndjson"] as const) : formats;
    return this.sent(
      isWhole ? "WholeExport" : "Export",
      "The rows, as they are read.",
      Object.fromEntries(written.map((format) => [exportTypes[format], { schema: text }])),
      [...quotaHeaders, "LogPosition", "Rows", "RowsSent"],
    );
  }

  badRequest(): JsonSchema {
    const issue = this.#schema("Issue", {
      description: "One thing that is wrong with what was sent.",
      ...closedObject({
        path: { description: "Where: a key of the body or a parameter.", ...text },
        message: { description: "The error, and how to fix it.", ...text },
      }),
    });
    const invalid = this.#schema("InvalidRequest", {
      description: "What is wrong with what was sent, all at once.",
      ...closedObject({
        error: { type: "string", const: wordsOf({ complaint: "invalidPayload" }) },
        issues: { type: "array", items: issue, minItems: 1 },
      }),
    });
    const issues = [{ path: "email", message: wordsOf({ complaint: "notEmail" }) }];
    const schema = this.#face.needsOrganization
      ? {
          anyOf: [
            invalid,
            this.#only("MissingOrganization", wordsOf({ complaint: "noOrganization" })),
          ],
        }
      : invalid;
    const example = { error: wordsOf({ complaint: "invalidPayload" }), issues };
    return this.#answer(
      "BadRequest",
      "What was sent cannot be used.",
      schema,
      example,
      quotaHeaders,
    );
  }

  unauthenticated(): JsonSchema {
    const { unauthenticated } = this.#face.words;
    const schema = this.#only("Unauthenticated", unauthenticated);
    const description = "No credential, or none that is good.";
    return this.#answer("Unauthenticated", description, schema, { error: unauthenticated }, [
      "RequestId",
      "Challenge",
    ]);
  }

  forbidden(): JsonSchema {
    const missing = this.#schema("MissingScopes", {
      description: "The credential is good, and may not do this.",
      ...closedObject({
        error: { type: "string", const: wordsOf({ complaint: "keyLacksScopes" }) },
        missingScopes: { type: "array", items: text, minItems: 1 },
      }),
    });
    return this.#answer(
      "Forbidden",
      "The credential lacks scopes, or belongs to another organization or department.",
      { anyOf: [missing, this.#error()] },
      {
        error: wordsOf({ complaint: "keyLacksScopes" }),
        missingScopes: [...(this.#face.resources[0]?.scopes.read ?? [])],
      },
      quotaHeaders,
    );
  }

  notFound(resource: Resource): JsonSchema {
    const error = notFoundText(resource);
    return this.#answer(
      `${resource.noun}NotFound`,
      "There is no such record for this caller, whatever the reason.",
      this.#only(`${resource.noun}NotFound`, error),
      { error },
      quotaHeaders,
    );
  }

  conflict({ resource, verb }: AnyOperation): JsonSchema {
    const { noun, projection } = resource;
    const [unique] = projection.entity.unique.map(({ field }) => restName(field));
    const key = verb === "delete" ? undefined : unique;
    const duplicates = key === undefined ? [] : [this.#taken(resource, key)];
    const isChange = verb === "update" || verb === "upsert";
    const outdated = isChange ? [this.#outdated(resource)] : [];
    const kinds = [...duplicates, ...outdated, this.#error()];
    const reasons = [
      ...(key === undefined ? [] : ["a live record has a unique value already"]),
      ...(isChange ? ["the record has another version than the body's"] : []),
      "the first request with this Idempotency-Key is still being carried out",
    ].join(", or ");
    return this.#answer(
      kinds.length === 1 ? "InProgress" : `${noun}${isChange ? "Update" : ""}Conflict`,
      `${capitalized(reasons)}.`,
      kinds.length === 1 ? this.#error() : { anyOf: kinds },
      key === undefined
        ? { error: wordsOf({ complaint: "keyInUse" }) }
        : this.#takenExample(resource, key),
      quotaHeaders,
    );
  }

  stale(resource: Resource): JsonSchema {
    const sample = recordExample(resource, this.#components);
    const error = sentenceOf(["version"], { complaint: "stale", type: resource.noun, version: 1 });
    return this.#answer(
      `${resource.noun}Stale`,
      "The record has another version than If-Match; nothing was changed.",
      this.#outdated(resource),
      { error, current: sample },
      quotaHeaders,
    );
  }

  tooLarge = (): JsonSchema =>
    this.plain(
      "TooLarge",
      "The body is too large.",
      wordsOf({ complaint: "bodyTooLarge", max: maxBodyBytes }),
    );
  unsupported = (): JsonSchema =>
    this.plain(
      "UnsupportedType",
      "The body is not JSON, or it is compressed.",
      wordsOf({ complaint: "bodyNotJson" }),
    );
  reused = (): JsonSchema =>
    this.plain(
      "KeyReused",
      "Another request was made with this Idempotency-Key.",
      wordsOf({ complaint: "keyReused", hours: keptHours }),
    );

  rateLimited(): JsonSchema {
    const schema = this.#schema("RateLimited", {
      description: "The credential has used up its minute.",
      ...closedObject({
        error: text,
        limit: {
          description: "What it has of a minute: requests, or points of cost; or what runs.",
          type: "integer",
        },
        window: { type: "string", enum: ["minute", atOnce] },
      }),
    });
    const error = wordsOf({ complaint: "usedUp", owner: "API key", quota: "rate" });
    const example = { error, limit: 60, window: "minute" };
    return this.#answer("RateLimited", "The credential has used up its minute.", schema, example, [
      ...quotaHeaders,
      "RetryAfter",
    ]);
  }

  failure({ verb }: Pick<AnyOperation, "verb">): JsonSchema {
    const { failure } = this.#face.words;
    const error = failure?.(verb) ?? wordsOf({ complaint: "failed" });
    const schema =
      failure === null
        ? this.#schema("Failure", {
            description:
              "Something went wrong on the server's side; the request's id is in its log.",
            ...closedObject({ error: { type: "string", const: error }, request_id: text }),
          })
        : this.#error();
    const example = failure === null ? { error, request_id: exampleRequestId } : { error };
    const name = failure === null ? "Failure" : `Failure${verb === "create" ? "ToCreate" : ""}`;
    return this.#answer(name, "Something went wrong on the server's side.", schema, example, [
      "RequestId",
    ]);
  }

  unavailable(): JsonSchema {
    return this.#answer(
      "Unavailable",
      "The server is busy, or its database cannot be reached just now.",
      this.#error(),
      { error: wordsOf({ complaint: "busy" }) },
      ["RequestId", "RetryAfter"],
    );
  }

  pagination() {
    return this.#schema("Pagination", {
      description: "Where a page stands in its list.",
      ...closedObject({
        count: {
          description: "How many records match, on all pages.",
          type: "integer",
          minimum: 0,
        },
        limit: { description: "How many records a page has at most.", type: "integer", minimum: 1 },
        next_cursor: {
          description: "The `cursor` of the next page; null on the last.",
          type: ["string", "null"],
        },
      }),
    });
  }

  #taken(resource: Resource, key: string) {
    const properties = Object.keys(this.#takenExample(resource, key)).map((name) => [
      name,
      name === "existing" ? this.#recordOrNull(resource) : text,
    ]);
    return this.#schema(`${resource.noun}Duplicate`, {
      description: "A live record has the value of the key `field` already.",
      ...closedObject(Object.fromEntries(properties)),
    });
  }

  #takenExample({ projection }: Resource, key: string): Readonly<Record<string, unknown>> {
    const { duplicate } = this.#face.words;
    const { entity } = projection;
    const rule = entity.unique.find(({ field }) => restName(field) === key);
    if (rule === undefined) throw new Error(`${entity.name}: ${key} is not unique`);
    return duplicate === null
      ? {
          error: sentenceOf([key], taken(entity, rule)),
          field: key,
          existing: null,
        }
      : { error: duplicate(key), field: key };
  }

  #outdated(resource: Resource) {
    return this.#schema(`${resource.noun}Outdated`, {
      description: "The record has another version by now; nothing was changed.",
      ...closedObject({ error: text, current: this.#recordOrNull(resource) }),
    });
  }

  /** A record that the caller may not read is null. */
  #recordOrNull(resource: Resource): JsonSchema {
    return orNull(recordSchema(resource, this.#components));
  }

  #error() {
    return this.#schema("Error", {
      description: "What went wrong, and how to mend it.",
      ...closedObject({ error: text }),
    });
  }

  /** An error that is always told in the same words. */
  #only(name: string, error: string) {
    return this.#schema(name, closedObject({ error: { type: "string", const: error } }));
  }

  /** An answer that says no more than what is wrong. */
  plain(name: string, description: string, error: string): JsonSchema {
    return this.#answer(name, description, this.#error(), { error }, quotaHeaders);
  }

  #schema(name: string, schema: JsonSchema) {
    return this.#components.add("schemas", this.#nameOf("schemas", name, schema), schema);
  }

  #answer(
    name: string,
    description: string,
    schema: JsonSchema,
    example: unknown,
    named: readonly HeaderName[],
  ) {
    return this.sent(name, description, { "application/json": { schema, example } }, named);
  }

  /** An answer of any type. */
  sent(name: string, description: string, content: JsonSchema, named: readonly HeaderName[]) {
    const answer = {
      description,
      headers: Object.fromEntries(
        named.map((header) => {
          const { name: sentAs, ...part } = headers[header];
          return [sentAs, this.#components.add("headers", header, part)];
        }),
      ),
      content,
    };
    return this.#components.add("responses", this.#nameOf("responses", name, answer), answer);
  }

  /** A face that says it in another way has it under its own name. */
  #nameOf(kind: "schemas" | "responses", name: string, part: JsonSchema): string {
    return this.#components.isTaken(kind, name, part) ? `${this.#face.title}${name}` : name;
  }
}

const exampleRequestId = "0d2c4f5e-9b1a-4c3d-8e7f-6a5b4c3d2e1f";
