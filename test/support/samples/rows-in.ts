import type pg from "pg";
import { catalog } from "../../../src/modules/catalog.ts";

const joins = ["deal_contacts", "activity_contacts"];

/** Every row of a tenant as it is stored, without what only tells of writes. */
export type Rows = {
  /** `<id>: <columns>` of each row that is another one there; `+`, `-` for rows that one of the two has not. */
  changesTo(other: Rows): string[];
  readonly all: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
};

/** All rows of a tenant. */
export async function rowsIn(client: pg.Client, tenantId: string): Promise<Rows> {
  const all = new Map<string, Record<string, unknown>>();
  const tables = catalog.entities
    .filter(({ name }) => !["tenant", "changeEvent", "apiKey"].includes(name))
    .map(({ table }) => table);
  for (const table of [...tables, ...joins]) {
    const { rows } = await client.query<{ row: Record<string, unknown> }>(
      `SELECT to_jsonb(t) AS row FROM ${table} t WHERE tenant_id = $1`,
      [tenantId],
    );
    for (const { row } of rows) {
      const { id } = row;
      all.set(typeof id === "string" ? id : `${table} ${JSON.stringify(row)}`, row);
    }
  }
  return {
    all,
    changesTo: (other) => [
      ...[...all].flatMap(([id, row]) => {
        const after = other.all.get(id);
        if (after === undefined) return [`- ${id}`];
        const changed = Object.keys(row).filter(
          (column) => JSON.stringify(row[column]) !== JSON.stringify(after[column]),
        );
        return changed.length === 0 ? [] : [`${id}: ${changed.toSorted().join(", ")}`];
      }),
      ...[...other.all.keys()].filter((id) => !all.has(id)).map((id) => `+ ${id}`),
    ],
  };
}
