import { rootOf } from "./checks.ts";
import { ApiError, ConflictError, ConnectionError, errorOf, TimeoutError } from "./errors.ts";
import { newIdempotencyKey } from "./idempotency-key.ts";
import type { ChangeOptions, ClientOptions, RequestOptions } from "./options.ts";
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

/** An answer that is read as it comes. */
class Opened {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #deadline: Deadline;
  readonly #outer: AbortSignal | undefined;

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    deadline: Deadline,
    outer: AbortSignal | undefined,
  ) {
    this.#reader = reader;
    this.#deadline = deadline;
    this.#outer = outer;
    deadline.stopTimer();
  }

  /** The whole lines. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await this.#next();
      if (done) return;
      const [first = "", ...others] = decoder.decode(value, { stream: true }).split("\n");
      const lines = [rest + first, ...others];
      rest = lines.pop() ?? "";
      yield* lines;
    }
  }

  /** Ends the connection, if the answer has not come to its end. */
  async close(): Promise<void> {
    this.#deadline.clear();
    await this.#reader.cancel().catch(() => undefined);
  }

  async #next() {
    try {
      return await this.#reader.read();
    } catch (cause) {
      this.#outer?.throwIfAborted();
      throw new ConnectionError(`The answer was cut: ${describe(cause)}`, cause);
    }
  }
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
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server's tests hold its answers to the document
    return (await this.#answered(call, options, false)) as Result;
  }

  /**
   * Sends a request, again if need be, and gives the JSON of each line of its answer as it comes. The time limit is that of
   * the answer's head. @throws ConnectionError if the connection ends before the answer
   */
  async *lines(call: Call, options: RequestOptions = {}): AsyncGenerator<unknown, void, undefined> {
    const opened = await this.#answered(call, options, true);
    if (!(opened instanceof Opened)) throw new Error("the answer has no lines");
    const { parse = JSON.parse } = this.#options;
    try {
      for await (const line of opened.lines()) yield parse(line);
    } finally {
      await opened.close();
    }
  }

  /** What `#attempt` gives, after more of them if need be. @throws ApiError */
  async #answered(call: Call, options: ChangeOptions, isOpen: boolean): Promise<unknown> {
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
      const outcome = await this.#attempt(url, init, signal, timeout, isOpen);
      if (!(outcome instanceof ApiError)) return outcome;
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

  /** The answer's JSON, or the answer if it is to stay open, or what went wrong; rejects when the caller ended the call. */
  async #attempt(
    url: string,
    init: RequestInit,
    outer: AbortSignal | undefined,
    timeout: number,
    isOpen: boolean,
  ): Promise<unknown> {
    const deadline = new Deadline(outer, timeout);
    let opened: Opened | null = null;
    try {
      const response = await this.#fetch(url, { ...init, signal: deadline.signal });
      const { status, headers, ok, body } = response;
      if (isOpen && ok && body !== null)
        return (opened = new Opened(body.getReader(), deadline, outer));
      return this.#read({ status, headers, text: await response.text() });
    } catch (cause) {
      if (deadline.isOver) {
        return new TimeoutError(`There was no answer within ${timeout} ms`, cause);
      }
      outer?.throwIfAborted();
      return cause instanceof ApiError
        ? cause
        : new ConnectionError(`There was no answer: ${describe(cause)}`, cause);
    } finally {
      if (opened === null) deadline.clear();
    }
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const { fetch = globalThis.fetch } = this.#options;
    // Without `this`, which browsers' fetch does not take from others.
    const response = await fetch(url, init);
    const { status, headers } = response;
    if (response.type === "opaqueredirect" || (status >= 300 && status < 400)) {
      const message = "The server redirects; set baseUrl to where it sends requests";
      throw new ApiError({ message, status: status || null, headers, body: null });
    }
    return response;
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
