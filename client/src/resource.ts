import { idPart } from "./checks.ts";
import { Export } from "./export.ts";
import { List, type Page } from "./list.ts";
import type { ChangeOptions, ReadOptions, RequestOptions, WriteOptions } from "./options.ts";
import { searchOf, type Query } from "./query.ts";
import type { Transport } from "./transport.ts";

/** Records that are listed, read and created. */
export interface Log<Item, Create, Parameters> {
  /** The records that match: `await` gives the first page, `for await` goes through all. */
  list(parameters?: Parameters, options?: RequestOptions): List<Item>;
  /** One record. */
  get(id: string, options?: ReadOptions): Promise<Item>;
  /** Creates a record. */
  create(body: Create, options?: WriteOptions): Promise<Item>;
}

/** Records that are sent whole. */
export interface Exported<Item, Parameters> {
  /** All records that match, from one snapshot. Nothing is sent before the first is asked for. */
  export(parameters?: Omit<Parameters, "limit" | "cursor">, options?: RequestOptions): Export<Item>;
}

/** Records that are changed and deleted as well. */
export interface Collection<Item, Create, Update, Parameters>
  extends Log<Item, Create, Parameters>, Exported<Item, Parameters> {
  /** Changes what is sent; null clears. A `version` in the body must be the current one, as `ifMatch` must. */
  update(id: string, body: Update, options?: ChangeOptions): Promise<Item>;
  /** Deletes a record, with what it contains, and gives it as it is afterwards. */
  delete(id: string, options?: ChangeOptions): Promise<Item>;
  /**
   * Changes the record with this `external_id`, or creates it. With `ifMatch` none is created. The keys `.` and `..`
   * cannot be sent.
   */
  upsert(externalId: string, body: Update, options?: ChangeOptions): Promise<Item>;
}

/** A list at a path. */
export function listOf<Item>(
  transport: Transport,
  path: string,
  parameters: object = {},
  options?: RequestOptions,
): List<Item> {
  const query: Query = { ...parameters };
  return new List(async (cursor) =>
    transport.send<Page<Item>>({ method: "GET", path, query: searchOf(query, cursor) }, options),
  );
}

/** What can be done with the log at a path. */
export function logAt<Item, Create, Parameters extends object>(
  transport: Transport,
  path: string,
): Log<Item, Create, Parameters> {
  return {
    list: (parameters, options) => listOf(transport, path, parameters, options),
    get: async (id, options) => {
      const query = searchOf({ include_deleted: options?.includeDeleted }, null);
      return transport.send<Item>({ method: "GET", path: `${path}/${idPart(id)}`, query }, options);
    },
    create: (body, options) => transport.send<Item>({ method: "POST", path, body }, options),
  };
}

/** The export of the list at a path. */
export function exportedAt<Item, Parameters extends object>(
  transport: Transport,
  path: string,
): Exported<Item, Parameters> {
  return {
    export: (parameters, options) => {
      const query = searchOf({ ...parameters, format: "ndjson" }, null);
      return new Export(() =>
        transport.lines({ method: "GET", path: `${path}/export`, query }, options),
      );
    },
  };
}

/** What can be done with the collection at a path. */
export function collectionAt<Item, Create, Update, Parameters extends object>(
  transport: Transport,
  path: string,
): Collection<Item, Create, Update, Parameters> {
  return {
    ...logAt<Item, Create, Parameters>(transport, path),
    ...exportedAt<Item, Parameters>(transport, path),
    update: async (id, body, options) =>
      transport.send<Item>({ method: "PATCH", path: `${path}/${idPart(id)}`, body }, options),
    delete: async (id, options) =>
      transport.send<Item>({ method: "DELETE", path: `${path}/${idPart(id)}` }, options),
    upsert: async (externalId, body, options) =>
      transport.send<Item>(
        { method: "PUT", path: `${path}/external/${idPart(externalId, "externalId")}`, body },
        options,
      ),
  };
}
