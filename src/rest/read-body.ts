import type { RequestContext } from "../gate/request-context.ts";
import {
  checkJsonHeaders,
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
export async function readBody({ request, work }: RequestContext): Promise<Values> {
  checkJsonHeaders(request.headers, ["application/json"]);
  const text = await readJsonText(request, work);
  const body = parseBoundedJson(text, "The body is not valid JSON.");
  if (!isRecord(body)) throw new RefusedRequest(400, "The body must be a JSON object.");
  return { ...body };
}
