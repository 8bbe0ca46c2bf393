import { rootOf } from "./checks.ts";
import { ApiError, ConflictError, ConnectionError, errorOf, TimeoutError } from "./errors.ts";
import { newIdempotencyKey } from "./idempotency-key.ts";
import type { ChangeOptions, ClientOptions } from "./options.ts";
import { Deadline, delayBefore, wait } from "./waiting.ts";

/** One request of an API. */
export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** From the API's root, each part encoded, e.g. `/accounts/acc-…`. */
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  readonly body?: unknown;
  /** A form in place of JSON. */
  readonly form?: FormData;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Statuses of failures that pass by themselves. */
const passing: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** Sends the requests of one client: credentials, time limits, retries. */
export class Transport {
  readonly #root: string;
  readonly #options: ClientOptions;
  /** Headers; kept where printing a client does not show them. */
  readonly #credentials: Readonly<Record<string, string>>;

  constructor(options: ClientOptions, root: string, credentials: Readonly<Record<string, string>>) {
    this.#options = options;
    this.#root = rootOf(options.baseUrl) + root;
    this.#credentials = credentials;
  }

  /** Sends a request, again if need be, and gives the JSON of its answer. */
  async send<Result>(call: Call, options: ChangeOptions = {}): Promise<Result> {
    const { signal, maxRetries = this.#options.maxRetries ?? 2 } = options;
    const { maxRetryDelay = 60_000 } = this.#options;
    const query = call.query?.toString() ?? "";
    const url = `${this.#root}${call.path}${query === "" ? "" : `?${query}`}`;
    const json = call.body === undefined ? undefined : JSON.stringify(call.body, whole);
    const body = call.form ?? json;
    const init: RequestInit = {
      method: call.method,
      headers: this.#headersOf(call, options),
      ...(body === undefined ? {} : { body }),
      // Credentials are for this server; they would go wherever it sends us.
      redirect: "manual",
    };
    const timeout = options.timeout ?? this.#options.timeout ?? 60_000;
    for (let retry = 1; ; retry += 1) {
      const outcome = await this.#attempt(url, init, signal, timeout);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server's tests hold its answers to the document
      if (!(outcome instanceof ApiError)) return outcome as Result;
      const delay = delayBefore(retry, outcome.headers);
      if (retry > maxRetries || !isPassing(outcome) || delay > maxRetryDelay) throw outcome;
      await wait(delay, signal);
    }
  }

  #headersOf(call: Call, { idempotencyKey, ifMatch, headers }: ChangeOptions): Headers {
    const all = new Headers({ accept: "application/json" });
    // One after the other: side by side, "X-Api-Key" and "x-api-key" would be sent as two values.
    for (const some of [this.#options.headers, this.#credentials, headers]) {
      for (const [name, value] of Object.entries(some ?? {})) all.set(name, value);
    }
    if (call.body !== undefined) all.set("content-type", "application/json");
    // The same for all attempts of a call, so that what was written unheard is not written twice.
    if (call.method !== "GET") all.set("idempotency-key", idempotencyKey ?? newIdempotencyKey());
    if (ifMatch !== undefined) all.set("if-match", `"${ifMatch}"`);
    return all;
  }

  /** The answer's JSON, or what went wrong; rejects when the caller ended the call. */
  async #attempt(
    url: string,
    init: RequestInit,
    outer: AbortSignal | undefined,
    timeout: number,
  ): Promise<unknown> {
    const deadline = new Deadline(outer, timeout);
    try {
      const answer = await this.#fetch(url, { ...init, signal: deadline.signal });
      return this.#read(answer);
    } catch (cause) {
      if (deadline.isOver) {
        return new TimeoutError(`There was no answer within ${timeout} ms`, cause);
      }
      outer?.throwIfAborted();
      return cause instanceof ApiError
        ? cause
        : new ConnectionError(`There was no answer: ${describe(cause)}`, cause);
    } finally {
      deadline.clear();
    }
  }

  async #fetch(url: string, init: RequestInit): Promise<Answer> {
    const { fetch = globalThis.fetch } = this.#options;
    // Without `this`, which browsers' fetch does not take from others.
    const response = await fetch(url, init);
    const { status, headers } = response;
    if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
      const message = "The server redirects; set baseUrl to where it sends requests";
      throw new ApiError({ message, status: status || null, headers, body: null });
    }
    return { status, headers, text: await response.text() };
  }

  #read({ status, headers, text }: Answer): unknown {
    const isSuccess = status >= 200 && status < 300;
    const { parse = JSON.parse } = this.#options;
    let body: unknown;
    try {
      body = parse(text);
    } catch (cause) {
      if (!isSuccess) return errorOf(status, headers, text);
      const message = "The answer is not JSON; is baseUrl that of the server?";
      return new ApiError({ message, status, headers, body: text, cause });
    }
    return isSuccess ? body : errorOf(status, headers, body);
  }
}

/** Whether the same request may be accepted the next time. */
function isPassing(error: ApiError): boolean {
  if (error instanceof ConnectionError) return true;
  // The first attempt was unheard and still runs.
  if (error instanceof ConflictError) return error.isInProgress;
  return error.status !== null && passing.has(error.status);
}

/** What runtimes hide behind "fetch failed". */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== ""
    ? error.cause.message
    : error.message;
}

/** Refuses what JSON turns into null, which would clear a field. */
function whole(key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new TypeError(`${key}: ${value} is not a number that can be sent`);
}
