/** One thing that is wrong with what was sent. */
export interface Issue {
  /** The field, e.g. `line_items.2.quantity`. */
  readonly path: string;
  readonly message: string;
}

/** What is known of an answer that is no success. */
export interface Failure {
  readonly message: string;
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly headers: Headers | null;
  /** The answer's JSON, or its text if it is none. */
  readonly body: unknown;
  readonly cause?: unknown;
}

/** What all errors of the server, and of the way to it, have in common. */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** What the operator finds the request by in the server's log. */
  readonly requestId: string | null;
  /** The answer's JSON, or its text if it is none. */
  readonly body: unknown;
  /** The answer's headers; null when there was no answer. */
  readonly headers: Headers | null;

  constructor({ message, status, headers, body, cause }: Failure) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.headers = headers;
    this.body = body;
    this.requestId = headers?.get("x-request-id") ?? null;
  }
}

/** 400: something that was sent cannot be used; nothing was written. */
export class ValidationError extends ApiError {
  override readonly name = "ValidationError";
  /** All that is wrong, at once. */
  readonly issues: readonly Issue[];

  constructor(failure: Failure) {
    super(failure);
    this.issues = issuesOf(failure.body);
  }
}

/** 401: no credential, or one that is not valid. */
export class AuthenticationError extends ApiError {
  override readonly name = "AuthenticationError";
}

/** 403: the credential may not do this. */
export class PermissionError extends ApiError {
  override readonly name = "PermissionError";
  /** The scopes that it would need; empty when something else is missing. */
  readonly missingScopes: readonly string[];

  constructor(failure: Failure) {
    super(failure);
    this.missingScopes = listOf(failure.body, "missingScopes").filter(
      (scope) => typeof scope === "string",
    );
  }
}

/** 404: no such record, or none that the caller may see. */
export class NotFoundError extends ApiError {
  override readonly name = "NotFoundError";
}

/** 409 and 412: the record has another version by now, or something else stands in the way. Nothing was written. */
export class ConflictError extends ApiError {
  override readonly name = "ConflictError";
  /** The record as it is now; null when the conflict is about something else. */
  readonly current: unknown;
  /** Whether the first request with the same idempotency key is still being carried out: the same one is worth sending again. */
  readonly isInProgress: boolean;

  constructor(failure: Failure) {
    super(failure);
    const current = fieldOf(failure.body, "current");
    this.current = current ?? null;
    // Every other conflict is about a record, and shows it, be it as null.
    const isOurs = textOf(failure.body, "error") !== null;
    this.isInProgress = failure.status === 409 && isOurs && current === undefined;
  }
}

/** 409: a value that must be unique is taken. */
export class DuplicateError extends ApiError {
  override readonly name = "DuplicateError";
  /** The field whose value is taken. */
  readonly field: string;
  /** The record that has it; null when the API does not show it, or the caller may not see it. */
  readonly existing: unknown;

  constructor(failure: Failure) {
    super(failure);
    this.field = textOf(failure.body, "field") ?? "";
    this.existing = fieldOf(failure.body, "existing") ?? null;
  }
}

/** 422: the idempotency key was used for another request. */
export class IdempotencyError extends ApiError {
  override readonly name = "IdempotencyError";
}

/** 429: the credential's quota is used up. */
export class RateLimitError extends ApiError {
  override readonly name = "RateLimitError";
  /** Seconds until a request is accepted again; null when the server does not say. */
  readonly retryAfter: number | null;
  /** How many requests the window has room for. */
  readonly limit: number | null;
  /** What is counted over, e.g. `minute`. */
  readonly window: string | null;

  constructor(failure: Failure) {
    super(failure);
    const milliseconds = retryAfterOf(failure.headers);
    this.retryAfter = milliseconds === null ? null : Math.ceil(milliseconds / 1000);
    const limit = fieldOf(failure.body, "limit");
    this.limit = typeof limit === "number" ? limit : null;
    this.window = textOf(failure.body, "window");
  }
}

/** 5xx: the server failed, or is too busy. */
export class ServerError extends ApiError {
  override readonly name = "ServerError";
}

/** There was no answer: no connection, or one that broke. `cause` has what the runtime says. */
export class ConnectionError extends ApiError {
  override readonly name: string = "ConnectionError";

  constructor(message: string, cause?: unknown) {
    super({ message, status: null, headers: null, body: null, cause });
  }
}

/** There was no answer within the time that the call has. */
export class TimeoutError extends ConnectionError {
  override readonly name = "TimeoutError";
}

/** The error that an answer stands for. */
export function errorOf(status: number, headers: Headers, body: unknown): ApiError {
  const failure: Failure = { message: messageOf(status, body), status, headers, body };
  if (status === 400) return new ValidationError(failure);
  if (status === 401) return new AuthenticationError(failure);
  if (status === 403) return new PermissionError(failure);
  if (status === 404) return new NotFoundError(failure);
  if (status === 409 && textOf(body, "field") !== null) return new DuplicateError(failure);
  if (status === 409 || status === 412) return new ConflictError(failure);
  if (status === 422) return new IdempotencyError(failure);
  if (status === 429) return new RateLimitError(failure);
  return status >= 500 ? new ServerError(failure) : new ApiError(failure);
}

/** What Retry-After asks for, in milliseconds; it comes in seconds or as a date. Null when it says neither. */
export function retryAfterOf(headers: Headers | null): number | null {
  const text = headers?.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Date.parse takes "-1" for a month of 2001.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

function messageOf(status: number, body: unknown): string {
  const message = textOf(body, "error") ?? `The server answered with the status ${status}`;
  const issues = issuesOf(body).map((issue) => `${issue.path}: ${issue.message}`);
  return issues.length === 0 ? message : `${message} (${issues.join("; ")})`;
}

function issuesOf(body: unknown): Issue[] {
  return listOf(body, "issues").map((issue) => ({
    path: textOf(issue, "path") ?? "",
    message: textOf(issue, "message") ?? "",
  }));
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown, name: string): string | null {
  const text = fieldOf(value, name);
  return typeof text === "string" ? text : null;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const list = fieldOf(value, name);
  return Array.isArray(list) ? list : [];
}
