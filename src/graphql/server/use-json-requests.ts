import type { IncomingHttpHeaders } from "node:http";
import { GraphQLError } from "graphql";
import type { GraphQLParams } from "graphql-yoga";
import type { RequestContext } from "../../gate/request-context.ts";
import { typeChooser } from "../../lib/accept.ts";
import { ExactNumber } from "../../lib/exact-number.ts";
import { GatewayError } from "../../lib/errors.ts";
import { isRecord } from "../../lib/json.ts";
import { checkJsonHeaders, parseBoundedJson, readJsonText } from "../../limits/json-body.ts";
import type { GatewayPlugin } from "./server-context.ts";

/**
 * Restricts requests to POST with an uncompressed JSON body in UTF-8, and GET with query parameters.
 * Yoga reads forms and bare documents too, which a web page of another origin could send without being asked.
 */
export function useJsonRequests(): GatewayPlugin {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      const { requestContext } = serverContext;
      const { request } = requestContext;
      // Yoga would check this after the mutation has run.
      if (!serverContext.isAcceptable) {
        throw refused(406, `Accept one of ${answerTypes.join(", ")}.`);
      }
      if (request.method === "GET") setRequestParser(readQuery);
      if (request.method !== "POST") return;
      asRefusal(() => checkJsonHeaders(request.headers, bodyTypes));
      setRequestParser(() => serverContext.params ?? readBody(requestContext));
    },
  };
}

/** The types in which Yoga can print an answer. The first of equals is preferred. */
const answerTypes = [
  "application/json",
  "application/graphql-response+json",
  "text/event-stream",
  "multipart/mixed",
] as const;

/** The type of the answer to an Accept header; null if it accepts none of ours. */
export const answerTypeFor = typeChooser(answerTypes);

const eventsFor = typeChooser(["text/event-stream"]);

/** Whether an Accept header names server-sent events. A client that takes anything would wait for an answer to end. */
export const acceptsEvents = (accept = ""): boolean =>
  /text\/event-stream/i.test(accept) && eventsFor(accept) !== null;

/** Whether the headers announce a body that can be read. */
export function isJsonRequest(headers: IncomingHttpHeaders): boolean {
  try {
    checkJsonHeaders(headers, bodyTypes);
    return true;
  } catch {
    return false;
  }
}

const bodyTypes = ["application/json", "application/graphql+json"];

export async function readBody({ request, work }: RequestContext): Promise<GraphQLParams> {
  const text = await readJsonText(request, work).catch((error: unknown) => {
    throw told(error);
  });
  const body = parsed(text, "The body is not valid JSON.");
  if (typeof body !== "object" || body === null || body instanceof ExactNumber) {
    throw refused(400, "The body must be a JSON object with a query.");
  }
  return isRecord(body) ? toldApart(body) : body;
}

function readQuery(request: Request): GraphQLParams {
  const parameters = new URL(request.url).searchParams;
  const json = (name: string): unknown => {
    const text = parameters.get(name) ?? "";
    return text === "" ? undefined : parsed(text, `The parameter ${name} is not valid JSON.`);
  };
  const params: Record<string, unknown> = {};
  for (const name of ["query", "operationName", "documentId", "id"]) {
    params[name] = parameters.get(name) ?? undefined;
  }
  for (const name of ["variables", "extensions"]) params[name] = json(name);
  return toldApart(params);
}

/** Converts exact numbers at the top of a request, which must not be taken for objects. */
function toldApart(params: Readonly<Record<string, unknown>>): GraphQLParams {
  if (!Object.values(params).some((value) => value instanceof ExactNumber)) return params;
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      value instanceof ExactNumber ? Number(value.source) : value,
    ]),
  );
}

const parsed = (text: string, complaint: string): unknown =>
  asRefusal(() => parseBoundedJson(text, complaint));

function asRefusal<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw told(error);
  }
}

const told = (error: unknown): unknown =>
  error instanceof GatewayError && error.refusal.code === "BAD_USER_INPUT"
    ? refused(error.refusal.status ?? 400, error.message)
    : error;

/** An error of the request itself, independent of its operation. */
export function refused(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { http: { status } } });
}
