import type pg from "pg";
import type { Queryable } from "../src/db/fenced-pool.ts";
import { catalog } from "../src/modules/catalog.ts";
import type { ManyRelation } from "../src/model/relation.ts";
import { pageStatement, type PageRequest } from "../src/query/page.ts";
import { recordStatement } from "../src/query/record.ts";
import { rowColumns } from "../src/query/row.ts";
import type { Statement } from "../src/lib/sql.ts";
import type { Viewer } from "../src/query/visible.ts";
import { request } from "./page-request.ts";

const changeEvent = catalog.entity("changeEvent");
const deal = catalog.entity("deal");
/** Events that each deal has: it is made, and changed nine times. */
const versions = 10;
/** The rare kind stands at the end, where a search from the start comes last. */
const rare = 20;

// Deals take turns, so that the events of one lie far apart.
const fill = `
  INSERT INTO change_events (tenant_id, id, position, ends_transaction, entity_type, entity_id, operation, version, actor, occurred_at, changes)
  SELECT $1::uuid, (lpad(to_hex(1700000000000 + n), 12, '0') || '70008' || substr(md5(n::text), 1, 15))::uuid, n, true,
    CASE WHEN n > $2::bigint - ${rare} THEN 'Quote' ELSE 'Deal' END,
    md5('deal ' || n % ($2::bigint / ${versions}))::uuid,
    (CASE WHEN n <= $2::bigint / ${versions} THEN 'created' WHEN n % 10007 = 0 THEN 'deleted' ELSE 'updated' END)::change_operation,
    1 + (n - 1) / ($2::bigint / ${versions}), 'usr-' || n % 40, timestamptz '2024-01-01Z' + n * interval '10 seconds',
    CASE WHEN n <= $2::bigint / ${versions} THEN jsonb_build_object(
        'account_id', jsonb_build_array(NULL, md5(n::text)::uuid), 'name', jsonb_build_array(NULL, 'Harbor roof repair ' || n),
        'deal_number', jsonb_build_array(NULL, 'DEAL-2024-' || n), 'owner_id', jsonb_build_array(NULL, 'usr-' || md5(n::text)),
        'stage', jsonb_build_array(NULL, 'lead'), 'value', jsonb_build_array(NULL, (n % 90000)::text),
        'currency', jsonb_build_array(NULL, 'USD'), 'probability', jsonb_build_array(NULL, '10'),
        'expected_close_date', jsonb_build_array(NULL, '2024-06-30'), 'tags', jsonb_build_array(NULL, '["new"]'::jsonb),
        'custom_fields', jsonb_build_array(NULL, '{}'::jsonb), 'source', jsonb_build_array(NULL, 'edm'),
        'source_type', jsonb_build_array(NULL, 'api'), 'schema_version', jsonb_build_array(NULL, 1))
      WHEN n % 3 = 0 THEN jsonb_build_object('stage', jsonb_build_array('lead', 'qualified'))
      ELSE jsonb_build_object('value', jsonb_build_array((n % 90000)::text, (n % 80000)::text), 'next_followup_date', jsonb_build_array(NULL, '2024-07-01')) END
  FROM generate_series(1, $2::bigint) n`;

