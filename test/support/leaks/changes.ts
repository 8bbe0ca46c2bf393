import type pg from "pg";
import { catalog } from "../../../src/modules/catalog.ts";
import type { Made } from "../samples/fixtures.ts";
import { readScopes } from "./touches.ts";

type Table = { readonly name: string; readonly owner: string; readonly chosen: string };
type Column = { readonly column: string; readonly type: string };

/** What must keep its form, or says of which kind the rest is. */
const formed: ReadonlySet<string> = new Set([
  "currency",
  "default_currency",
  "entity_type",
  "environment",
  "slug",
  "time_zone",
]);
/** How a column of each type becomes another value; what is not named stays. */
const others: Readonly<Record<string, (column: string) => string>> = {
  text: (column) => `${column} || '-other'`,
  integer: (column) => `${column} + 1`,
  numeric: (column) => `${column} + 1`,
  date: (column) => `${column} + 1`,
  "timestamp with time zone": (column) => `${column} + interval '1 day'`,
};

/**
 * Makes all rows that some read scopes open others: values, one more of each, one deleted; and what the change log tells of
 * them. Straight in the tables: what writing one kind moves in another (a quote's total, an account's last activity) is
 * the other's own, and stays. Gives what takes all of it back.
 */
export async function changeRows(
  client: pg.Client,
  tenant: Made,
  scopes: readonly string[],
): Promise<() => Promise<void>> {
  const all = [...catalog.entities, ...catalog.apart];
  const kinds = all.filter(({ type }) => scopes.includes(readScopes[type] ?? ""));
  const tables: Table[] = kinds.map(({ table, tenantColumn }) => ({
    name: table,
    owner: tenantColumn,
    // The keys that the test uses must go on working.
    chosen: table === "api_keys" ? `t.secret_hash = '\\x${"01".repeat(32)}'` : "true",
  }));
  const types = kinds.map(({ type }) => `'${type}'`).join(", ");
  tables.push({
    name: "change_events",
    owner: "tenant_id",
    chosen: `t.entity_type IN (${types === "" ? "''" : types})`,
  });
  const undo: string[] = [];
  for (const { name, owner, chosen } of tables) {
    const { rows: columns } = await client.query<Column>(
      `SELECT column_name AS column, data_type AS type FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'`,
      [name],
    );
    const names = columns.map(({ column }) => column);
    const own = `${owner} = '${tenant.uuid}'`;
    const mine = `t.${own} AND ${chosen}`;
    const saved = `saved_${name}`;
    const sets = columns.flatMap(({ column, type }) => {
      if (column === "is_primary") return ["is_primary = false"];
      const other = others[type];
      return other === undefined || formed.has(column) || /^(deleted_|position)/.test(column)
        ? []
        : [`${column} = ${other(column)}`];
    });
    const isLog = name === "change_events";
    const endOfLog = `(SELECT max(position) FROM change_events WHERE tenant_id = '${tenant.uuid}')`;
    const fresh: Readonly<Record<string, string>> = {
      id: "gen_random_uuid()",
      secret_hash: "decode(md5(random()::text) || md5(random()::text), 'hex')",
      // A log has no gaps.
      ...(isLog ? { position: `${endOfLog} + row_number() OVER (ORDER BY position)` } : {}),
    };
    const copied = names.map((column) => fresh[column] ?? column).join(", ");
    const one = `id = (SELECT id FROM ${saved} ORDER BY id DESC LIMIT 1)`;
    const gone = isLog
      ? "SELECT"
      : names.includes("deleted_at")
        ? `UPDATE ${name} t SET deleted_at = now() WHERE ${mine} AND ${one}`
        : `DELETE FROM ${name} t WHERE ${mine} AND ${one}`;
    const more = `INSERT INTO ${name} (${names.join(", ")}) SELECT ${copied} FROM ${saved}; ${gone}`;
    const back = names.map((column) => `${column} = s.${column}`).join(", ");
    await inOne(client, [
      `CREATE TEMP TABLE ${saved} AS SELECT ${names.join(", ")} FROM ${name} t WHERE ${mine}`,
      `CREATE TEMP TABLE kept_${name} AS SELECT id FROM ${name} t WHERE t.${own} AND NOT (${chosen})`,
      `UPDATE ${name} t SET ${sets.join(", ")} WHERE ${mine}`,
      // There is one tenant, before and after.
      ...(name === "tenants" ? [] : [more]),
    ]);
    undo.push(
      ...(name === "tenants"
        ? [`UPDATE tenants t SET ${back} FROM ${saved} s WHERE t.id = s.id`]
        : [
            `DELETE FROM ${name} WHERE ${own} AND id NOT IN (SELECT id FROM kept_${name})`,
            `INSERT INTO ${name} (${names.join(", ")}) SELECT * FROM ${saved}`,
          ]),
      `DROP TABLE ${saved}, kept_${name}`,
    );
  }
  return () => inOne(client, undo);
}

/** One transaction that checks no foreign keys: what refers to what is as it was. */
async function inOne(client: pg.Client, statements: readonly string[]): Promise<void> {
  await client.query(
    `BEGIN; SET LOCAL session_replication_role = replica; ${statements.join("; ")}; COMMIT`,
  );
}
