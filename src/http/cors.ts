import type { IncomingMessage } from "node:http";
import type { Step } from "./front.ts";

const allowedMethods = "GET, POST, PATCH, PUT, DELETE";
const allowedHeaders = [
  "accept",
  "apollo-require-preflight",
  "apollographql-client-name",
  "apollographql-client-version",
  "authorization",
  "baggage",
  "content-type",
  "idempotency-key",
  "if-match",
  "last-event-id",
  "traceparent",
  "tracestate",
  "x-api-key",
  "x-department-id",
  "x-organization-id",
  "x-request-id",
].join(", ");
const exposedHeaders = [
  "x-rows",
  "x-log-position",
  "etag",
  "location",
  "retry-after",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-request-id",
].join(", ");
/** Seconds that a browser may rely on a preflight; two hours are the most that any does. */
const maxAge = "7200";

/**
 * Lets pages of the configured origins read answers, as the Fetch standard has it. Credentials of the browser's own
 * (cookies) are never allowed, and none are used.
 */
export function cors(origins: "*" | readonly string[]): Step {
  return ({ request, response }, next) => {
    if (origins.length === 0) return next();
    // Also without Origin: a cache must not give the answer to somebody who sends one.
    if (origins !== "*") response.appendHeader("vary", "origin");
    const { origin } = request.headers;
    if (origin === undefined || (origins !== "*" && !origins.includes(origin))) return next();
    response.setHeader("access-control-allow-origin", origins === "*" ? "*" : origin);
    const isPreflight =
      request.method === "OPTIONS" &&
      request.headers["access-control-request-method"] !== undefined;
    if (!isPreflight) {
      response.setHeader("access-control-expose-headers", exposedHeaders);
      return next();
    }
    response
      .writeHead(204, {
        "access-control-allow-methods": allowedMethods,
        "access-control-allow-headers": allowedHeaders,
        "access-control-max-age": maxAge,
      })
      .end();
  };
}

/** Whether a page of the request's origin may open a WebSocket, to which browsers do not apply CORS. */
export function isFromAllowedOrigin(
  origins: "*" | readonly string[],
  { headers: { origin, host } }: Pick<IncomingMessage, "headers">,
): boolean {
  if (origin === undefined || origins === "*" || origins.includes(origin)) return true;
  // A page of the gateway's own.
  return URL.canParse(origin) && new URL(origin).host === host;
}
