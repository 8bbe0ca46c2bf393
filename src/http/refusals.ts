import type { RequestContext } from "../gate/request-context.ts";
import type { GatewayError } from "../lib/errors.ts";
import { httpStatusOf } from "../lib/refusal.ts";
import { sendJson } from "./send-json.ts";

/** Answers a request that is refused before its body is read, in the form of one API. */
export type Refuse = (context: RequestContext, error: GatewayError) => void;

/** Refuses in the form of GraphQL. */
export const refuseGraphQL: Refuse = (context, error) => {
  const { message, code } = error;
  send(context, error, { errors: [{ message, extensions: { code } }] });
};

/** Refuses in the form of the REST APIs. */
export const refuseRest: Refuse = (context, error) =>
  send(context, error, { error: error.message });

function send({ response }: RequestContext, { code }: GatewayError, body: object): void {
  const headers: Record<string, string> = code === "UNAVAILABLE" ? { "retry-after": "1" } : {};
  sendJson(response, httpStatusOf[code], body, headers);
}
