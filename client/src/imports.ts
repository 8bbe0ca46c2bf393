import { idPart } from "./checks.ts";
import { List, type Page } from "./list.ts";
import type { Import } from "./openapi.ts";
import type { RequestOptions } from "./options.ts";
import { searchOf } from "./query.ts";
import type { Transport } from "./transport.ts";
import { wait } from "./waiting.ts";

/** How a file is to be imported; `entity` is what its rows are. See docs/bulk.md. */
export interface ImportSettings {
  readonly entity: Import["entity"];
  readonly mode?: Import["mode"];
  /** What a row's record is found by: `external_id`, `email` … */
  readonly key?: string;
  readonly dry_run?: boolean;
  readonly on_error?: Import["on_error"];
  /** Column → field: `{ "E-Mail": "email", Firma: "account.name" }`; `-` leaves a column out. */
  readonly map?: Readonly<Record<string, string>>;
  readonly unmapped?: "wait" | "ignore" | "custom_fields";
  /** Field → text in the file → its meaning. */
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Field → what an empty cell means. */
  readonly defaults?: Readonly<Record<string, string>>;
  readonly dates?: "iso" | "dmy" | "mdy";
  readonly decimals?: "point" | "comma";
  readonly country?: string;
  readonly time_zone?: string;
  readonly empty?: "skip" | "null";
  readonly create_missing?: readonly string[];
  readonly format?: "csv" | "ndjson" | "json";
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly file_name?: string;
  readonly force?: boolean;
}

/** Files that are imported. */
export interface Imports {
  /** Sends a file; its rows are written behind the answer. The same file again gets the import that it made. */
  create(file: Blob, settings: ImportSettings, options?: RequestOptions): Promise<Import>;
  /** The imports, the latest first. */
  list(options?: RequestOptions): List<Import>;
  /** How far an import is. */
  get(id: string, options?: RequestOptions): Promise<Import>;
  /** Starts one that waits, and says what becomes of the columns that go nowhere. */
  start(
    id: string,
    unmapped?: "ignore" | "custom_fields",
    options?: RequestOptions,
  ): Promise<Import>;
  /** Ends one; what was written before stays. */
  cancel(id: string, options?: RequestOptions): Promise<Import>;
  /** Asks until it has ended, or waits for `start`. */
  ended(id: string, options?: RequestOptions): Promise<Import>;
}

/** A file that a person chose has a name. */
const nameOf = ({ name = "file" }: Blob & { readonly name?: string }): string => name;

const root = "/imports";
/** The pause between two questions. */
const pause = 1_000;

/** What can be done with imports. */
export function importsOf(transport: Transport): Imports {
  const post = (id: string, verb: string, query: URLSearchParams, options?: RequestOptions) =>
    transport.send<Import>(
      { method: "POST", path: `${root}/${idPart(id)}/${verb}`, query },
      options,
    );
  const get: Imports["get"] = async (id, options) =>
    transport.send<Import>({ method: "GET", path: `${root}/${idPart(id)}` }, options);
  return {
    create: (file, settings, options) => {
      const form = new FormData();
      form.set("options", JSON.stringify(settings));
      form.set("file", file, settings.file_name ?? nameOf(file));
      return transport.send<Import>({ method: "POST", path: root, form }, options);
    },
    list: (options) =>
      new List(async (cursor) =>
        transport.send<Page<Import>>(
          { method: "GET", path: root, query: searchOf({}, cursor) },
          options,
        ),
      ),
    get,
    start: async (id, unmapped, options) =>
      post(id, "start", searchOf({ unmapped }, null), options),
    cancel: async (id, options) => post(id, "cancel", searchOf({}, null), options),
    ended: async (id, options) => {
      for (;;) {
        const found = await get(id, options);
        if (found.finished_at !== null || found.status === "waiting") return found;
        await wait(pause, options?.signal);
      }
    },
  };
}
