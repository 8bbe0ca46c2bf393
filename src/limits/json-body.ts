import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { setImmediate as immediately, setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../db/work.ts";
import { badRequest, GatewayError, unavailable } from "../lib/errors.ts";
import { parseJson } from "../lib/exact-number.ts";
import { headerOf } from "../lib/headers.ts";
import type { Hold } from "../lib/held-bytes.ts";
import { excessOf } from "../lib/json.ts";

/** The most bytes of a request's body. */
export const maxBodyBytes = 1_000_000;
/** The deepest nesting: more than any filter or JSON value may have, and less than the stack allows. */
const maxLevels = 250;
/** The most objects. Each is read by the fields of its type; 1,000 quotes with 18 line items each are fewer. */
const maxObjects = 20_000;

/**
 * Accepts only uncompressed JSON in UTF-8. A web page of another origin could send forms and plain text without a
 * preflight.
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
  if (types.includes(contentType)) return true;
  const [type = "", ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charsets = parameters.filter((parameter) => parameter.startsWith("charset="));
  return types.includes(type) && charsets.every((charset) => /^charset="?utf-?8"?$/.test(charset));
}

/**
 * Reads a body as JSON. A slow body gives up its turn meanwhile, so that other requests are served.
 *
 * @throws GatewayError BAD_USER_INPUT, also with status 413; UNAVAILABLE if it has to make way for others.
 */
export async function readJsonText(incoming: IncomingMessage, work: Work): Promise<string> {
  // A short body arrives with its headers, so it is neither waited for nor held.
  if (incoming.complete && !incoming.destroyed && incoming.readableLength <= maxBodyBytes) {
    const bytes: Buffer | null = incoming.read();
    return decoded(bytes ?? Buffer.alloc(0));
  }
  const chunks: Buffer[] = [];
  const madeWay = Promise.withResolvers<never>();
  const hold = work.turn?.hold(() => {
    chunks.length = 0;
    const reason = unavailable(
      "Too many bodies are on their way at once; send this one again in a second, without a pause.",
    );
    madeWay.reject(reason);
    // The body may have arrived, and the request wait in line.
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

/** src/http/connection.ts handles the rest of a refused body. */
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

/** The time that a body may take before the request gives up its turn. */
const promptMilliseconds = 25;

async function promptly<Body>(reading: Promise<Body>, work: Work): Promise<Body> {
  const late = Symbol("late");
  // After a busy moment, timers run before input. A body that has arrived meanwhile is not late.
  const waited = sleep(promptMilliseconds).then(() => immediately(late));
  const early = await Promise.race([reading, waited]);
  if (early !== late) return reading;
  work.turn?.end();
  const body = await reading;
  await work.turn?.renew();
  return body;
}

/**
 * Parses a JSON text whose depth and number of objects are bounded. No number in it is changed.
 *
 * @throws GatewayError BAD_USER_INPUT, with `complaint` if the text is not JSON.
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
