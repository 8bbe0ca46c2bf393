import { sql } from "../../lib/sql.ts";
import { fieldOf } from "../../model/entity.ts";
import { namedBy } from "../../model/public-value.ts";
import { relationJoin } from "../../query/relation-join.ts";
import { sourceOf, type Source } from "../schema/source.ts";
import { aggregateText } from "./aggregate.ts";
import { bundlesJson } from "./bundles.ts";
import { keyedJson, nodeJson, nodesJson } from "./by-id.ts";
import { anyIdJson, anyRecordJson, fieldChangesJson } from "./change.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { booleanOf, valueOf, type Json } from "./json.ts";
import { listJson } from "./list.ts";
import { objectsJson } from "./objects.ts";
import { recordJson } from "./record.ts";
import type { RowSql } from "./row-sql.ts";
import { searchJson } from "./search.ts";
import { ownTenantJson, viewerJson } from "./viewer.ts";

/** The printers of fields, one for each kind of source. `row` is the record's row; it is null at the root. */
type Printers = {
  readonly [Kind in Source["kind"]]: (
    c: Compilation,
    selected: Selected,
    from: Extract<Source, { kind: Kind }>,
    row: RowSql | null,
  ) => Json;
};

const printers: Printers = {
  column: (c, _selected, { field: name }, row) => {
    const { entity, field } = of(row);
    const definition = fieldOf(entity, name);
    if (definition.kind.ids === "any") return anyIdJson(c, of(row), name);
    // PostgreSQL prints spaces in JSON, and bytes cost.
    if (definition.kind.sqlType === "jsonb") c.costsByText = true;
    return valueOf(definition, field(name), namedBy(c.catalog, entity, definition).prefix);
  },
  isDeleted: (_c, _selected, _from, row) =>
    booleanOf(sql`${of(row).field("deletedAt")} IS NOT NULL`),
  edge: (c, selected, from, row) => edgeJson(c, selected, of(row), from.relation),
  list: (c, selected, from, row) => listJson(c, row, selected, from),
  aggregate: (c, selected, from, row) => [aggregateText(c, row, selected, from)],
  bundles: bundlesJson,
  record: keyedJson,
  node: nodeJson,
  nodes: nodesJson,
  anyRecord: (c, selected, { field }, row) => anyRecordJson(c, selected, of(row), field),
  fieldChanges: (c, selected, { field }, row) => fieldChangesJson(c, selected, of(row), field),
  objects: (c, selected, { field }, row) => objectsJson(c, selected, of(row), field),
  search: searchJson,
  viewer: viewerJson,
  ownTenant: ownTenantJson,
};

/** The sources whose printers add their cost. */
const charged: ReadonlySet<string> = new Set<Source["kind"]>([
  "column",
  "isDeleted",
  "edge",
  "list",
  "aggregate",
  "record",
  "ownTenant",
]);

/** A field as JSON. @throws NotCompiled if only its resolver can answer it. */
export function fieldJson(c: Compilation, row: RowSql | null, selected: Selected): Json {
  const { definition, parent, name } = selected;
  if (name === "__typename") return [`"${parent.name}"`];
  const from = definition === null ? null : sourceOf(definition);
  if (from === null) throw new NotCompiled();
  if (!charged.has(from.kind)) c.costsByText = true;
  return printed(printers, from.kind, from, c, selected, row);
}

/** Ties a source to the printer of its kind, for the type checker. */
function printed<Kind extends Source["kind"]>(
  all: Printers,
  kind: Kind,
  from: Extract<Source, { kind: Kind }>,
  c: Compilation,
  selected: Selected,
  row: RowSql | null,
): Json {
  return all[kind](c, selected, from, row);
}

function of(row: RowSql | null): RowSql {
  if (row === null) throw new NotCompiled();
  return row;
}

/** The record at the other end of a to-one edge. */
function edgeJson(c: Compilation, selected: Selected, row: RowSql, relationName: string): Json {
  const relation = row.entity.relations[relationName];
  if (relation?.kind !== "one") throw new NotCompiled();
  const target = c.catalog.entity(relation.to);
  const includeDeleted = c.argumentsOf(selected).values["includeDeleted"] === true;
  // The join reads this column.
  row.field(relation.key);
  return recordJson(c, row, selected, {
    entity: target,
    includeDeleted,
    condition: (far) =>
      relationJoin(relation, row.entity, target, { near: row.alias, far }, c.viewer.tenant),
  });
}
