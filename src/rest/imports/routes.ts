import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono, type Context as HonoContext } from "hono";
import type { Logger } from "pino";
import type { Actor } from "../../auth/actor.ts";
import { requireScopes } from "../../auth/require-scopes.ts";
import type { Database } from "../../db/database.ts";
import type { Import } from "../../db/generated/prisma/client.ts";
import { quotaHeaders, type Gate } from "../../gate/gate.ts";
import type { GateEnv, RequestContext } from "../../gate/request-context.ts";
import { importsVisibleTo, type ImportService } from "../../imports/run/import-service.ts";
import { refusedHeader, refusedLine } from "../../imports/read/refused-csv.ts";
import { FileRefused } from "../../imports/read/types.ts";
import { importPrefix } from "../../imports/run/types.ts";
import { idComplaint, readId } from "../../lib/id.ts";
import { sendStream, sendWhole, streamPatience } from "../../limits/send-answer.ts";
import { weights } from "../../limits/weights.ts";
import { importsPage } from "../../modules/import/pages.ts";
import { newImportOf } from "../../modules/import/settings.ts";
import { defaultPageSize, maxPageSize } from "../../query/page.ts";
import { readIdempotencyKey } from "../../write/idempotency.ts";
import { answerOf, headOf, type Answer } from "../answer.ts";
import { issueOf, noSuchMethod, Refused, type Issue } from "../error-answers.ts";
import { asCursorComplaint, readLimit, readQuery } from "../list-query.ts";
import { pass } from "../pass.ts";
import { Places } from "../places.ts";
import { refusalOf } from "../refusal.ts";
import { openBody, type UploadLimits } from "./body.ts";
import { importOperations, type ImportAction } from "./operations.ts";
import { pathTo, shownImport } from "./print.ts";
import { readImportRequest, refusedFor } from "./request.ts";

type ImportRoutesOptions = {
  readonly database: Database;
  readonly gate: Gate;
  readonly logger: Logger;
  readonly imports: ImportService;
  readonly limits: UploadLimits;
};

/** What may be read at once, since each has a chunk of a file in memory. Others wait, with nothing read. */
const uploads = { name: "uploads", size: 8, waitMilliseconds: 60_000 };

type Call = ImportRoutesOptions & {
  readonly context: RequestContext;
  readonly actor: Actor;
  readonly query: URLSearchParams;
  /** As the path has it; empty where it has none. */
  readonly id: string;
  readonly places: Places;
};

/** Files that are imported: `/api/v1/crm/imports`. */
export function importRoutes(options: ImportRoutesOptions): Hono<GateEnv> {
  const app = new Hono<GateEnv>();
  const places = new Places(uploads);
  const byPath = Map.groupBy(actions, (action) => importOperations[action].path);
  for (const [path, served] of byPath) {
    const route = path.replace("{id}", ":id");
    app.on("ALL", [route, `${route}/`], (request) => respond(served, request, options, places));
  }
  return app;
}

const actions: readonly ImportAction[] = ["list", "create", "get", "errors", "start", "cancel"];

async function respond(
  served: readonly ImportAction[],
  { req, env: { context } }: HonoContext<GateEnv>,
  options: ImportRoutesOptions,
  places: Places,
): Promise<Response> {
  const method = context.method === "HEAD" ? "GET" : context.method;
  const action = served.find((one) => importOperations[one].method === method);
  const operation = importOperations[action ?? served[0] ?? "list"];
  const { response } = context;
  let answer: Answer | null;
  try {
    if (action === undefined) {
      // It counts all the same.
      await options.gate.pass(context);
      const methods = served.map((one) => importOperations[one].method);
      const allow = methods.flatMap((one) => (one === "GET" ? ["GET", "HEAD"] : [one])).join(", ");
      throw new Refused("BAD_USER_INPUT", noSuchMethod(allow));
    }
    const type = operation.method === "GET" ? "query" : "mutation";
    context.operation = { api: operation.face.name, type, name: operation.id, isAnonymous: false };
    context.isValid = true;
    const actor = await pass(context, operation, options.gate);
    requireScopes(actor, operation.scopes);
    const id = req.param("id") ?? "";
    answer = await carryOut[action]({
      ...options,
      context,
      actor,
      query: readQuery(req.url),
      id,
      places,
    });
  } catch (thrown) {
    if (response.destroyed) return RESPONSE_ALREADY_SENT;
    answer = refusalOf(inWords(thrown), operation, context, options.logger);
  }
  // What has begun cannot be refused any more: it is cut, which the client sees.
  if (answer !== null && response.headersSent) response.destroy();
  else if (answer !== null) {
    await sendWhole(context, headOf(answer, quotaHeaders(context)), answer.body);
  }
  context.work.turn?.end();
  return RESPONSE_ALREADY_SENT;
}

/** A file that cannot be read is told as something wrong with what was sent. */
const inWords = (thrown: unknown): unknown =>
  thrown instanceof FileRefused
    ? refusedFor([
        { path: thrown.line === null ? "file" : `file.${thrown.line}`, message: thrown.message },
      ])
    : thrown;

