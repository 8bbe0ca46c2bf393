import { badRequest } from "../lib/errors.ts";
import type { Values } from "../model/record.ts";
import type { RequestContext } from "../gate/request-context.ts";
import { checkJsonHeaders, parseBoundedJson, readJsonText } from "../limits/json-body.ts";
import { isRecord } from "../lib/json.ts";

/**
 * The JSON object in a request's body. Numbers in it are exact, however many digits they have.
 *
 * @throws GatewayError BAD_USER_INPUT, also with status 413 or 415
 */
export async function readBody({ request, work }: RequestContext): Promise<Values> {
  checkJsonHeaders(request.headers, ["application/json"]);
  const text = await readJsonText(request, work);
  const body = parseBoundedJson(text, "The body is not valid JSON.");
  if (!isRecord(body)) throw badRequest("The body must be a JSON object.");
  return { ...body };
}
