import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono, type Context as HonoContext } from "hono";
import type { Logger } from "pino";
import type { Credentials } from "../auth/authenticate.ts";
import { requireScopes } from "../auth/require-scopes.ts";
import type { Database } from "../db/database.ts";
import { currentWork } from "../db/work.ts";
import { failureCost } from "../limits/failure-cost.ts";
import { answerPoints, longPoints, readingCost, recordsIn, weights } from "../limits/weights.ts";
import type { Quotas } from "../limits/quotas.ts";
import { sendWhole } from "../limits/send-answer.ts";
import { rateHeaders, tooManyPoints } from "../limits/rate-headers.ts";
import { catalog } from "../modules/catalog.ts";
import { isLong } from "../model/field.ts";
import { defaultPageSize } from "../query/page.ts";
import { Reader } from "../query/reader.ts";
import { describeError } from "../telemetry/describe-error.ts";
import { currentRecord } from "../telemetry/record.ts";
import type { Values } from "../write/input.ts";
import { headOf, type Answer } from "./answer.ts";
import type { Operation } from "./face.ts";
import { once } from "./idempotent.ts";
import { patternsOf, readLimit, readQuery, sorts } from "./list-query.ts";
import { operations } from "./operations.ts";
import { pass } from "./pass.ts";
import { readBody } from "./read-body.ts";
import { noSuchMethod, nothingServed, Refused, tell } from "./refusal.ts";
import { verbs, type Call } from "./verbs.ts";

export type RestServerOptions = {
  readonly database: Database;
  readonly credentials: Credentials;
  readonly quotas: Quotas;
  readonly logger: Logger;
};

type Request = HonoContext<{ Bindings: HttpBindings }>;

/** The REST APIs: their routes, and what a request passes through, in order. */
export function createRestServer(options: RestServerOptions) {
  const app = new Hono<{ Bindings: HttpBindings }>({ strict: false });
  const allowed = new Map<string, string[]>();
  for (const operation of operations) {
    for (const path of [operation.path, ...operation.aliases]) {
      const route = path.replace(/\{(\w+)\}/, ":$1");
      app.on(operation.method, route, (request) => respond(operation, request, options));
      const methods = operation.method === "GET" ? ["GET", "HEAD"] : [operation.method];
      allowed.set(route, [...(allowed.get(route) ?? []), ...methods]);
    }
  }
  for (const [route, methods] of allowed) {
    const answer = noSuchMethod(methods.join(", "));
    app.all(route, (request) => refuse(answer, request, options));
  }
  app.notFound((request) => refuse(nothingServed, request, options));
  return getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // What is left of a body is seen to where connections are.
    autoCleanupIncoming: false,
  });
}

/** Answers what is no operation. A good credential's request counts all the same, and its answer says what is left. */
async function refuse(
  answer: Answer,
  request: Request,
  { credentials, quotas }: RestServerOptions,
): Promise<Response> {
  const found = await credentials.authenticate(request.req.raw.headers).catch(() => null);
  if (found === null || "refused" in found) return send(request, answer);
  const { actor } = found;
  const record = currentRecord();
  if (record !== undefined) record.actor = actor;
  return send(request, answer, rateHeaders(await quotas.takeRequest(actor)));
}

async function respond(
  operation: Operation,
  request: Request,
  options: RestServerOptions,
): Promise<Response> {
  const record = currentRecord();
  const headers: Record<string, string> = {};
  const setHeaders = (more: Readonly<Record<string, string>>) => Object.assign(headers, more);
  if (record !== undefined) {
    const type = operation.method === "GET" ? "query" : "mutation";
    record.operation = { api: operation.face.name, type, name: operation.id, isAnonymous: false };
    record.isValid = true;
  }
  let answer: Answer;
  try {
    answer = await carryOut(operation, request, options, setHeaders);
  } catch (thrown) {
    const requestId = record?.id ?? "";
    const told = tell(thrown, operation, requestId);
    if (told.isUnexpected) {
      const { logger } = options;
      const cause = thrown instanceof Refused ? thrown.cause : thrown;
      logger.error(
        { requestId, operation: operation.id, cause: describeError(cause) },
        "unexpected error",
      );
    }
    record?.codes.add(told.code);
    for (const scope of told.missingScopes) record?.missingScopes.add(scope);
    ({ answer } = told);
  }
  const sent = send(request, answer, headers);
  // What is left to do is the client's: to read it. It is counted by now, so that the next finds no room that is taken.
  currentWork()?.endTurn?.();
  return sent;
}

