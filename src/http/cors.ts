import type { IncomingMessage } from "node:http";
import { includesOrigin, type Origins } from "../config/browsers.ts";
import { GatewayError } from "../lib/errors.ts";
import type { Step } from "./front.ts";
import type { Refuse } from "./refusals.ts";

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
 * (cookies) are never allowed, and none are used. A preflight of another origin gets what `refuse` answers, since the
 * next step would complain of the credential that no preflight carries.
 */
export function cors(origins: Origins, refuse: Refuse): Step {
  return (context, next) => {
    const { request, response } = context;
    // Also without Origin: a cache must not give the answer to somebody who sends one.
    if (origins !== "*" && origins.length > 0) response.appendHeader("vary", "origin");
    const { origin } = request.headers;
    if (origin === undefined) return next();
    const isPreflight =
      request.method === "OPTIONS" &&
      request.headers["access-control-request-method"] !== undefined;
    if (!includesOrigin(origins, origin)) return isPreflight ? refuse(context, foreign()) : next();
    response.setHeader("access-control-allow-origin", origins === "*" ? "*" : origin);
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

/** It does not repeat the origin, which is the caller's text. */
const foreign = (): GatewayError =>
  new GatewayError({
    code: "FORBIDDEN",
    complaint: { complaint: "foreignOrigin" },
  });

/** Whether a page of the request's origin may open a WebSocket, to which browsers do not apply CORS. */
export function isFromAllowedOrigin(
  origins: Origins,
  { headers: { origin, host } }: Pick<IncomingMessage, "headers">,
): boolean {
  if (origin === undefined || includesOrigin(origins, origin)) return true;
  // A page of the gateway's own.
  return URL.canParse(origin) && new URL(origin).host === host;
}
