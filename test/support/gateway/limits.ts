import type { TestGateway } from "./gateway.ts";
import { plainAnswers } from "./plain-answers.ts";

/** A key that has so many requests a minute; null for what a key has that says nothing. */
export async function limitedKey(
  { fixtures, keyFor }: Pick<TestGateway, "fixtures" | "keyFor">,
  slug: string,
  perMinute: number | null,
): Promise<string> {
  const key = await keyFor(slug);
  await fixtures.client.query("UPDATE api_keys SET requests_per_minute = $1 WHERE id = $2", [
    perMinute,
    key.split("_")[2],
  ]);
  return key;
}

/** An answer with what its headers say of the quota. */
export type CountedAnswer = {
  readonly status: number;
  readonly limit: string | null;
  readonly remaining: string | null;
  readonly reset: string | null;
  readonly retryAfter: string | null;
  readonly answer: unknown;
};

/** Sends an operation, or a body that is none. */
export async function post(
  url: string,
  key: string,
  options: {
    readonly query?: string;
    readonly body?: string;
    readonly type?: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  } = {},
): Promise<CountedAnswer> {
  const { query = "{ __typename }", type = "application/json", method = "POST" } = options;
  const response = await fetch(`${url}/graphql`, {
    method,
    headers: { ...plainAnswers, "content-type": type, "x-api-key": key, ...options.headers },
    body: options.body ?? JSON.stringify({ query }),
    signal: options.signal ?? null,
  });
  const text = await response.text();
  return {
    status: response.status,
    limit: response.headers.get("x-ratelimit-limit"),
    remaining: response.headers.get("x-ratelimit-remaining"),
    reset: response.headers.get("x-ratelimit-reset"),
    retryAfter: response.headers.get("retry-after"),
    answer: text === "" ? null : JSON.parse(text),
  };
}
