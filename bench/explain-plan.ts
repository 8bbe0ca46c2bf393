import type { Queryable } from "../src/db/fenced-pool.ts";
import type { Entity } from "../src/query/entity.ts";
import type { PageRequest } from "../src/query/page.ts";
import type { Statement } from "../src/query/sql.ts";

/** What a statement did: the indexes it used, the tables it read from end to end, and how many rows it read. */
type Found = { scans: string[]; sequential: string[]; milliseconds: number; read: number };

/** The scans of a plan: which index, or which table from end to end. */
export async function explain(db: Queryable, { text, values }: Statement): Promise<Found> {
  const rows = await db.rows(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
  const [plan]: unknown[] = JSON.parse(rows[0]?.[0] ?? "[]");
  const found: Found = {
    scans: [],
    sequential: [],
    milliseconds: Number(property(plan, "Execution Time")),
    read: 0,
  };
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const relation = property(node, "Relation Name");
    const index = property(node, "Index Name");
    if (typeof index === "string") found.scans.push(index);
    else if (property(node, "Node Type") === "Seq Scan" && typeof relation === "string")
      found.sequential.push(relation);
    if (typeof relation === "string") {
      const lost = Number(property(node, "Rows Removed by Filter") ?? 0);
      found.read +=
        (Number(property(node, "Actual Rows")) + lost) * Number(property(node, "Actual Loops"));
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(property(plan, "Plan"));
  return found;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** The page of an entity with everything of its rows, as a list without arguments asks for it. */
export function request(entity: Entity, changes: Partial<PageRequest> = {}): PageRequest {
  return {
    entity,
    parent: null,
    fields: Object.keys(entity.fields),
    where: null,
    order: null,
    words: null,
    includeDeleted: false,
    limit: 25,
    backward: false,
    after: null,
    before: null,
    want: { rows: true, cursors: true, total: false, outside: false },
    ...changes,
  };
}
