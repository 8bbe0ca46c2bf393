import { cursorExpired } from "../changes/position.ts";
import type { Queryable } from "../db/fenced-pool.ts";
import { param, raw, render, sql } from "../lib/sql.ts";
import type { Catalog } from "../model/catalog.ts";
import { fieldNames } from "../model/entity.ts";
import { rowColumns, type Row } from "../query/row.ts";

/** Where a tenant's log is read: its primary database, fenced to the tenant. */
export type LogSource = {
  readonly tenantId: string;
  readonly db: Queryable;
  readonly catalog: Catalog;
};

/** An event of the log. */
export type LogRow = {
  readonly position: bigint;
  /** Bytes of its changes as text. */
  readonly bytes: number;
  readonly event: Row;
};

/** Events that follow one another in a log without a gap. */
export type LogPage = {
  readonly rows: readonly LogRow[];
  /** The position of the last event, or the one that was read behind. */
  readonly position: bigint;
  /** Whether no more events stood behind them. */
  readonly isAtEnd: boolean;
};

/** The most events that are read at once. */
export const maxPage = 500;
/** The bytes of changes, as they are stored, after which a page ends. */
const pageBytes = 2_000_000;

/**
 * Reads the events behind a position, in the order of the commits.
 *
 * @throws GatewayError CURSOR_EXPIRED if events right behind the position are no longer kept.
 */
export async function readLog(
  { tenantId, db, catalog }: LogSource,
  after: bigint,
  limit = maxPage,
): Promise<LogPage> {
  const columns = rowColumns(
    catalog.entity("changeEvent"),
    fieldNames(catalog.entity("changeEvent")),
  );
  const tenant = param(tenantId, "uuid");
  const selected = columns.sql({ tenant, app: null }, catalog);
  // One more than the page, which shows whether the log goes on. The limit is a constant, so that the index is used.
  const most = Math.min(limit, maxPage);
  const list = selected.map((column) => column.parts.join("")).join(", ");
  const { text, values } =
    render(sql`SELECT t.place, t.goes_on, octet_length(t.changes::text), ${raw(list)}
    FROM (SELECT l.*, l.position::text AS place, sum(pg_column_size(l.changes)) OVER log - pg_column_size(l.changes) AS ahead, lead(l.position) OVER log IS NOT NULL AS goes_on
      FROM (SELECT * FROM change_events WHERE tenant_id = ${tenant} AND position > ${param(String(after), "bigint")} ORDER BY position LIMIT ${raw(String(most + 1))}) l WINDOW log AS (ORDER BY l.position)) t
    WHERE t.ahead < ${raw(String(pageBytes))} ORDER BY t.position`);
  const cells = await db.rows(text, values);
  const rows = cells.slice(0, most).map((row) => ({
    position: BigInt(row[0] ?? 0),
    bytes: Number(row[2]),
    event: columns.read(row, 3),
  }));
  // Positions have no gaps.
  const [first] = rows;
  if (first !== undefined && first.position !== after + 1n) throw cursorExpired(first.position);
  const isAtEnd = cells[rows.length - 1]?.[1] !== "t";
  return { rows, position: rows.at(-1)?.position ?? after, isAtEnd };
}

/** The position of the last event of a log; 0 of an empty one. */
export async function endOfLog({ tenantId, db }: LogSource): Promise<bigint> {
  const { text, values } = render(
    sql`SELECT coalesce(max(position), 0)::text FROM change_events WHERE tenant_id = ${param(tenantId, "uuid")}`,
  );
  const [row] = await db.rows(text, values);
  return BigInt(row?.[0] ?? 0);
}
