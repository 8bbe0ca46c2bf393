import type { TestGateway } from "../gateway/gateway.ts";
import { plainAnswers } from "../gateway/plain-answers.ts";
import { assertDocumented } from "./openapi-contract.ts";

/** An answer of a REST API. */
export type RestAnswer = {
  readonly status: number;
  readonly headers: Headers;
  /** As it was sent. */
  readonly text: string;
  /** The JSON in it. */
  readonly body: unknown;
};

/** Sends requests to the REST APIs as a client does. */
export type RestClient = {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<RestAnswer>;
  post(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<RestAnswer>;
  patch(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<RestAnswer>;
  put(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<RestAnswer>;
  delete(path: string, headers?: Readonly<Record<string, string>>): Promise<RestAnswer>;
};

/** For rows that no API has written, whose values need not be as any is documented. */
export const unchecked = (): void => undefined;

/**
 * A client with headers of its own; a body that is text is sent as it is. Every answer must be one of those that the
 * OpenAPI document has, unless something else is to check it.
 */
export function restClient(
  { url }: Pick<TestGateway, "url">,
  ownHeaders: Readonly<Record<string, string>>,
  check: typeof assertDocumented = assertDocumented,
): RestClient {
  const send = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: unknown,
  ): Promise<RestAnswer> => {
    const hasBody = body !== undefined;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...plainAnswers,
        ...(hasBody ? { "content-type": "application/json" } : {}),
        ...ownHeaders,
        ...headers,
      },
      ...(hasBody ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    check({ method, path, status: response.status, headers: response.headers, text });
    const parsed: unknown = text === "" ? null : JSON.parse(text);
    return { status: response.status, headers: response.headers, text, body: parsed };
  };
  return {
    get: (path, headers) => send("GET", path, headers),
    post: (path, body, headers) => send("POST", path, headers, body),
    patch: (path, body, headers) => send("PATCH", path, headers, body),
    put: (path, body, headers) => send("PUT", path, headers, body),
    delete: (path, headers) => send("DELETE", path, headers),
  };
}
