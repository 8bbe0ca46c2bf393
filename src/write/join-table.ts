import { isOneOf, name, param, raw, sql, type Sql } from "../lib/sql.ts";
import type { WriteUnit } from "./unit.ts";

/** A many-to-many edge as its `through` relation says it. */
export type JoinTable = {
  readonly table: string;
  readonly source: string;
  readonly target: string;
};

/** What becomes of a record's links. */
type LinkChange = {
  readonly id: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
};

/** The ids at the other end of a join table, by the id at this end. */
export async function linkedIds(
  unit: WriteUnit,
  join: JoinTable,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const linked = new Map<string, string[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return linked;
  const { table, source, target } = quoted(join);
  const rows = await unit.rows(
    sql`SELECT ${source}, ${target} FROM ${table} WHERE tenant_id = ${unit.tenant} AND ${isOneOf(source, ids, "uuid")} ORDER BY ${target}`,
  );
  for (const [from, to] of rows) linked.get(from ?? "")?.push(to ?? "");
  return linked;
}

/** Adds and takes away links of a join table. */
export function relink(unit: WriteUnit, join: JoinTable, changes: readonly LinkChange[]): void {
  const { table, source, target } = quoted(join);
  const [gone, added] = [pairs(changes, "remove"), pairs(changes, "add")];
  if (gone !== null) {
    unit.send(
      sql`DELETE FROM ${table} WHERE tenant_id = ${unit.tenant} AND (${source}, ${target}) IN (SELECT * FROM ${gone})`,
    );
  }
  if (added !== null) {
    unit.send(
      sql`INSERT INTO ${table} (tenant_id, ${source}, ${target}, created_at) SELECT ${unit.tenant}, p.*, ${param(
        unit.now,
        "timestamptz",
      )} FROM ${added} p ON CONFLICT DO NOTHING`,
    );
  }
}

/** The links that are added or taken away, as rows; null without any. */
function pairs(changes: readonly LinkChange[], key: "add" | "remove"): Sql | null {
  const listed = changes.flatMap((change) =>
    change[key].map((other) => [change.id, other] as const),
  );
  if (listed.length === 0) return null;
  const [ids, others] = [listed.map(([id]) => id), listed.map(([, other]) => other)];
  return sql`unnest(${param(ids, "uuid[]")}, ${param(others, "uuid[]")})`;
}

/** The parts of a join table as names in SQL. */
export function quoted(join: JoinTable): { table: Sql; source: Sql; target: Sql } {
  return {
    table: raw(name(join.table)),
    source: raw(name(join.source)),
    target: raw(name(join.target)),
  };
}
