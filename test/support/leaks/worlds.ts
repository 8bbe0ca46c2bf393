import { v7 as uuidv7 } from "uuid";
import { catalog } from "../../../src/modules/catalog.ts";
import { recordType } from "../../../src/modules/change-event/model.ts";
import type { Entity } from "../../../src/model/entity.ts";
import { sqlTypeOf, type Field } from "../../../src/model/field.ts";
import { computedValues } from "../../../src/write/stored.ts";
import { codeOf, type Mark, Swap } from "./marks.ts";
import type { Made } from "../samples/fixtures.ts";
import type { TestGateway } from "../gateway/gateway.ts";
import type { Graph } from "../samples/two-tenants.ts";

/** What the log counts by, and what says of which kind a value is. */
const kept: ReadonlySet<string> = new Set([
  "position",
  "currency",
  "environment",
  "scopes",
  "slug",
]);
/** Set only on rows that are deleted. */
const ofDeleted: ReadonlySet<string> = new Set(["deletedAt", "deletedBy"]);

/**
 * Gives every column of every row of a tenant that holds a text, number, day, instant, list or JSON a value of its own
 * which shows whose it is. What is null becomes a value too: nothing of a row stays untold.
 */
export async function fillTenant(gateway: TestGateway, graph: Graph, mark: Mark): Promise<void> {
  await addEvents(graph);
  await fillRows(gateway, graph, mark, catalog.entities);
  await addDoubles(gateway, graph);
}

/** The same for the rows of some entities only; nothing is added. */
export async function fillRows(
  gateway: TestGateway,
  graph: Graph,
  mark: Mark,
  entities: readonly Entity[],
): Promise<void> {
  let count = 0;
  for (const entity of entities) {
    const { rows } = await gateway.fixtures.client.query<{ id: string }>(
      `SELECT id FROM ${entity.table} WHERE ${entity.tenantColumn} = $1 ORDER BY id`,
      [graph.tenant.uuid],
    );
    for (const { id } of rows) {
      const values: unknown[] = [];
      const record: Record<string, unknown> = {};
      const fields = Object.entries({ ...entity.fields, ...entity.internal });
      const sets = fields.flatMap(([name, field]) => {
        const isTold = entity.fields[name] !== undefined;
        if (isTold) record[name] = valueFor(mark, name, field, ++count, entity);
        const value = isTold ? record[name] : computedValues(entity, record)[name];
        if (value === undefined) return [];
        const column = `"${field.column}"`;
        const place = `$${values.push(value)}`;
        return ofDeleted.has(name)
          ? [
              `${column} = CASE WHEN deleted_at IS NULL THEN NULL ELSE ${place}::${sqlTypeOf(field)} END`,
            ]
          : [`${column} = ${place}`];
      });
      await gateway.fixtures.client.query(
        `UPDATE ${entity.table} SET ${sets.join(", ")} WHERE ${entity.tenantColumn} = '${graph.tenant.uuid}' AND id = '${id}'`,
        values,
      );
    }
  }
}

/** Something that happened to each record, beside the one event that the graph has. */
async function addEvents({ tenant, records }: Graph): Promise<void> {
  const [first] = Object.values(records["deal"] ?? []);
  const told = Object.entries(records).flatMap(([name, all]) =>
    all.map(({ uuid }) => ({ recordType: catalog.entity(name).type, recordId: uuid })),
  );
  const kinds: ReadonlySet<string> = new Set(Object.keys(recordType.values));
  const rows = told.filter((row) => kinds.has(row.recordType) && row.recordId !== first?.uuid);
  await tenant.makeMany(
    "changeEvent",
    rows.map((row, index) => ({
      ...row,
      position: 2 + index,
      operation: "updated",
      version: 2,
      changes: {},
    })),
  );
}

