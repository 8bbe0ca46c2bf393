import { cursorAt } from "../../changes/position.ts";
import type { RowTap } from "../../db/row-tap.ts";
import type { Transaction } from "../../db/transaction.ts";
import { ByteWriter } from "../../lib/byte-writer.ts";
import type { Sql, Statement } from "../../lib/sql.ts";
import { catalog } from "../../modules/catalog.ts";
import { wholeList, type ListRequest } from "../../query/page.ts";
import type { Viewer, ViewerSql } from "../../query/visible.ts";
import type { RowPrinter } from "./print.ts";

/** Bytes that are sent together. More are printed meanwhile, and PostgreSQL waits where they are too many. */
const sentBytes = 262_144;
const mostBytes = 4 * sentBytes;
/** Rows that are asked for at once: more where their client takes them fast, so that PostgreSQL does not wait between. */
const [leastRows, mostRows] = [64, 16_384];
const [shortMilliseconds, longMilliseconds] = [250, 2_000];

/** A list that is read whole, and how each of its rows is printed. */
export type Part = {
  readonly request: ListRequest;
  readonly columns: (viewer: ViewerSql) => readonly Sql[];
  readonly print: RowPrinter;
};

/** A part whose rows were counted. */
export type Counted = Part & {
  readonly rows: number;
  readonly open: Statement;
  readonly cursor: string;
};

/** The place in the tenant's log that a snapshot ends at, as `changes(after:)` takes it. */
export async function positionIn(transaction: Transaction, tenantId: string): Promise<string> {
  const text = "SELECT coalesce(max(position), 0) FROM change_events WHERE tenant_id = $1::uuid";
  const [row] = await transaction.rows(text, [tenantId]);
  return cursorAt(row?.[0] ?? "0");
}

/** Counts the rows of each part, which the same snapshot then gives. */
export async function counted(
  transaction: Transaction,
  viewer: Viewer,
  parts: readonly Part[],
): Promise<Counted[]> {
  const found: Counted[] = [];
  for (const [index, part] of parts.entries()) {
    const cursor = `export_${index}`;
    const { count, open } = wholeList(part.request, { catalog, viewer }, part.columns, cursor);
    const [row] = await transaction.rows(count.text, count.values);
    found.push({ ...part, open, cursor, rows: Number(row?.[0] ?? 0) });
  }
  return found;
}

/** Opens a part, so that whatever is wrong with it is known before anything is sent; gives what is printed of it. */
export async function opened(
  transaction: Transaction,
  { open, cursor, print }: Counted,
): Promise<AsyncGenerator<Buffer, void>> {
  // Longer than a client may wait before it takes more, which PostgreSQL waits for as well.
  transaction.send("SET LOCAL statement_timeout = '60s'", []);
  transaction.send(open.text, open.values);
  const rows = new Batches(transaction, cursor, print);
  try {
    await rows.more();
  } catch (error) {
    rows.close();
    throw error;
  }
  return rows.printed();
}

/** The rows of a cursor, printed as they come. */
class Batches {
  readonly #transaction: Transaction;
  readonly #cursor: string;
  readonly #tap: RowTap;
  readonly #out = new ByteWriter(2 * sentBytes);
  /** Rows that were asked for, and that have come of those. */
  #asked = leastRows;
  #found = 0;
  #askedAt = 0;
  #enough = Promise.withResolvers<false>();
  /** Ends with the rows that were asked for. */
  #fetched: Promise<true>;

  constructor(transaction: Transaction, cursor: string, print: RowPrinter) {
    this.#transaction = transaction;
    this.#cursor = cursor;
    this.#tap = transaction.tap((row, start) => {
      print(row, start, this.#out);
      this.#found += 1;
      if (this.#out.length >= sentBytes) this.#enough.resolve(false);
      if (this.#out.length >= mostBytes) this.#tap.pause();
    });
    this.#fetched = this.#next();
  }

  close(): void {
    this.#tap.close();
  }

  /** Waits for what fills a part of the answer, or for the last of what was asked for; gives whether it is that. */
  more(): Promise<boolean> {
    return Promise.race([this.#fetched, this.#enough.promise]);
  }

  async *printed(): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        const isWhole = await this.more();
        const isLast = isWhole && this.#found < this.#asked;
        const bytes = this.#out.take();
        this.#enough = Promise.withResolvers();
        this.#tap.resume();
        if (isWhole && !isLast) this.#fetched = this.#next();
        if (bytes.length > 0) yield bytes;
        if (isLast) break;
      }
      this.#transaction.send(`CLOSE ${this.#cursor}`, []);
    } finally {
      this.close();
    }
  }

  #next(): Promise<true> {
    const fetched = this.#fetch();
    // Heard when it is waited for; until then nobody may.
    fetched.catch(() => undefined);
    return fetched;
  }

  async #fetch(): Promise<true> {
    const lasted = performance.now() - this.#askedAt;
    if (this.#found > 0) {
      // Few sizes, so that few texts are prepared.
      if (lasted < shortMilliseconds) this.#asked = Math.min(mostRows, this.#asked * 4);
      if (lasted > longMilliseconds) this.#asked = Math.max(leastRows, this.#asked / 4);
    }
    this.#found = 0;
    this.#askedAt = performance.now();
    await this.#transaction.rows(`FETCH ${this.#asked} FROM ${this.#cursor}`, []);
    return true;
  }
}
