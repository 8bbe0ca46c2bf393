import { canonicalDecimal } from "../../../src/lib/decimal.ts";
import type { AggregateRequest, GroupOrder } from "../../../src/query/aggregate/request.ts";
import type { Figures } from "../../../src/query/aggregate/answer.ts";
import type { Entity } from "../../../src/model/entity.ts";
import type { Field } from "../../../src/model/field.ts";
import type { Figure } from "../../../src/query/aggregate/figure.ts";
import { figureNames } from "../../../src/model/measure.ts";
import type { Fixtures } from "../samples/fixtures.ts";

/** Figures as texts, so that two ways to compute them can be compared. */
type PlainFigures = Readonly<Record<string, unknown>>;
type PlainAggregate = {
  readonly total: PlainFigures;
  readonly groupCount: number;
  readonly groups: readonly {
    readonly key: readonly (string | null)[];
    readonly figures: PlainFigures;
  }[];
};

type Rows = {
  readonly fixtures: Fixtures;
  readonly tenantId: string;
  readonly ids: readonly string[];
};

/** The same question answered by one plain query for each figure of each group, over rows whose ids are known. */
export async function plainAggregate(
  { entity, groupBy, total, groups }: AggregateRequest,
  rows: Rows,
): Promise<PlainAggregate> {
  const keys = groupBy.map(({ field, by, timeZone }) => plainKey(entity, field, by, timeZone));
  const found = await plainGroups(
    entity,
    keys,
    groupBy.map(({ field }) => field),
    groups?.order ?? [],
    rows,
  );
  const shown = [];
  for (const key of found.slice(0, groups?.limit ?? 0)) {
    shown.push({
      key,
      figures: await plainFigures(entity, groups?.figures ?? [], rows, keys, key),
    });
  }
  return {
    total: await plainFigures(entity, total?.figures ?? [], rows, [], []),
    groupCount: groupBy.length === 0 ? 0 : found.length,
    groups: groupBy.length === 0 ? [] : shown,
  };
}

/** What the engine answered, in the same form. */
export function asTexts(entity: Entity, figures: Figures, asked: readonly Figure[]): PlainFigures {
  const texts: Record<string, unknown> = { count: figures.count };
  for (const { of, field } of asked) {
    const value = figures[of][field];
    texts[`${of} ${field}`] = Array.isArray(value)
      ? value.map(({ currency, amount }) => [currency, asText(entity, field, amount)])
      : isMoneyField(entity, field)
        ? []
        : asText(entity, field, value);
  }
  return texts;
}

function asText(entity: Entity, field: string, value: unknown): string | null {
  if (value instanceof Date) return value.toISOString();
  const text = keyText(value ?? null);
  const kind = entity.fields[field]?.kind.name;
  return text !== null && (kind === "decimal" || kind === "int") ? canonicalDecimal(text) : text;
}

/** A plain value as PostgreSQL prints it. */
export function keyText(value: unknown): string | null {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error("neither a text nor a number nor a boolean");
}

const isMoneyField = (entity: Entity, field: string): boolean =>
  (entity.name === "deal" && field === "value") ||
  (entity.name === "quote" && field === "total") ||
  (entity.name === "lineItem" && (field === "total" || field === "unitPrice"));

/** Periods spelled out from the parts of a local date. */
function plainKey(
  entity: Entity,
  field: string,
  by: string | null,
  timeZone: string | null,
): string {
  if (entity.name === "quote" && field === "status") {
    return `(CASE WHEN status IN ('draft', 'sent') AND validity_date < (now() AT TIME ZONE 'UTC')::date THEN 'expired' ELSE status END)`;
  }
  if (entity.fields[field]?.kind.name === "email") return "email_key";
  const column = plainColumn(entity, field);
  if (by === null) return column;
  const inZone = `${column} AT TIME ZONE '${timeZone}'`;
  const withinDays = `least(greatest(${inZone}, '0001-01-01'), '9999-12-31 12:00')`;
  const local =
    timeZone === null ? column : `(CASE WHEN ${column} IS NOT NULL THEN ${withinDays} END)`;
  const part = (name: string): string => `extract(${name} FROM ${local})::integer`;
  if (by === "day") return `(${local})::date`;
  if (by === "week") return `((${local})::date - (${part("isodow")} - 1))`;
  if (by === "month") return `make_date(${part("year")}, ${part("month")}, 1)`;
  if (by === "quarter") return `make_date(${part("year")}, (${part("month")} - 1) / 3 * 3 + 1, 1)`;
  return `make_date(${part("year")}, 1, 1)`;
}