/** Makes the parent account and the manager look like others of the tenant, so that there are likely duplicates. */
async function addDoubles(gateway: TestGateway, { tenant, records }: Graph): Promise<void> {
  const pairs = [
    ["accounts", "name, domain, host_key, phone", records["account"]],
    ["contacts", "first_name, last_name, phone_1", records["contact"]],
  ] as const;
  for (const [table, columns, made = []] of pairs) {
    await gateway.fixtures.client.query(
      `UPDATE ${table} SET (${columns}) = (SELECT ${columns} FROM ${table} WHERE tenant_id = $1 AND id = $2) WHERE tenant_id = $1 AND id = $3`,
      [tenant.uuid, made[0]?.uuid, made[1]?.uuid],
    );
  }
}

function valueFor(mark: Mark, name: string, field: Field, count: number, entity: Entity): unknown {
  if (field.generated || field.expression !== null || kept.has(name)) return undefined;
  const text = `${mark.word}${codeOf(mark, count)}`;
  const day = `${mark.year}-01-${String(1 + (count % 28)).padStart(2, "0")}`;
  if (entity.name === "tenant" && (name === "timeZone" || name === "defaultCurrency")) {
    return undefined;
  }
  // The discount is one that can be written: a percentage.
  if (name === "discountType") return "percent";
  switch (field.kind.name) {
    case "text":
      return text;
    case "phone":
      return `+${mark.digits}${String(count).padStart(6, "0")}`;
    case "domain":
      return `${text}.example`;
    case "email":
      return `${text}@${text}.example`;
    case "url":
      return `https://${text}.example/`;
    case "int":
      return Number(mark.digits) * 10_000 + count;
    case "decimal":
      if (name === "probability" || name === "discount") return `77.${mark.digits.slice(2)}`;
      // Totals are 0, and not what comes of somebody's numbers.
      return name === "quantity" ? "0" : `${mark.digits}${count}.25`;
    case "date":
      return day;
    case "dateTime":
      return `${day}T10:20:30.000Z`;
    case "textList":
      return [text];
    case "jsonObject":
      return JSON.stringify({ word: text, risk: { score: Number(`${mark.digits}${count}`) } });
    case "json":
      if (name === "changes") return JSON.stringify({ name: [null, text] });
      if (name === "addresses") return JSON.stringify([{ kind: text, line1: text, city: text }]);
      return JSON.stringify(name === "participants" ? [{ word: text }] : { word: text });
    default:
      return undefined;
  }
}

/** Every id that a tenant's rows have or refer to, each with one that nobody has. */
export async function swapFor(gateway: TestGateway, graph: Graph): Promise<Swap> {
  const tables = catalog.entities.map(
    ({ table, tenantColumn }) =>
      `SELECT id::text FROM ${table} WHERE ${tenantColumn} = '${graph.tenant.uuid}'`,
  );
  const { rows } = await gateway.fixtures.client.query<{ id: string }>(tables.join(" UNION "));
  return new Swap(rows.map(({ id }) => [id, uuidv7()]));
}

/** All rows of a tenant in all tables; left out are when a key was used, and what PostgreSQL computes of the rest. */
export async function dumpOf(gateway: TestGateway, tenant: Made): Promise<readonly string[]> {
  const { client } = gateway.fixtures;
  const { rows: tables } = await client.query<{ name: string; owner: string; left: string }>(
    `SELECT table_name AS name,
            CASE WHEN bool_or(column_name = 'tenant_id') THEN 'tenant_id' ELSE 'id' END AS owner,
            concat_ws(',', 'last_used_at', string_agg(column_name, ',') FILTER (WHERE is_generated = 'ALWAYS')) AS left
     FROM information_schema.columns WHERE table_schema = 'public'
     GROUP BY 1 HAVING bool_or(column_name = 'tenant_id') OR table_name = 'tenants' ORDER BY 1`,
  );
  const dumps = tables.map(
    ({ name, owner, left }) =>
      `SELECT '${name} ' || (to_jsonb(t) - '{${left}}'::text[])::text AS row FROM ${name} t WHERE ${owner} = '${tenant.uuid}'`,
  );
  const { rows } = await client.query<{ row: string }>(dumps.join(" UNION ALL "));
  return rows.map(({ row }) => row).toSorted();
}
