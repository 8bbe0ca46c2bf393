import { quotaHeaders, type Gate, type NoPassage } from "../../gate/gate.ts";
import type { RequestContext } from "../../gate/request-context.ts";
import { GatewayError } from "../../lib/errors.ts";
import { wordsOf } from "../../lib/messages.ts";
import { httpStatusOf } from "../../lib/refusal.ts";
import { sendWhole } from "../../limits/send-answer.ts";
import { tellError } from "./errors.ts";

/** One message for every invalid credential, so that it reveals no reason. */
const unauthenticated =
  "Send a valid API key in the x-api-key header (or as Authorization: Bearer <key>).";

/** Answers a request that did not pass the gate, before its body is read. */
export function refuse(
  context: RequestContext,
  passage: NoPassage,
  { gate }: { readonly gate: Gate },
): Promise<void> {
  switch (passage.kind) {
    case "unauthenticated":
      return send(context, 401, errorsOf(unauthenticated, { code: "UNAUTHENTICATED" }), {
        "www-authenticate": "Bearer",
      });
    case "unchecked": {
      const { id: requestId } = context;
      const { cause } = passage;
      const known = cause instanceof GatewayError ? cause.refusal : null;
      const wait = known?.code === "UNAVAILABLE" ? known.retryAfter : undefined;
      const message = `${wordsOf({ complaint: "noCredentialCheck" })} Request id ${requestId}.`;
      return send(context, 503, errorsOf(message, { code: "UNAVAILABLE", requestId }), {
        "retry-after": String(wait ?? 1),
      });
    }
    case "overQuota": {
      const { error } = tellError(passage.error, context.id);
      const errors = [{ message: error.message, extensions: error.extensions }];
      const extensions = { rateLimit: gate.rateOf(context) };
      return send(context, httpStatusOf[passage.error.code], { errors, extensions });
    }
    case "elsewhere": {
      const { message, code } = passage.error;
      return send(context, httpStatusOf[code], errorsOf(message, { code }));
    }
    default:
      throw new Error("GraphQL does not ask for an organization");
  }
}

function errorsOf(message: string, extensions: Readonly<Record<string, unknown>>) {
  return { errors: [{ message, extensions }] };
}

function send(
  context: RequestContext,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { accept = "" } = context.request.headers;
  const type = accept.includes("application/graphql-response+json")
    ? "application/graphql-response+json"
    : "application/json";
  const all = { "content-type": `${type}; charset=utf-8`, ...quotaHeaders(context), ...headers };
  return sendWhole(context, { status, headers: all }, JSON.stringify(body));
}
