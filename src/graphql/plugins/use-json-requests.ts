import { setImmediate as immediately, setTimeout as sleep } from "node:timers/promises";
import { GraphQLError } from "graphql";
import type { GraphQLParams, Plugin } from "graphql-yoga";
import { currentWork } from "../../db/work.ts";
import { excessOf } from "../../lib/json.ts";

/** More than any filter or JSON value may have, and less than what a walk through it needs of the stack. */
const maxLevels = 250;
/** Each is read field by field of its type: 1,000 quotes with 18 line items each are fewer. */
const maxObjects = 20_000;

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
      if (!isJson(request.headers.get("content-type") ?? "")) {
        throw refused(415, "Send the operation as JSON: content-type: application/json.");
      }
      const encoding = request.headers.get("content-encoding") ?? "identity";
      if (encoding.toLowerCase() !== "identity") {
        throw refused(415, "Send the body as it is, without content-encoding.");
      }
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

function isJson(contentType: string): boolean {
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charsets = parameters.filter((parameter) => parameter.startsWith("charset="));
  return (
    (type === "application/json" || type === "application/graphql+json") &&
    charsets.every((charset) => /^charset="?utf-?8"?$/.test(charset))
  );
}

async function readBody(request: Request): Promise<GraphQLParams> {
  const reading = request.arrayBuffer().catch((error: unknown) => {
    // That it is too large is said so; anything else is a sender who stopped before its end.
    throw error instanceof GraphQLError ? error : refused(400, "The body ends too early.");
  });
  const bytes = await promptly(reading);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refused(400, "The body is not valid UTF-8.");
  }
  const body = parsed(text, "The body is not valid JSON.");
  if (typeof body !== "object" || body === null) {
    throw refused(400, "The body must be a JSON object with a query.");
  }
  return body;
}

/** So long a body may take without others being let in meanwhile. */
const promptMilliseconds = 25;

/** What a client sends slowly is waited for without keeping anybody else from being served. */
async function promptly<Body>(reading: Promise<Body>): Promise<Body> {
  const late = Symbol("late");
  // After a busy moment timers come first: what has arrived meanwhile is not late.
  const waited = sleep(promptMilliseconds).then(() => immediately(late));
  const early = await Promise.race([reading, waited]);
  if (early !== late) return reading;
  const work = currentWork();
  work?.endTurn?.();
  const body = await reading;
  await work?.newTurn?.();
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

function parsed(text: string, complaint: string): unknown {
  const excess = excessOf(text, { levels: maxLevels, objects: maxObjects });
  if (excess === "levels") {
    throw refused(400, `The JSON is nested more than ${maxLevels} levels deep; flatten it.`);
  }
  if (excess === "objects") {
    const most = maxObjects.toLocaleString("en");
    throw refused(400, `The JSON holds more than ${most} objects; send fewer at once.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw refused(400, complaint);
  }
}

/** What is wrong with the request itself, whatever operation is in it. */
export function refused(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { http: { status } } });
}
