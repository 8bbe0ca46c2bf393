import type { IncomingMessage } from "node:http";
import {
  checkJsonHeaders,
  maxBodyBytes,
  parseBoundedJson,
  readJsonText,
  RefusedRequest,
} from "../limits/json-body.ts";
import { isRecord } from "../lib/json.ts";
import type { Values } from "../write/input.ts";

/**
 * The JSON object in a request's body. Numbers in it are exact, however many digits they have.
 *
 * @throws RefusedRequest 400, 413, 415
 */
export async function readBody(request: Request, incoming: IncomingMessage): Promise<Values> {
  checkJsonHeaders(request.headers, ["application/json"]);
  const text = await readJsonText(readBytes(incoming));
  const body = parseBoundedJson(text, "The body is not valid JSON.");
  if (!isRecord(body)) throw new RefusedRequest(400, "The body must be a JSON object.");
  return { ...body };
}

async function readBytes(incoming: IncomingMessage): Promise<Buffer> {
  if (Number(incoming.headers["content-length"] ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBodyBytes) throw tooLarge();
    }
  } catch (error) {
    throw error instanceof RefusedRequest
      ? error
      : new RefusedRequest(400, "The body ends too early.");
  }
  return Buffer.concat(chunks);
}

function tooLarge(): RefusedRequest {
  return new RefusedRequest(
    413,
    `The body has more than ${maxBodyBytes.toLocaleString("en")} bytes; send less at once.`,
  );
}