function definitionOf(entity: Entity, field: string): Field {
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  return definition;
}

const plainColumn = (entity: Entity, field: string): string =>
  `"${definitionOf(entity, field).column}"`;

/** The keys of all groups in order. */
async function plainGroups(
  entity: Entity,
  keys: readonly string[],
  fields: readonly string[],
  order: readonly GroupOrder[],
  { fixtures, tenantId, ids }: Rows,
): Promise<(string | null)[][]> {
  if (keys.length === 0) return [];
  const terms = order.map((term) => {
    const direction = term.direction.replaceAll("_", " ");
    if (term.by === "count") return `count(*) ${direction}`;
    if (term.by === "key") return `k${fields.indexOf(term.field)} ${direction}`;
    const column = plainColumn(entity, term.field);
    const value =
      isMoneyField(entity, term.field) && term.currency !== null
        ? `CASE WHEN currency = '${term.currency}' THEN ${column} END`
        : column;
    return `${term.by === "avg" ? `round(avg(${value}), 4)` : `${term.by}(${value})`} ${direction}`;
  });
  const named = keys.map((key, index) => `${key} AS k${index}`).join(", ");
  const names = keys.map((_, index) => `k${index}`);
  const { rows } = await fixtures.client.query<Record<string, string | null>>(
    `SELECT ${names.map((name) => `${name}::text AS t${name}`).join(", ")}
     FROM (SELECT *, ${named} FROM ${entity.table} WHERE tenant_id = $1 AND id = ANY ($2::uuid[])) x
     GROUP BY ${names.join(", ")} ORDER BY ${[...terms, ...names].join(", ")}`,
    [tenantId, ids],
  );
  return rows.map((row) => names.map((name) => row[`t${name}`] ?? null));
}

/** Each figure over the rows with a key. */
async function plainFigures(
  entity: Entity,
  figures: readonly Figure[],
  { fixtures, tenantId, ids }: Rows,
  keys: readonly string[],
  key: readonly (string | null)[],
): Promise<PlainFigures> {
  const conditions = keys.map(
    (sql, index) => ` AND ${sql}::text IS NOT DISTINCT FROM $${index + 3}`,
  );
  const from = `FROM ${entity.table} WHERE tenant_id = $1 AND id = ANY ($2::uuid[])${conditions.join("")}`;
  const values = [tenantId, ids, ...key];
  const counted = await fixtures.client.query<{ n: string }>(
    `SELECT count(*) AS n ${from}`,
    values,
  );
  const texts: Record<string, unknown> = { count: Number(counted.rows[0]?.n) };
  for (const { of, field } of figures) {
    const column = plainColumn(entity, field);
    const computed = {
      sum: `sum(${column})`,
      avg: `round(avg(${column}), 4)`,
      min: `min(${column})`,
      max: `max(${column})`,
    }[of];
    const text =
      entity.fields[field]?.kind.name === "dateTime"
        ? `to_char(${computed} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
        : `${computed}::text`;
    if (isMoneyField(entity, field)) {
      const { rows } = await fixtures.client.query<{ currency: string; text: string | null }>(
        `SELECT currency, ${text} AS text ${from} AND ${column} IS NOT NULL GROUP BY currency ORDER BY currency`,
        values,
      );
      texts[`${of} ${field}`] = rows.map((row) => [row.currency, asText(entity, field, row.text)]);
    } else {
      const { rows } = await fixtures.client.query<{ text: string | null }>(
        `SELECT ${text} AS text ${from}`,
        values,
      );
      texts[`${of} ${field}`] = asText(entity, field, rows[0]?.text);
    }
  }
  return texts;
}

/** Every figure there is of an entity. */
export function allFigures(
  addable: readonly (readonly [string, Field])[],
  comparable: readonly (readonly [string, Field])[],
): Figure[] {
  return figureNames.flatMap((of) =>
    (of === "sum" || of === "avg" ? addable : comparable).map(([field]) => ({ of, field })),
  );
}
