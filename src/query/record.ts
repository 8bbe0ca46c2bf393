import type { Entity } from "./entity.ts";
import { columnsSql, readRow, withId, type Cells, type Row } from "./row.ts";
import { all, isOneOf, join, name, raw, render, sql, type Statement } from "./sql.ts";
import { viewerSql, visible, type Viewer } from "./visible.ts";

/** Records by id: the end of every to-one edge, by-id query and `node`. */
export type RecordRequest = {
  readonly entity: Entity;
  readonly fields: readonly string[];
  readonly includeDeleted: boolean;
};

/** Renders the one statement that reads all records of a batch. */
export function recordStatement(
  request: RecordRequest,
  viewer: Viewer,
  ids: readonly string[],
): {
  statement: Statement;
  collect: (rows: readonly Cells[]) => Map<string, Row>;
} {
  const { entity } = request;
  const fields = withId(request.fields);
  const columns = columnsSql(entity, "t", fields);
  const condition = all([
    visible(entity, "t", viewerSql(viewer), request.includeDeleted),
    isOneOf(raw(`t."id"`), ids, "uuid"),
  ]);
  return {
    statement: render(
      sql`SELECT ${join(columns, ", ")} FROM ${raw(name(entity.table))} t WHERE ${condition}`,
    ),
    collect: (rows) => new Map(rows.map((row) => [row[0] ?? "", readRow(entity, fields, row)])),
  };
}
