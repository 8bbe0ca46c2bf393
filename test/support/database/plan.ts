import type { Queryable } from "../../../src/db/fenced-pool.ts";
import { catalog } from "../../../src/modules/catalog.ts";
import { Reader } from "../../../src/query/reader.ts";
import type { Statement } from "../../../src/lib/sql.ts";

/** One scan of a plan: of a table or an index, and the condition that it is bounded by. */
export type Scan = {
  readonly node: string;
  readonly table: string | null;
  readonly index: string | null;
  readonly condition: string;
};
/** What a statement did, by PostgreSQL's own account. */
export type Explained = {
  readonly milliseconds: number;
  /** Rows that scans read, also those that a filter then dropped. */
  readonly read: number;
  /** Rows that all nodes together gave to the next or dropped: what the whole was worth in work. */
  readonly handled: number;
  /** Pages of 8 KB that were looked at. */
  readonly buffers: number;
  readonly scans: readonly Scan[];
  /** Every node, from the top. */
  readonly nodes: readonly string[];
};

/** The statement that a question makes, without running it. */
export async function statementOf(
  tenantId: string,
  ask: (reader: Reader) => Promise<unknown>,
): Promise<Statement> {
  const statements: Statement[] = [];
  const db = {
    rows: (text: string, values: readonly unknown[]) => {
      statements.push({ text, values: [...values] });
      return Promise.resolve([]);
    },
  };
  await ask(new Reader({ db, catalog, viewer: { tenantId, appId: null } }));
  const [only, ...others] = statements;
  if (only === undefined || others.length > 0) throw new Error("not one statement");
  return only;
}

/**
 * Whether each scan begins at the tenant in an index, so that no row of another one is looked at. The tenant's own row is
 * one of a few on a single page, which PostgreSQL reads without the index.
 */
export function isBoundedBy(tenantId: string, { scans }: Explained): boolean {
  return scans.every(
    ({ table, condition }) =>
      table === "tenants" || condition.includes(`tenant_id = '${tenantId}'`),
  );
}

/** Runs the statement and tells how. */
export async function explainPlan(db: Queryable, { text, values }: Statement): Promise<Explained> {
  const rows = await db.rows(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
  const [whole]: unknown[] = JSON.parse(rows[0]?.[0] ?? "[]");
  return readPlan(whole);
}

/** Reads a plan that PostgreSQL printed as JSON. */
export function readPlan(whole: unknown): Explained {
  const plan = property(whole, "Plan");
  const scans: Scan[] = [];
  const nodes: string[] = [];
  let read = 0;
  let handled = 0;
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const type = property(node, "Node Type");
    const index = textOf(property(node, "Index Name"));
    const relation = textOf(property(node, "Relation Name"));
    if (typeof type === "string") nodes.push(type);
    const loops = Number(property(node, "Actual Loops") ?? 0);
    const rowsOf = (names: readonly string[]): number =>
      loops * names.reduce((sum, name) => sum + Number(property(node, name) ?? 0), 0);
    const met = rowsOf(["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"]);
    handled += met + rowsOf(["Rows Removed by Join Filter"]);
    if (typeof type === "string" && (index !== null || relation !== null)) {
      const condition = textOf(property(node, "Index Cond")) ?? "";
      if (type !== "Bitmap Heap Scan")
        scans.push({ node: type, table: relation, index, condition });
      if (type !== "Bitmap Index Scan") read += met;
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(plan);
  return {
    milliseconds: Number(property(whole, "Execution Time")),
    read: Math.round(read),
    handled: Math.round(handled),
    buffers:
      Number(property(plan, "Shared Hit Blocks")) + Number(property(plan, "Shared Read Blocks")),
    scans,
    nodes,
  };
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
