import type { Entity } from "./entity.ts";
import { fieldSql } from "./order.ts";
import { readValue, type Row } from "./row.ts";
import { all, join, name, param, raw, render, sql, type Statement } from "./sql.ts";
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
  collect: (rows: readonly (readonly (string | null)[])[]) => Map<string, Row>;
} {
  const { entity } = request;
  const fields = ["id", ...request.fields.filter((field) => field !== "id")];
  const columns = fields.map((field) => {
    const definition = entity.fields[field];
    if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
    return fieldSql("t", field, definition);
  });
  const condition = all([
    visible(entity, "t", viewerSql(viewer), request.includeDeleted),
    sql`t."id" = ANY (${param(ids, "uuid[]")})`,
  ]);
  return {
    statement: render(
      sql`SELECT ${join(columns, ", ")} FROM ${raw(name(entity.table))} t WHERE ${condition}`,
    ),
    collect: (rows) => {
      const records = new Map<string, Row>();
      for (const row of rows) {
        const record: Record<string, unknown> = {};
        for (const [index, field] of fields.entries()) {
          record[field] = readValue(entity.fields[field], row[index] ?? null);
        }
        records.set(row[0] ?? "", record);
      }
      return records;
    },
  };
}
