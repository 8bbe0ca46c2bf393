import { GraphQLError } from "graphql";
import type { GraphQLParams, Plugin } from "graphql-yoga";
import { currentWork } from "../../db/work.ts";
import {
  checkJsonHeaders,
  parseBoundedJson,
  readJsonText,
  RefusedRequest,
} from "../../limits/json-body.ts";

/**
 * Which requests are read at all: POST with a JSON body in UTF-8 as it is, and GET with query parameters.
 * Yoga reads forms and bare documents too, which a web page of another origin could send without being asked.
 */
export function useJsonRequests(): Plugin {
  return {
    onRequestParse({ request, setRequestParser }) {
      // Yoga finds out when the answer is there, and the mutation done.
      if (!isAcceptable(request.headers.get("accept") ?? "")) {
        throw refused(406, `Accept one of ${answerTypes.join(", ")}.`);
      }
      if (request.method === "GET") setRequestParser(readQuery);
      if (request.method !== "POST") return;
      asRefusal(() => checkJsonHeaders(request.headers, bodyTypes));
      setRequestParser(readBody);
    },
    onResponse() {
      // What is left to do is the client's: to read it.
      currentWork()?.endTurn?.();
    },
  };
}

/** What Yoga can print an answer as. */
const answerTypes = [
  "application/graphql-response+json",
  "application/json",
  "text/event-stream",
  "multipart/mixed",
] as const;

/** Whether an answer of ours meets the Accept header, read as Yoga reads it. */
function isAcceptable(accept: string): boolean {
  const ranges = (accept === "" ? "*/*" : accept).toLowerCase().replaceAll(/\s/g, "").split(",");
  return ranges.some((range) => {
    const [type = "", ...parameters] = range.split(";");
    const charset = parameters.find((parameter) => parameter.includes("charset="));
    if (charset !== undefined && charset !== "charset=utf-8") return false;
    const [group, name] = type.split("/");
    return answerTypes.some((answer) => {
      const [answerGroup, answerName] = answer.split("/");
      return (group === "*" || group === answerGroup) && (name === "*" || name === answerName);
    });
  });
}

const bodyTypes = ["application/json", "application/graphql+json"];

async function readBody(request: Request): Promise<GraphQLParams> {
  const reading = request.arrayBuffer().catch((error: unknown) => {
    // That it is too large is said so; anything else is a sender who stopped before its end.
    throw error instanceof GraphQLError ? error : refused(400, "The body ends too early.");
  });
  const text = await readJsonText(reading).catch((error: unknown) => {
    throw told(error);
  });
  const body = parsed(text, "The body is not valid JSON.");
  if (typeof body !== "object" || body === null) {
    throw refused(400, "The body must be a JSON object with a query.");
  }
  return body;
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
  return params;
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
  error instanceof RefusedRequest ? refused(error.status, error.message) : error;

/** What is wrong with the request itself, whatever operation is in it. */
export function refused(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { http: { status } } });
}