/** What each action does; null where it has sent its answer itself. */
const carryOut: Readonly<Record<ImportAction, (call: Call) => Promise<Answer | null>>> = {
  list: async (call) => {
    const { actor, database, query } = call;
    const { limit, cursor } = readPage(query);
    await pay(call, limit);
    const prisma = database.prismaFor(actor.tenantId);
    const where = importsVisibleTo(actor);
    const asked = { limit, after: cursor };
    const page = await importsPage(prisma, where, asked).catch((error: unknown) => {
      throw asCursorComplaint(error);
    });
    const count = await prisma.import.count({ where });
    const data = await Promise.all(page.edges.map(({ node }) => shown(call, node)));
    const next_cursor = page.hasNextPage ? (page.edges.at(-1)?.cursor ?? null) : null;
    return answerOf(200, { data, pagination: { count, limit, next_cursor } });
  },

  get: async (call) => {
    refuseParameters(call.query);
    await pay(call, 1);
    return answerWith(call, await found(call));
  },

  errors: async (call) => {
    refuseParameters(call.query);
    await pay(call, weights.mutation);
    const { context, imports } = call;
    const one = await found(call);
    const { header } = one;
    const lines = (async function* () {
      // Spreadsheets know UTF-8 by it.
      yield Buffer.from(`\ufeff${refusedHeader(header)}`);
      let text = "";
      for await (const row of imports.refusedRows(one)) {
        text += refusedLine(header, row);
        if (text.length < 65_536) continue;
        yield Buffer.from(text);
        text = "";
      }
      yield Buffer.from(text);
    })();
    context.work.streams();
    // From here on it waits for its client.
    context.work.turn?.end();
    const headers = {
      ...quotaHeaders(context),
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": `attachment; filename="refused-${one.id}.csv"`,
    };
    if (context.method === "HEAD") context.response.writeHead(200, headers).end();
    else await sendStream(context, { status: 200, headers }, lines, streamPatience);
    return null;
  },

  create: async (call) => {
    const { context, actor, query, database, imports, places, limits } = call;
    const { request, work } = context;
    await pay(call, weights.import);
    // From here on it waits for a place and for its client, and lasts as long as that sends.
    work.turn?.end();
    work.streams();
    const leave = await places.take(actor.tenantId);
    try {
      const sent = await openBody(request, limits);
      const sentKey = request.headers["idempotency-key"];
      const idempotencyKey = readIdempotencyKey(sentKey === undefined ? null : String(sentKey));
      const settings = readImportRequest(query, sent, request.headers["content-type"] ?? "");
      const { timeZone } = await database
        .prismaFor(actor.tenantId)
        .tenant.findUniqueOrThrow({ where: { id: actor.tenantId } });
      const { isNew, import: made } = await imports.stage(
        actor,
        { ...newImportOf(settings, timeZone), idempotencyKey },
        sent.bytes,
      );
      const answer = await answerWith(call, made);
      return isNew
        ? { ...answer, status: 202, headers: { ...answer.headers, location: pathTo(made) } }
        : answer;
    } finally {
      leave();
    }
  },

  start: async (call) => {
    const { actor, imports, id, query } = call;
    await pay(call, weights.mutation);
    const unmapped = readUnmapped(query);
    await found(call);
    const started = await imports.start(actor, id, unmapped);
    return started === null ? notFound() : answerWith(call, started);
  },

  cancel: async (call) => {
    const { actor, imports, id, query } = call;
    refuseParameters(query);
    await pay(call, weights.mutation);
    await found(call);
    const cancelled = await imports.cancel(actor, id);
    return cancelled === null ? notFound() : answerWith(call, cancelled);
  },
};

async function pay({ gate, context, actor }: Call, points: number): Promise<void> {
  context.cost = { requested: points, actual: points };
  context.work.mayRead(points);
  await gate.takePoints(context, actor, points);
}

/** The import that the path names. @throws Refused if the caller has none of that id */
async function found({ imports, actor, id }: Call): Promise<Import> {
  if (readId(importPrefix, id) === null) {
    throw refusedFor([issueOf("id", idComplaint(importPrefix, id))]);
  }
  const one = await imports.find(actor, id);
  if (one === null) throw new Refused("NOT_FOUND", notFound());
  return one;
}

/** What is said of an import that is not there. */
export const importNotFound = "Import not found";
const notFound = (): Answer => answerOf(404, { error: importNotFound });

const shown = async ({ imports }: Call, one: Import) =>
  shownImport(one, await imports.progress(one));

const answerWith = async (call: Call, one: Import): Promise<Answer> =>
  answerOf(200, await shown(call, one));

function readPage(query: URLSearchParams): { limit: number; cursor: string | null } {
  const issues: Issue[] = unknownIn(query, ["limit", "cursor"]);
  const text = query.get("limit");
  const limit = text === null ? defaultPageSize : readLimit(text);
  if (limit === null)
    issues.push(issueOf("limit", { complaint: "notWholeUpTo", max: maxPageSize }));
  if (issues.length > 0 || limit === null) throw refusedFor(issues);
  return { limit, cursor: query.get("cursor") };
}

function readUnmapped(query: URLSearchParams): "wait" | "ignore" | "custom_fields" {
  const issues = unknownIn(query, ["unmapped"]);
  const unmapped = query.get("unmapped") ?? "wait";
  if (issues.length > 0) throw refusedFor(issues);
  if (unmapped === "wait" || unmapped === "ignore" || unmapped === "custom_fields") return unmapped;
  throw refusedFor([issueOf("unmapped", "must be ignore or custom_fields.")]);
}

function refuseParameters(query: URLSearchParams): void {
  const issues = unknownIn(query, []);
  if (issues.length > 0) throw refusedFor(issues);
}

/** Parameters that are not known, or given twice. */
function unknownIn(query: URLSearchParams, known: readonly string[]): Issue[] {
  return [...new Set(query.keys())].flatMap((name) => {
    if (!known.includes(name)) return [issueOf(name, "is not known here; leave it out.")];
    return query.getAll(name).length > 1 ? [issueOf(name, "is given twice; send it once.")] : [];
  });
}
