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
const mostBytes = 2 * sentBytes;
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
export type Counted = Part & { readonly rows: number; readonly statement: Statement };

/** What is read, and what stands in front of it and behind it. */
type Content = {
  readonly parts: readonly Part[];
  readonly start: (position: string, parts: readonly Counted[]) => string;
  readonly end: (position: string, rows: number) => string;
};

/** What a snapshot holds. */
type Snapshot = {
  /** The place in the tenant's log that it ends at, as `changes(after:)` takes it. */
  readonly position: string;
  readonly rows: number;
  /**
   * Reads the first rows, so that whatever is wrong is known before anything is sent; gives the text in parts. It fails
   * at its end if it had another number of rows.
   */
  readonly open: () => Promise<AsyncGenerator<Buffer, void>>;
  /** How many rows were printed so far. */
  readonly printed: () => number;
};

/** Counts what a transaction's snapshot holds of an export. */
export async function snapshotOf(
  transaction: Transaction,
  viewer: Viewer,
  { parts, start, end }: Content,
): Promise<Snapshot> {
  const position = await positionIn(transaction, viewer.tenantId);
  const found = await counted(transaction, viewer, parts);
  const rows = found.reduce((sum, part) => sum + part.rows, 0);
  let sent = 0;
  const count = (): void => {
    sent += 1;
  };
  return {
    position,
    rows,
    printed: () => sent,
    open: async () => {
      const [first, ...others] = found;
      const begun = first === undefined ? null : await opened(transaction, first, count);
      return (async function* () {
        const head = start(position, found);
        if (head !== "") yield Buffer.from(head);
        if (begun !== null) yield* begun;
        for (const part of others) yield* await opened(transaction, part, count);
        if (sent !== rows) throw new Error(`${sent} of ${rows} rows were there`);
        const tail = end(position, rows);
        if (tail !== "") yield Buffer.from(tail);
      })();
    },
  };
}

/** The place in the tenant's log that a snapshot ends at, as `changes(after:)` takes it. */
async function positionIn(transaction: Transaction, tenantId: string): Promise<string> {
  const text = "SELECT coalesce(max(position), 0) FROM change_events WHERE tenant_id = $1::uuid";
  const [row] = await transaction.rows(text, [tenantId]);
  return cursorAt(row?.[0] ?? "0");
}

/** Counts the rows of each part, which the same snapshot then gives. */
async function counted(
  transaction: Transaction,
  viewer: Viewer,
  parts: readonly Part[],
): Promise<Counted[]> {
  const found: Counted[] = [];
  for (const part of parts) {
    const { count, rows } = wholeList(part.request, { catalog, viewer }, part.columns);
    const [row] = await transaction.rows(count.text, count.values);
    found.push({ ...part, statement: rows, rows: Number(row?.[0] ?? 0) });
  }
  return found;
}

/** Opens a part, so that whatever is wrong with it is known before anything is sent; gives what is printed of it. */
async function opened(
  transaction: Transaction,
  part: Counted,
  count: () => void,
): Promise<AsyncGenerator<Buffer, void>> {
  // Longer than a client may wait before it takes more, which PostgreSQL waits for as well.
  transaction.send("SET LOCAL statement_timeout = '60s'", []);
  const rows = new Portions(transaction, part, count);
  try {
    await rows.more();
  } catch (error) {
    rows.close();
    throw error;
  }
  return rows.printed();
}

/** The name that rows are asked for under. One statement at a time has it. */
const portal = "export";

/** The rows of a part, printed as they come. */
class Portions {
  readonly #transaction: Transaction;
  readonly #fetch: (rows: number) => Promise<void>;
  readonly #tap: RowTap;
  readonly #out = new ByteWriter(mostBytes + sentBytes);
  /** Rows that were asked for, and that have come of those. */
  #asked = leastRows;
  #found = 0;
  #askedAt = 0;
  #enough = Promise.withResolvers<false>();
  /** Ends with the rows that were asked for. */
  #fetched: Promise<true>;

  constructor(transaction: Transaction, { statement, print }: Counted, count: () => void) {
    this.#transaction = transaction;
    this.#fetch = transaction.portions(portal, statement.text, statement.values);
    this.#tap = transaction.tap((row, start, end) => {
      print(row, start, end, this.#out);
      this.#found += 1;
      count();
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

  /** Gives parts of the answer, each until the next one is asked for. */
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
      this.#transaction.send(`CLOSE ${portal}`, []);
    } finally {
      this.close();
    }
  }

  #next(): Promise<true> {
    const fetched = this.#portion();
    // Heard when it is waited for; until then nobody may.
    fetched.catch(() => undefined);
    return fetched;
  }

  async #portion(): Promise<true> {
    const lasted = performance.now() - this.#askedAt;
    if (this.#found > 0) {
      if (lasted < shortMilliseconds) this.#asked = Math.min(mostRows, this.#asked * 4);
      if (lasted > longMilliseconds) this.#asked = Math.max(leastRows, this.#asked / 4);
    }
    this.#found = 0;
    this.#askedAt = performance.now();
    await this.#fetch(this.#asked);
    return true;
  }
}
