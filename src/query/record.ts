import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import { encodeCursor } from "../lib/cursor.ts";
import { defaultPlace } from "./page.ts";
import { rowColumns, type Cells, type Columns, type Row } from "./row.ts";
import { all, isOneOf, join, name, raw, render, sql, type Statement } from "../lib/sql.ts";
import { viewerSql, visible, type Viewer } from "./visible.ts";

/** Records by id: the end of every to-one edge, by-id query and `node`. */
export type RecordRequest = {
  readonly entity: Entity;
  readonly fields: readonly string[];
  readonly includeDeleted: boolean;
  /** Whether its cursor is asked for, which is its place in a list in the default order. */
  readonly withCursor?: boolean;
};

/** A record and its cursor, which is empty unless it was asked for. */
export type RecordEdge = { readonly node: Row; readonly cursor: string };

/** What a request reads of each record. */
export function edgeColumns({
  entity,
  fields,
  withCursor = false,
}: RecordRequest): Columns<RecordEdge> {
  const row = rowColumns(entity, fields);
  const { terms, orderKey } = defaultPlace(entity, "t");
  const keys = withCursor ? terms.map(({ expression }) => sql`${expression}::text`) : [];
  return {
    sql: (viewer, catalog) => [...row.sql(viewer, catalog), ...keys],
    read: (cells, start) => {
      const node = row.read(cells, start);
      const end = cells.length;
      const cursor = withCursor ? encodeCursor(orderKey, cells.slice(end - keys.length)) : "";
      return { node, cursor };
    },
  };
}

/** Renders the one statement that reads all records of a batch. */
export function recordStatement<Item>(
  { entity, includeDeleted }: Pick<RecordRequest, "entity" | "includeDeleted">,
  { viewer, catalog }: { readonly viewer: Viewer; readonly catalog: Catalog },
  ids: readonly string[],
  columns: Columns<Item>,
): {
  statement: Statement;
  collect: (rows: readonly Cells[]) => Map<string, Item>;
} {
  const seenBy = viewerSql(viewer);
  const condition = all([
    visible(entity, "t", seenBy, includeDeleted),
    isOneOf(raw(`t."id"`), ids, "uuid"),
  ]);
  const selected = join(columns.sql(seenBy, catalog), ", ");
  return {
    statement: render(sql`SELECT ${selected} FROM ${raw(name(entity.table))} t WHERE ${condition}`),
    collect: (rows) => new Map(rows.map((row) => [row[0] ?? "", columns.read(row, 0)])),
  };
}
