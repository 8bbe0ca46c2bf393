import { type Row, type TableName, tableColumns, tableNames, type Value } from "./tables.ts";

const special = /[\\\t\n\r]/;
const specials = /[\\\t\n\r]/g;
const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/** One value in the text format of COPY. */
export function copyValue(value: Value): string {
  if (value === null) return "\\N";
  if (typeof value === "string") {
    return special.test(value)
      ? value.replace(specials, (found) => escapes[found] ?? found)
      : value;
  }
  if (typeof value === "boolean") return value ? "t" : "f";
  return String(value);
}

/** A list of texts as PostgreSQL's array literal, which still needs COPY's escaping. */
export function arrayText(items: readonly string[]): string {
  if (items.length === 0) return "{}";
  return `{${items.map((item) => `"${item.replace(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

/** Rows of one tenant that wait for their COPY, by table. */
export class CopyBatch {
  rows = 0;
  /** How many of the tenant's accounts are in it. */
  accounts = 0;
  readonly #texts = new Map<TableName, string>();
  readonly #start: string;

  constructor(tenantId: string) {
    this.#start = `${tenantId}\t`;
  }

  /** Adds a row to its table. */
  add<Name extends TableName>(table: Name, row: Row<Name>): void {
    const columns: readonly (keyof Row<Name>)[] = tableColumns[table];
    let line = table === "tenants" ? "" : this.#start;
    let separator = "";
    for (const column of columns) {
      line += separator + copyValue(row[column]);
      separator = "\t";
    }
    this.#texts.set(table, `${this.#texts.get(table) ?? ""}${line}\n`);
    this.rows += 1;
  }

  /** What there is to COPY, in an order that satisfies the foreign keys. */
  *parts(): Generator<{ table: TableName; data: Buffer }, void> {
    for (const table of tableNames) {
      const text = this.#texts.get(table);
      if (text !== undefined) yield { table, data: Buffer.from(text) };
    }
  }
}
