export * from "./asteri.ts";
export * from "./crm.ts";
export { exactNumbers } from "./exact-numbers.ts";
export {
  ApiError,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  DuplicateError,
  IdempotencyError,
  NotFoundError,
  PermissionError,
  RateLimitError,
  ServerError,
  TimeoutError,
  ValidationError,
  type Failure,
  type Issue,
} from "./errors.ts";
export type { Export, ExportEnd } from "./export.ts";
export type { Imports, ImportSettings } from "./imports.ts";
export type { List, Page } from "./list.ts";
export type * from "./openapi.ts";
export type {
  ChangeOptions,
  ClientOptions,
  ReadOptions,
  RequestOptions,
  WriteOptions,
} from "./options.ts";
export type { Collection, Exported, Log } from "./resource.ts";
