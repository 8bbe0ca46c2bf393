import type { JsonSchema } from "../../model/kind.ts";

const header = (name: string, description: string, schema: JsonSchema) => ({
  name,
  description,
  required: true,
  schema,
});

const whole: JsonSchema = { type: "integer", minimum: 0 };
const atLeastOne: JsonSchema = { type: "integer", minimum: 1 };

/** The headers of answers, by their names under `components`. */
export const headers = {
  RateLimitLimit: header("X-RateLimit-Limit", "Requests that the credential has a minute.", whole),
  RateLimitRemaining: header(
    "X-RateLimit-Remaining",
    "Requests that it has left of this minute.",
    whole,
  ),
  RateLimitReset: header("X-RateLimit-Reset", "Seconds until the next minute begins.", atLeastOne),
  RequestId: header("X-Request-Id", "Names the request in the server's log.", {
    type: "string",
    minLength: 1,
  }),
  RetryAfter: header("Retry-After", "Seconds to wait before the next attempt.", atLeastOne),
  Challenge: header("WWW-Authenticate", "How to authenticate.", {
    type: "string",
    const: "Bearer",
  }),
  ETag: header("ETag", "The record's version in quotes, for If-Match.", {
    type: "string",
    pattern: '^"\\d+"$',
  }),
  LogPosition: header(
    "X-Log-Position",
    "The place in the organization's log that the snapshot ends at: `changes(after:)` gives all that happened since.",
    { type: "string", minLength: 1 },
  ),
  Rows: header("X-Rows", "How many rows the snapshot has.", whole),
  RowsSent: {
    ...header(
      "X-Rows-Sent",
      "A trailer behind the last row: how many were sent. A file without it was cut.",
      whole,
    ),
    required: false,
  },
  Location: header("Location", "The path of the new record.", { type: "string", pattern: "^/" }),
} as const;

export type HeaderName = keyof typeof headers;

/** What every answer to a good credential has. */
export const quotaHeaders: readonly HeaderName[] = [
  "RateLimitLimit",
  "RateLimitRemaining",
  "RateLimitReset",
  "RequestId",
];
