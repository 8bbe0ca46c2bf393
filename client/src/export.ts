import { ConnectionError } from "./errors.ts";

/** How an export ended. */
export interface ExportEnd {
  /** How many records it had. */
  readonly rows: number;
  /** The place in the tenant's log that its snapshot ends at, for GraphQL's `changes(after:)`. */
  readonly position: string;
}

/**
 * All records that match, from one snapshot: `for await` goes through them as they come. It throws a
 * {@link ConnectionError} after the last one if the export was cut.
 */
export class Export<Item> implements AsyncIterable<Item> {
  readonly #lines: () => AsyncIterable<unknown>;
  #end: ExportEnd | null = null;

  constructor(lines: () => AsyncIterable<unknown>) {
    this.#lines = lines;
  }

  /** How it ended; null before it did. */
  get end(): ExportEnd | null {
    return this.#end;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    this.#end = null;
    let rows = 0;
    for await (const line of this.#lines()) {
      const end = endIn(line);
      if (end === null) {
        rows += 1;
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server's tests hold its answers to the document
        yield line as Item;
      } else if (end.rows === rows) this.#end = end;
    }
    if (this.#end === null) {
      throw new ConnectionError(`The export was cut: ${rows} records came`, undefined);
    }
  }
}

/** The last line: `{ "_end": { "rows": 3, "position": "…" } }`. */
function endIn(line: unknown): ExportEnd | null {
  const end: unknown = typeof line === "object" && line !== null ? Reflect.get(line, "_end") : null;
  if (typeof end !== "object" || end === null || !("rows" in end) || !("position" in end))
    return null;
  return { rows: Number(end.rows), position: String(end.position) };
}
