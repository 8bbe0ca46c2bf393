import type { Values } from "../model/record.ts";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono, type Context as HonoContext } from "hono";
import type { Logger } from "pino";
import { requireScopes } from "../auth/require-scopes.ts";
import type { Database } from "../db/database.ts";
import type { Work } from "../db/work.ts";
import { quotaHeaders, type Gate } from "../gate/gate.ts";
import type { GateEnv, RequestContext } from "../gate/request-context.ts";
import { failureCost } from "../limits/failure-cost.ts";
import { answerPoints, longPoints, readingCost, recordsIn, weights } from "../limits/weights.ts";
import { sendWhole } from "../limits/send-answer.ts";
import { catalog } from "../modules/catalog.ts";
import { isLong } from "../model/field.ts";
import { defaultPageSize } from "../query/page.ts";
import { Reader } from "../query/reader.ts";
import { headOf, type Answer } from "./answer.ts";
import { externalId, type Operation } from "./face.ts";
import { once } from "./idempotent.ts";
import { patternsOf, readLimit, readQuery, sorts } from "./list-query.ts";
import { operations, roots } from "./operations.ts";
import { pass } from "./pass.ts";
import { readBody } from "./read-body.ts";
import { invalid, issueOf, noSuchMethod, nothingServed, Refused, tell } from "./error-answers.ts";
import { refusalOf } from "./refusal.ts";
import { verbs, type Call } from "./verbs.ts";

type RestOptions = {
  readonly database: Database;
  readonly gate: Gate;
  readonly logger: Logger;
};

type Request = HonoContext<GateEnv>;

/** The routes of the REST APIs. */
export function restRoutes(options: RestOptions): Hono<GateEnv> {
  const app = new Hono<GateEnv>();
  const allowed = new Map<string, string[]>();
  for (const operation of operations) {
    for (const path of [operation.path, ...operation.aliases]) {
      const route = path.replace(/\{(\w+)\}/, ":$1");
      app.on(operation.method, withSlash(route), (request) => respond(operation, request, options));
      const methods = operation.method === "GET" ? ["GET", "HEAD"] : [operation.method];
      allowed.set(route, [...(allowed.get(route) ?? []), ...methods]);
    }
  }
  for (const [route, methods] of allowed) {
    const answer = noSuchMethod(methods.join(", "));
    app.on("ALL", withSlash(route), (request) => refuse(answer, request, options));
  }
  app.on(
    "ALL",
    roots.map((root) => `${root}*`),
    (request) => refuse(nothingServed, request, options),
  );
  return app;
}

/** A path leads to the same with a slash behind it. */
const withSlash = (route: string): string[] => [route, `${route}/`];

/** Answers what is no operation. A good credential's request counts all the same, and its answer says what is left. */
async function refuse(
  answer: Answer,
  { env: { context } }: Request,
  { gate }: RestOptions,
): Promise<Response> {
  await gate.pass(context);
  // There is nothing here, whenever it is tried again.
  context.retryAt = null;
  return send(context, answer);
}

async function respond(
  operation: Operation,
  request: Request,
  options: RestOptions,
): Promise<Response> {
  const { context } = request.env;
  const type = operation.method === "GET" ? "query" : "mutation";
  context.operation = { api: operation.face.name, type, name: operation.id, isAnonymous: false };
  context.isValid = true;
  let answer: Answer;
  try {
    answer = await carryOut(operation, request, options);
  } catch (thrown) {
    answer = refusalOf(thrown, operation, context, options.logger);
  }
  const sent = await send(context, answer);
  // What is left to do is the client's: to read it. It is counted by now, so that the next finds no room that is taken.
  context.work.turn?.end();
  return sent;
}

/** What a request passes through once its operation is known. */
async function carryOut(
  operation: Operation,
  { req, env: { context } }: Request,
  { database, gate }: RestOptions,
): Promise<Answer> {
  const actor = await pass(context, operation, gate);
  requireScopes(actor, operation.scopes);
  const { parameter, verb } = operation;
  const query = readQuery(req.url);
  const named = verb === "upsert" ? keyIn(req.url) : (req.param(parameter ?? "") ?? "");
  const { input } = operation;
  const body = input === null ? {} : await readBody(context);
  const points = costOf(operation, query, body);
  context.cost = { requested: points, actual: 0 };
  const settle = await gate.takePoints(context, actor, points);
  const { work } = context;
  work.mayRead(points);
  const call: Call = {
    operation,
    actor,
    reader: new Reader({ db: database.forTenant(actor.tenantId), catalog, viewer: actor }),
    context: { actor, pool: database.pool, catalog, idempotent: null },
    id: named,
    query,
    headers: req.raw.headers,
    body,
  };
  try {
    if (operation.method === "GET") {
      const answer = await verbs[verb](call);
      settle(actualCost(call, { work, points }, answer));
      return answer;
    }
    // It goes on to its end when its client has gone.
    Object.assign(work, { writes: true, mutations: 1 });
    let actual = replayCost;
    const answer = await once(call, (writing) => {
      actual = points;
      return verbs[verb]({ ...call, context: writing });
    });
    settle(actual);
    return answer;
  } catch (error) {
    const { code } = tell(error, operation, "");
    settle(failureCost(work, points, code === "UNAVAILABLE" || code === "INTERNAL"));
    throw error;
  }
}

/** The key of another system in a path. What is no UTF-8 is no id, but would be some other key. */
function keyIn(url: string): string {
  const [path = ""] = url.split("?", 1);
  try {
    return decodeURIComponent(path.replace(/\/$/, "").split("/").at(-1) ?? "");
  } catch {
    const message = "is not percent-encoded UTF-8; write % as %25.";
    throw new Refused("BAD_USER_INPUT", invalid([issueOf(externalId, message)]));
  }
}

/** What the first answer costs that is given again. */
const replayCost = 1;

/** The same once it has been read: records that a page does not have cost nothing. */
function actualCost(
  { operation, query }: Call,
  { work, points }: { readonly work: Work; readonly points: number },
  { body }: Answer,
): number {
  const isList = operation.verb === "list";
  const reading = isList ? workOf(operation, query) : 0;
  const found = isList ? work.nodes : 1;
  return Math.min(points, reading + found + answerPoints(Buffer.byteLength(body)));
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
    weights.count.root +
    searched +
    readingCost(patternsOf(resource, query), sorts(resource, query), "root")
  );
}

/** Sends by Node's own means: through a Response the body would be copied, and encoded twice. */
async function send(context: RequestContext, answer: Answer): Promise<Response> {
  await sendWhole(context, headOf(answer, quotaHeaders(context)), answer.body);
  return RESPONSE_ALREADY_SENT;
}
