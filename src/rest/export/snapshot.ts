import { cursorAt } from "../../changes/position.ts";
import type { Transaction } from "../../db/transaction.ts";
import type { Statement } from "../../lib/sql.ts";
import { catalog } from "../../modules/catalog.ts";
import { wholeList, type ListRequest } from "../../query/page.ts";
import type { Cells, Columns } from "../../query/row.ts";
import type { Viewer } from "../../query/visible.ts";

/** Rows that are read at once. The next ones are on their way while these are printed. */
const rowsAtOnce = 500;

/** A list that is read whole, and how each of its rows is printed. */
export type Part = {
  readonly request: ListRequest;
  readonly columns: Columns<string>;
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

/** Opens a part, so that whatever is wrong with it is known before anything is sent. */
export async function opened(
  transaction: Transaction,
  { open, cursor, columns }: Counted,
): Promise<AsyncGenerator<string, void>> {
  transaction.send(open.text, open.values);
  const fetch = (): Promise<readonly Cells[]> => {
    const rows = transaction.rows(`FETCH ${rowsAtOnce} FROM ${cursor}`, []);
    // Heard when it is waited for; until then nobody may.
    rows.catch(() => undefined);
    return rows;
  };
  const first = await fetch();
  return (async function* printed() {
    let rows = first;
    while (rows.length > 0) {
      const next = rows.length < rowsAtOnce ? null : fetch();
      let text = "";
      for (const cells of rows) text += columns.read(cells, 0);
      yield text;
      rows = next === null ? [] : await next;
    }
    transaction.send(`CLOSE ${cursor}`, []);
  })();
}
