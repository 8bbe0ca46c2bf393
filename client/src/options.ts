/** What every client is made with. */
export interface ClientOptions {
  /** Where the server is, e.g. `https://crm.example`; a path in it comes before the API's own. */
  readonly baseUrl: string | URL;
  /** Sends the requests; the runtime's own `fetch` unless given. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How often a request is sent again after a failure that passes; 2 unless given, 0 for never. */
  readonly maxRetries?: number | undefined;
  /** The longest wait before a request is sent again, in milliseconds; 60,000 unless given. When the server asks for a longer one, its answer is thrown at once. */
  readonly maxRetryDelay?: number | undefined;
  /** How long one attempt may take, in milliseconds; 60,000 unless given, `Infinity` for no limit. */
  readonly timeout?: number | undefined;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Reads the JSON of answers; `JSON.parse` unless given. With `exactNumbers` no digit of a number is lost. */
  readonly parse?: ((text: string) => unknown) | undefined;
}

/** What a call may say beside its parameters. */
export interface RequestOptions {
  /** Ends the call, its retries and, of a list, all further pages; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** As {@link ClientOptions.timeout}, for this call. */
  readonly timeout?: number | undefined;
  /** As {@link ClientOptions.maxRetries}, for this call. */
  readonly maxRetries?: number | undefined;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What a call that reads a record may say. */
export interface ReadOptions extends RequestOptions {
  /** Whether a deleted record is given as well. */
  readonly includeDeleted?: boolean | undefined;
}

/** What a call that writes may say. */
export interface WriteOptions extends RequestOptions {
  /** Under one key the server writes once, however often it is asked. Made for each call unless given. */
  readonly idempotencyKey?: string | undefined;
}

/** What a call that changes a record may say. */
export interface ChangeOptions extends WriteOptions {
  /** The `version` that the record must still have; if it has another, nothing is written: {@link ConflictError}. */
  readonly ifMatch?: number | undefined;
}
