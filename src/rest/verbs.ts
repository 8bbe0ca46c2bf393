import type { Values } from "../model/record.ts";
import type { Actor } from "../auth/actor.ts";
import { covers } from "../auth/require-scopes.ts";
import { formatId, idComplaint, readId } from "../lib/id.ts";
import { sentenceOf } from "../lib/messages.ts";
import type { PrintedRecord } from "../query/projection.ts";
import type { Reader } from "../query/reader.ts";
import type { WriteContext } from "../write/context.ts";
import type { WriteResult } from "../write/draft.ts";
import { answerOf, Printed, type Answer } from "./answer.ts";
import { externalId, type Operation, type Resource, type Verb } from "./face.ts";
import { asCursorComplaint, readListQuery, readRecordQuery } from "./list-query.ts";
import { readIfMatch } from "./if-match.ts";
import { problemAnswer } from "./problem-answer.ts";
import { invalid, issueOf, notFound, Refused } from "./error-answers.ts";

/** A request that may be carried out. */
export type Call = {
  readonly operation: Operation;
  readonly actor: Actor;
  readonly reader: Reader;
  readonly context: WriteContext;
  /** As the path has it; empty where it has none. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** Empty where there is none. */
  readonly body: Values;
};

/** What each verb does, whatever the face and the resource. */
export const verbs: Readonly<Record<Verb, (call: Call) => Promise<Answer>>> = {
  list: async ({ operation, reader, query }) => {
    const { resource } = operation;
    const request = readListQuery(resource, query);
    const page = await reader.listAs(request, resource.columns).catch((error: unknown) => {
      throw asCursorComplaint(error);
    });
    const data = new Printed(`[${page.rows.map(({ json }) => json).join(",")}]`);
    const nextCursor = page.hasNextPage ? (page.cursors.at(-1) ?? null) : null;
    return answerOf(200, {
      data,
      pagination: { count: page.total, limit: request.limit, next_cursor: nextCursor },
    });
  },

  get: async (call) => {
    const { operation, reader, query } = call;
    const { resource } = operation;
    const { includeDeleted } = readRecordQuery(operation, query);
    const { entity } = resource.projection;
    const id = readId(entity.prefix, call.id);
    if (id === null) return unreadableId(call);
    const record = await reader.recordAs({ entity, includeDeleted }, id, resource.columns);
    return record === null ? notFound(resource) : single(operation, record);
  },

  create: async (call) => {
    const { operation, context, body, query } = call;
    readRecordQuery(operation, query);
    const result = await operation.resource.create.run(context, body);
    return written(call, result);
  },

  update: async (call) => {
    const { operation, context, body, headers, id, query } = call;
    readRecordQuery(operation, query);
    const input = withIfMatch(body, headers);
    return written(call, await changeOf(operation).update(context, { id, input }));
  },

  delete: async (call) => {
    const { operation, context, headers, id, query } = call;
    readRecordQuery(operation, query);
    const version = readIfMatch(headers);
    return written(call, await changeOf(operation).remove(context, { id, version }));
  },

  upsert: async (call) => {
    const { operation, context, body, headers, id, query } = call;
    readRecordQuery(operation, query);
    const { upsert } = operation.resource;
    if (upsert === null) throw new Error(`${operation.id}: such records have no upserts`);
    const named = body[externalId];
    if (named !== undefined && (typeof named !== "string" || named.trim() !== id.trim())) {
      const message = sentenceOf([externalId], { complaint: "saysElse", other: "the path" });
      return invalid([{ path: externalId, message }]);
    }
    const input = { ...withIfMatch(body, headers), [externalId]: id };
    // A condition on a record is not met where there is none.
    const updateOnly = headers.has("if-match");
    return written(call, await upsert.run(context, input, { updateOnly }));
  },
};

/** A change with the version that `If-Match` says its record has. */
function withIfMatch(body: Values, headers: Headers): Values {
  const version = readIfMatch(headers);
  if (version === null) return body;
  if (body["version"] != null && body["version"] !== version) {
    const message = sentenceOf(["version"], { complaint: "saysElse", other: "If-Match" });
    throw new Refused("BAD_USER_INPUT", invalid([{ path: "version", message }]));
  }
  return { ...body, version };
}

function changeOf({ id, resource }: Operation) {
  if (resource.change === null) throw new Error(`${id}: such records are not changed`);
  return resource.change;
}

/** The answer to a write: the record as it is now, or what was wrong. */
async function written(call: Call, { id, problems, created }: WriteResult): Promise<Answer> {
  const { operation, reader, actor } = call;
  const { projection, columns, scopes } = operation.resource;
  const request = { entity: projection.entity, includeDeleted: true };
  if (id === null) {
    const mayRead = scopes.read.every((scope) => covers(actor.scopes, scope));
    return problemAnswer(problems, {
      operation,
      isConditional: readIfMatch(call.headers) !== null,
      record: async (key) =>
        mayRead && key.entity === projection.entity.name
          ? ((await reader.recordAs(request, key.id, columns))?.json ?? null)
          : null,
    });
  }
  const record = await reader.recordAs(request, id, columns);
  // Somebody else's application owns what was written only if the credential changed in between.
  if (record === null) return notFound(operation.resource);
  const { resource, verb } = operation;
  if (verb !== "create" && created !== true) return single(operation, record);
  const location = `${resource.path}/${shownId(resource, record.id)}`;
  return { ...single(operation, record, { location }), status: 201 };
}

/** One record, with its version for the next change. */
function single(
  { face, status }: Operation,
  { json, version }: PrintedRecord,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { ...headers, ...(version === null ? {} : { etag: `"${version}"` }) },
    body: face.isEnveloped ? `{"data":${json}}` : json,
  };
}

function shownId({ projection }: Resource, id: string): string {
  return projection.notation.ids === "bare" ? id : formatId(projection.entity.prefix, id);
}

function unreadableId({ operation, id }: Call): Answer {
  const { face, resource } = operation;
  if (face.words.isIdSecret) return notFound(resource);
  const complaint = idComplaint(resource.projection.entity.prefix, id);
  return invalid([issueOf(resource.parameter, complaint)]);
}
