import type { ServerResponse } from "node:http";

/**
 * What every answer starts from; a page or a file that may do more says so itself. Answers are for the one who asked:
 * nothing keeps, frames, runs or embeds them. What CORS allows is not touched by the resource policy.
 */
const headers = Object.entries({
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
});

/** Sets them on an answer that is yet to be given. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of headers) response.setHeader(name, value);
}