/** Writes a log of that many events for the tenant, beside a tenth of it for another one, and says how large it is. */
export async function fillChanges(
  client: pg.ClientBase,
  tenantId: string,
  events: number,
): Promise<string> {
  await client.query("SET statement_timeout = 0");
  const others = await client.query<{ id: string }>(
    "SELECT id FROM tenants WHERE id <> $1 LIMIT 1",
    [tenantId],
  );
  const startedAt = performance.now();
  // Indexes are made afterwards and the tenant's key is not checked: so it takes a fraction of the time.
  const indexes = await client.query<{ name: string; definition: string }>(
    "SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'change_events' AND indexname NOT LIKE '%_pkey'",
  );
  await client.query("SET session_replication_role = replica");
  for (const { name } of indexes.rows) await client.query(`DROP INDEX ${name}`);
  for (const { id } of others.rows) await client.query(fill, [id, events / 10]);
  await client.query(fill, [tenantId, events]);
  for (const { definition } of indexes.rows) await client.query(definition);
  await client.query("RESET session_replication_role; RESET statement_timeout");
  await client.query("VACUUM ANALYZE change_events");
  const { rows } = await client.query<{ rows: string; indexes: string }>(
    "SELECT pg_size_pretty(pg_table_size('change_events')) AS rows, pg_size_pretty(pg_indexes_size('change_events')) AS indexes",
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  return `${events} change events in ${seconds} s: ${rows[0]?.rows}, indexes ${rows[0]?.indexes}`;
}

/** Explains what is asked of the log; a filter that few events meet may read all of it, and says so. */
export async function explainChanges(bench: {
  db: Queryable;
  viewer: Viewer;
  page: (
    label: string,
    request: PageRequest,
    parentIds?: readonly string[],
    mayScan?: boolean,
  ) => Promise<void>;
  report: (label: string, statement: Statement) => Promise<void>;
}): Promise<void> {
  const { db, viewer, page, report } = bench;
  const read = async (changes: Partial<PageRequest>) => {
    const asked = request(changeEvent, changes);
    const { statement, collect } = pageStatement(
      asked,
      { catalog, viewer, parentIds: [] },
      rowColumns(changeEvent, asked.fields),
    );
    const found = collect(await db.rows(statement.text, statement.values)).get("");
    return { rows: found?.rows ?? [], cursors: found?.cursors ?? [] };
  };
  const [last] = (await read({ limit: 1, backward: true })).rows;
  const end = Number(last?.["position"]);
  const cursorAt = async (position: number): Promise<string> =>
    (await read({ where: { position: { eq: String(position) } }, limit: 1 })).cursors[0] ?? "";
  const want = { rows: true, cursors: true, total: false, outside: false };
  const list = (label: string, changes: Partial<PageRequest>): Promise<void> =>
    page(`changes(${label})`, request(changeEvent, { limit: 100, want, ...changes }), [], true);

  const [middle, late] = [await cursorAt(Math.floor(end / 2)), await cursorAt(end - 50)];
  await list("first: 100", {});
  await list("first: 100, after: middle", { after: middle });
  await list("first: 100, after: 50 before the end", { after: late });
  await list("first: 100, after: middle, with hasPreviousPage", {
    after: middle,
    want: { ...want, outside: true },
  });
  await list("last: 100", { backward: true });
  const kinds = [
    ["frequent", "Deal"],
    ["rare", "Quote"],
    ["absent", "Contact"],
  ] as const;
  for (const [kind, type] of kinds) {
    const where = { recordType: { in: [type] } };
    await list(`first: 100, types: [${kind}]`, { where });
    await list(`first: 100, types: [${kind}], after: 50 before the end`, { where, after: late });
  }
  const filters: Readonly<Record<string, NonNullable<PageRequest["where"]>>> = {
    "actor: frequent": { actor: { eq: "usr-7" } },
    "actor: nobody": { actor: { eq: "usr-nobody" } },
    "operation: deleted": { operation: { eq: "deleted" } },
    "operation: restored": { operation: { eq: "restored" } },
    "occurredAt: after the middle": { occurredAt: { gte: "2024-04-25T00:00:00Z" } },
  };
  for (const [label, where] of Object.entries(filters)) await list(`where: ${label}`, { where });

  const ids = (await read({ limit: 100, after: middle })).rows.map((row) =>
    String(row["recordId"]),
  );
  const relation = deal.relations["history"];
  if (relation === undefined || relation.kind === "one") throw new Error("deals have no history");
  const parent: { source: typeof deal; relation: ManyRelation } = { source: deal, relation };
  const history = request(changeEvent, { parent, limit: 3 });
  await page("deal.history(first: 3)", history, ids.slice(0, 1));
  await page("100 × deal.history(first: 3)", history, ids);
  await page("100 × deal.history(first: 100)", request(changeEvent, { parent, limit: 100 }), ids);
  await report(
    "changeEvent by id, in the middle",
    recordStatement(
      { entity: changeEvent, includeDeleted: false },
      { catalog, viewer },
      (await read({ limit: 1, after: middle })).rows.map((row) => String(row["id"])),
      rowColumns(changeEvent, Object.keys(changeEvent.fields)),
    ).statement,
  );
}
