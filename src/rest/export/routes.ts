import type { Transform } from "node:stream";
import { finished } from "node:stream/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono, type Context as HonoContext } from "hono";
import type { Logger } from "pino";
import type { Actor } from "../../auth/actor.ts";
import { requireScopes } from "../../auth/require-scopes.ts";
import type { Database } from "../../db/database.ts";
import type { Transaction } from "../../db/transaction.ts";
import { quotaHeaders, type Gate } from "../../gate/gate.ts";
import type { GateEnv, RequestContext } from "../../gate/request-context.ts";
import { compressor, streamCodingOf } from "../../lib/compress.ts";
import { sendStream, sendWhole, streamPatience } from "../../limits/send-answer.ts";
import { weights } from "../../limits/weights.ts";
import { headOf } from "../answer.ts";
import { noSuchMethod, Refused } from "../error-answers.ts";
import type { Operation } from "../face.ts";
import { readQuery } from "../list-query.ts";
import { pass } from "../pass.ts";
import { refusalOf } from "../refusal.ts";
import { Places } from "../places.ts";
import { listExports, wholeExport } from "./operations.ts";
import { allOf, exportOf, type Export } from "./content.ts";
import { snapshotOf } from "./snapshot.ts";

type ExportOptions = {
  readonly database: Database;
  readonly gate: Gate;
  readonly logger: Logger;
  /** How many connections the gateway has. */
  readonly connections: number;
  /** How many milliseconds an export may take. */
  readonly longest: number;
};

/** A part of the connections for all: an export keeps one for as long as its client reads. */
const share = 4;

/** `GET …/export`: a list, or all of them, whole and from one snapshot, sent as it is read. */
export function exportRoutes(options: ExportOptions): Hono<GateEnv> {
  const app = new Hono<GateEnv>();
  const size = Math.floor(options.connections / share);
  const places = new Places({ name: "exports", size, waitMilliseconds: 2_000 });
  const reads = [
    [wholeExport, allOf],
    ...listExports.map((one) => [one, exportOf(one.resource)] as const),
  ] as const;
  for (const [operation, read] of reads) {
    const { path } = operation;
    // Of all methods, since below a list `export` would be taken for an id.
    app.on("ALL", [path, `${path}/`], (request) =>
      respond(operation, read, request, { ...options, places }),
    );
  }
  return app;
}

async function respond(
  operation: Operation<"export">,
  read: (query: URLSearchParams) => Export,
  { req, env: { context } }: HonoContext<GateEnv>,
  options: ExportOptions & { readonly places: Places },
): Promise<Response> {
  const { response } = context;
  context.operation = {
    api: operation.face.name,
    type: "query",
    name: operation.id,
    isAnonymous: false,
  };
  context.isValid = true;
  try {
    if (context.method !== "GET") {
      // It counts all the same.
      await options.gate.pass(context);
      throw new Refused("BAD_USER_INPUT", noSuchMethod("GET"));
    }
    const actor = await pass(context, operation, options.gate);
    requireScopes(actor, operation.scopes);
    const asked = read(readQuery(req.url));
    const leave = await options.places.take(actor.tenantId);
    try {
      await options.database.pool.transaction(
        actor.tenantId,
        (transaction) => send(transaction, asked, actor, context, options),
        { isSnapshot: true },
      );
    } finally {
      leave();
    }
  } catch (thrown) {
    if (response.destroyed) return RESPONSE_ALREADY_SENT;
    const answer = refusalOf(thrown, operation, context, options.logger);
    // What has begun cannot be refused any more: it is cut, which the client sees.
    if (response.headersSent) response.destroy();
    else await sendWhole(context, headOf(answer, quotaHeaders(context)), answer.body);
  }
  return RESPONSE_ALREADY_SENT;
}

async function send(
  transaction: Transaction,
  asked: Export,
  actor: Actor,
  context: RequestContext,
  { gate, longest }: ExportOptions,
): Promise<void> {
  const { response, work } = context;
  const snapshot = await snapshotOf(transaction, actor, asked);
  const { position, rows } = snapshot;
  const points = asked.cost + Math.ceil(rows * weights.exported);
  context.cost = { requested: points, actual: points };
  await gate.takePoints(context, actor, points);
  const texts = await snapshot.open();
  work.streams();
  // From here on it waits for its client.
  work.turn?.end();
  const late = setTimeout(() => response.destroy(), longest);
  const chunks = (async function* () {
    yield* texts;
    response.addTrailers({ "x-rows-sent": String(rows) });
  })();
  const coding = streamCodingOf(context.request.headers["accept-encoding"]?.toString());
  response.appendHeader("vary", "accept-encoding");
  const headers = {
    ...quotaHeaders(context),
    "content-type": asked.type,
    "content-disposition": `attachment; filename="${asked.file}"`,
    "x-log-position": position,
    "x-rows": String(rows),
    trailer: "x-rows-sent",
    ...(coding === null ? {} : { "content-encoding": coding }),
  };
  try {
    const bytes = coding === null ? chunks : compressed(chunks, compressor(coding));
    await sendStream(context, { status: 200, headers }, bytes, streamPatience);
  } finally {
    clearTimeout(late);
  }
}

/** Compressed as it comes, beside the event loop. */
async function* compressed(
  chunks: AsyncIterable<Uint8Array>,
  by: Transform,
): AsyncGenerator<Uint8Array, void> {
  const made: Uint8Array[] = [];
  by.on("data", (bytes: Uint8Array) => made.push(bytes));
  try {
    for await (const chunk of chunks) {
      // What is in a chunk may be used again once the next one is asked for.
      await new Promise<void>((resolve, reject) => {
        by.write(chunk, (error) => (error == null ? resolve() : reject(error)));
      });
      yield* made.splice(0);
    }
    by.end();
    await finished(by);
    yield* made;
  } finally {
    by.destroy();
  }
}
