import { seenChangesSql } from "../../changes/seen-before.ts";
import { toldFields } from "../../changes/field-changes.ts";
import { join, name, raw, sql, type Sql } from "../../lib/sql.ts";
import { fieldOf, type Entity } from "../../model/entity.ts";
import type { Field } from "../../model/field.ts";
import { visible } from "../../query/visible.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { orNull, quoted, textOf, type Json } from "./json.ts";
import { printedObject, recordAmong } from "./record.ts";
import type { RowSql } from "./row-sql.ts";

/** The entities whose records an entity's rows describe. */
const toldOf = (c: Compilation, { tellsOf }: Entity): readonly Entity[] =>
  (tellsOf ?? []).map((told) => c.catalog.entity(told));

/** The entities that an `anyReference` may name, and the column with the name of the entity. */
const namedAmong = (c: Compilation, { entity, field }: RowSql, { typed }: Field) => ({
  key: field(typed ?? ""),
  entities: toldOf(c, entity).map((one) => [one.type, one] as const),
});

/** The id of a record of any entity. Another column names the entity, which gives the prefix. */
export function anyIdJson(c: Compilation, row: RowSql, field: string): Json {
  const { key, entities } = namedAmong(c, row, fieldOf(row.entity, field));
  const prefixes = entities.map(
    ([type, { prefix }]) => sql`WHEN ${quoted(type)} THEN ${quoted(prefix)}`,
  );
  return [`"`, sql`CASE ${key} ${join(prefixes, " ")} END`, "-", row.field(field), `"`];
}

/** The current state of the record that such an id names. */
export function anyRecordJson(
  c: Compilation,
  selected: Selected,
  row: RowSql,
  field: string,
): Json {
  const { key, entities } = namedAmong(c, row, fieldOf(row.entity, field));
  const nodes = entities.filter(([, { isNode }]) => isNode);
  return orNull(recordAmong(c, { key, entities: nodes }, selected, true, row.field(field)));
}

/** The field changes of an event, as `fieldChanges` reads them from the log. */
export function fieldChangesJson(
  c: Compilation,
  selected: Selected,
  row: RowSql,
  field: string,
): Json {
  const { typed } = fieldOf(row.entity, field);
  const entities = toldOf(c, row.entity);
  const told = entities.map((one) => [one.type, toldFields(c.catalog, one)] as const);
  const prefixes = sql`${quoted(JSON.stringify(Object.fromEntries(told)))}::jsonb`;
  const alias = c.nextAlias();
  const column = (of: string): Sql => raw(`${alias}.${of}`);
  const change = printedObject(c, selected, (one) => {
    if (one.name === "field") return [sql`to_json(${column("field")})`];
    if (one.name !== "old" && one.name !== "new") throw new NotCompiled();
    return [withPrefixes(column(`"${one.name}"`), column("prefix"))];
  });
  const value = (place: string) =>
    c.viewer.app === null
      ? raw(`e.pair -> ${place}`)
      : seenLinks(c, entities, raw(`(e.pair -> ${place})`), raw("e.prefix"));
  const changes = row.field(field);
  const each = sql`SELECT p.field, p.pair, p.place, ${prefixes} -> ${row.field(typed ?? "")} ->> p.field AS prefix FROM jsonb_each(CASE jsonb_typeof(${changes}) WHEN 'object' THEN ${changes} ELSE '{}' END) WITH ORDINALITY AS p(field, pair, place) OFFSET 0`;
  const pairs = sql`SELECT e.field, e.place, e.prefix, ${value("0")} AS old, ${value("1")} AS new FROM (${each}) e WHERE e.prefix IS NOT NULL AND jsonb_typeof(e.pair) = 'array' OFFSET 0`;
  const list = sql`string_agg(${textOf(change)}, ',' ORDER BY ${column("place")})`;
  const changed = sql`${column("old")} IS DISTINCT FROM ${column("new")}`;
  return ["[", sql`(SELECT ${list} FROM (${pairs}) ${raw(alias)} WHERE ${changed})`, "]"];
}

/** The row of an event that is sent by itself, as its listener may see it. Rows of other entities are unchanged. */
export function asSent({ viewer: { app } }: Compilation, row: RowSql): RowSql {
  if (app === null || row.entity.tellsOf === null) return row;
  const event = { changes: row.field("changes"), operation: row.field("operation") };
  const changes = seenChangesSql(event, app);
  return { ...row, field: (field) => (field === "changes" ? changes : row.field(field)) };
}

/** A value of the log as JSON text. An id gets its prefix, also as an item of a list. */
function withPrefixes(value: Sql, prefix: Sql): Sql {
  const prefixed = (id: Sql) => sql`to_json(${prefix} || (${id} #>> '{}'))::text`;
  const item = sql`CASE jsonb_typeof(i.item) WHEN 'string' THEN ${prefixed(raw("i.item"))} ELSE i.item::text END`;
  const list = sql`(SELECT concat('[', string_agg(${item}, ',' ORDER BY i.place), ']') FROM jsonb_array_elements(${value}) WITH ORDINALITY AS i(item, place))`;
  const shown = sql`CASE jsonb_typeof(${value}) WHEN 'string' THEN ${prefixed(value)} WHEN 'array' THEN ${list} ELSE ${value}::text END`;
  return sql`coalesce(CASE WHEN ${prefix} = '' THEN ${value}::text ELSE ${shown} END, 'null')`;
}

/** A list of links without the records that the caller may not see. Any other value is unchanged. */
function seenLinks(c: Compilation, entities: readonly Entity[], value: Sql, prefix: Sql): Sql {
  const cases = entities.map((entity) => {
    const seen = visible(entity, "s", c.viewer, true);
    const found = sql`EXISTS (SELECT FROM ${raw(name(entity.table))} s WHERE ${seen} AND s."id" = (i.item #>> '{}')::uuid)`;
    return sql`WHEN ${quoted(`${entity.prefix}-`)} THEN ${found}`;
  });
  const isSeen = sql`CASE ${prefix} ${join(cases, " ")} END`;
  const list = sql`(SELECT coalesce(jsonb_agg(i.item ORDER BY i.place), '[]') FROM jsonb_array_elements(${value}) WITH ORDINALITY AS i(item, place) WHERE ${isSeen})`;
  return sql`CASE WHEN ${prefix} <> '' AND jsonb_typeof(${value}) = 'array' THEN ${list} ELSE ${value} END`;
}
