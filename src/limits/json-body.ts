import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { setImmediate as immediately, setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../db/work.ts";
import { badRequest, GatewayError, unavailable } from "../lib/errors.ts";
import { parseJson } from "../lib/exact-number.ts";
import { headerOf } from "../lib/headers.ts";
import type { Hold } from "../lib/held-bytes.ts";
import { excessOf } from "../lib/json.ts";

/** Bytes that the body of a request may have. */
export const maxBodyBytes = 1_000_000;
/** More than any filter or JSON value may have, and less than what a walk through it needs of the stack. */
const maxLevels = 250;
/** Each is read field by field of its type: 1,000 quotes with 18 line items each are fewer. */
const maxObjects = 20_000;

/**
 * Which bodies are read at all: JSON in UTF-8 as it is. Forms and plain text are what a web page of another origin could
 * send without being asked.
 *
 * @throws GatewayError BAD_USER_INPUT with status 415
 */
export function checkJsonHeaders(headers: IncomingHttpHeaders, types: readonly string[]): void {
  if (!isJson(headerOf(headers, "content-type") ?? "", types)) {
    throw badRequest({ complaint: "bodyNotJson" }, 415);
  }
  const encoding = headerOf(headers, "content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw badRequest("Send the body as it is, without content-encoding.", 415);
  }
}

function isJson(contentType: string, types: readonly string[]): boolean {
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charsets = parameters.filter((parameter) => parameter.startsWith("charset="));
  return types.includes(type) && charsets.every((charset) => /^charset="?utf-?8"?$/.test(charset));
}

/**
 * The JSON in a body that is on its way. What a client sends slowly is waited for without keeping anybody else from being
 * served.
 *
 * @throws GatewayError BAD_USER_INPUT, also with status 413; UNAVAILABLE when it has to make way for others.
 */
export async function readJsonText(incoming: IncomingMessage, work: Work): Promise<string> {
  // A short body arrives with its headers, so it is neither waited for nor held.
  if (incoming.complete && !incoming.destroyed && incoming.readableLength <= maxBodyBytes) {
    const bytes: Buffer | null = incoming.read();
    return decoded(bytes ?? Buffer.alloc(0));
  }
  const chunks: Buffer[] = [];
  const madeWay = Promise.withResolvers<never>();
  const hold = work.hold?.(() => {
    chunks.length = 0;
    const reason = unavailable(
      "Too many bodies are on their way at once; send this one again in a second, without a pause.",
    );
    madeWay.reject(reason);
    // It may be all there, and stand in line.
    work.stop(reason);
  });
  try {
    const reading = readBytes(incoming, chunks, hold);
    const bytes = await promptly(Promise.race([reading, madeWay.promise]), work);
    return decoded(bytes);
  } finally {
    hold?.free();
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw badRequest("The body is not valid UTF-8.");
  }
}

/** What is left of a body that is refused is seen to where connections are. */
async function readBytes(
  incoming: IncomingMessage,
  chunks: Buffer[],
  hold: Hold | undefined,
): Promise<Buffer> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBodyBytes) throw tooLarge();
  let bytes = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) throw tooLarge();
      chunks.push(chunk);
      hold?.moved(chunk.length);
      if (hold?.take(chunk.length) === false) break;
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : badRequest("The body ends too early.");
  }
  return Buffer.concat(chunks);
}

const tooLarge = (): GatewayError =>
  badRequest({ complaint: "bodyTooLarge", max: maxBodyBytes }, 413);

/** The time that a body may take before others are let in meanwhile. */
const promptMilliseconds = 25;

async function promptly<Body>(reading: Promise<Body>, work: Work): Promise<Body> {
  const late = Symbol("late");
  // After a busy moment timers come first: what has arrived meanwhile is not late.
  const waited = sleep(promptMilliseconds).then(() => immediately(late));
  const early = await Promise.race([reading, waited]);
  if (early !== late) return reading;
  work.endTurn?.();
  const body = await reading;
  await work.newTurn?.();
  return body;
}

/**
 * Parses a JSON text whose depth and number of objects are bounded. No number in it is changed.
 *
 * @throws GatewayError BAD_USER_INPUT, with `complaint` when it is no JSON.
 */
export function parseBoundedJson(text: string, complaint: string): unknown {
  const excess = excessOf(text, { levels: maxLevels, objects: maxObjects });
  if (excess === "levels") {
    throw badRequest(`The JSON is nested more than ${maxLevels} levels deep; flatten it.`);
  }
  if (excess === "objects") {
    const most = maxObjects.toLocaleString("en");
    throw badRequest(`The JSON holds more than ${most} objects; send fewer at once.`);
  }
  try {
    return parseJson(text);
  } catch {
    throw badRequest(complaint);
  }
}