/** What a request passes through once its operation is known. */
async function carryOut(
  operation: Operation,
  { req, env }: Request,
  { database, credentials, quotas }: RestServerOptions,
  setHeaders: (headers: Readonly<Record<string, string>>) => void,
): Promise<Answer> {
  const { headers } = req.raw;
  const actor = await pass(headers, operation, { credentials, quotas }, setHeaders);
  requireScopes(actor, operation.scopes);
  const { resource, verb } = operation;
  const query = readQuery(req.url);
  const { input } = operation;
  const body = input === null ? {} : await readBody(req.raw, env.incoming);
  const points = costOf(operation, query, body);
  const record = currentRecord();
  if (record !== undefined) record.cost = points;
  const { allowed, giveBack, ...left } = await quotas.takePoints(actor, points);
  if (!allowed) throw tooManyPoints(actor, points, left);
  const settle = (actual: number) => giveBack(points - actual);
  const work = currentWork();
  work?.mayRead(points);
  const call: Call = {
    operation,
    actor,
    reader: new Reader({ db: database.forTenant(actor.tenantId), catalog, viewer: actor }),
    context: { actor, pool: database.pool, catalog, idempotent: null },
    id: req.param(resource.parameter) ?? "",
    query,
    headers,
    body,
  };
  try {
    if (operation.method === "GET") {
      const answer = await verbs[verb](call);
      settle(actualCost(call, points, answer));
      return answer;
    }
    // It goes on to its end when its client has gone.
    if (work !== undefined) Object.assign(work, { writes: true, mutations: 1 });
    let actual = replayCost;
    const answer = await once(call, (context) => {
      actual = points;
      return verbs[verb]({ ...call, context });
    });
    settle(actual);
    return answer;
  } catch (error) {
    const { code } = tell(error, operation, "");
    settle(failureCost(points, code === "UNAVAILABLE" || code === "INTERNAL"));
    throw error;
  }
}

/** What the first answer costs that is given again. */
const replayCost = 1;

/** The same once it has been read: records that a page does not have cost nothing. */
function actualCost({ operation, query }: Call, points: number, { body }: Answer): number {
  const work = operation.verb === "list" ? workOf(operation, query) : 0;
  const found = operation.verb === "list" ? (currentWork()?.nodes ?? points) : 1;
  return Math.min(points, work + found + answerPoints(Buffer.byteLength(body)));
}

/** In points, as the same costs over GraphQL. */
function costOf(operation: Operation, query: URLSearchParams, body: Values): number {
  const { verb, method, resource } = operation;
  if (method !== "GET") return weights.mutation * recordsIn(body);
  const { fields } = resource.projection.entity;
  const long = Object.values(fields).filter(isLong).length;
  if (verb === "get") return 1 + longPoints(long);
  // A limit that is none is refused: there will be no records.
  const limit = readLimit(query.get("limit") ?? String(defaultPageSize)) ?? 0;
  return workOf(operation, query) + limit + longPoints(limit * long);
}

/** What a list costs beside its records: it is counted, and a search is made for the count and for the page. */
function workOf({ resource }: Operation, query: URLSearchParams): number {
  const searched = query.has("q") ? 2 * weights.search.root : 0;
  return (
    weights.count.root + searched + readingCost(patternsOf(query), sorts(resource, query), "root")
  );
}

/** Sends by Node's own means: through a Response the body would be copied, and encoded twice. */
function send(
  { env: { outgoing } }: Request,
  answer: Answer,
  more: Readonly<Record<string, string>> = {},
): Response {
  sendWhole(outgoing, headOf(answer, more), answer.body);
  return RESPONSE_ALREADY_SENT;
}
