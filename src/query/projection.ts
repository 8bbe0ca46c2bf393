import { currentWork } from "../db/work.ts";
import { canonicalDecimal } from "../lib/decimal.ts";
import type { Catalog } from "../model/catalog.ts";
import type { Entity } from "../model/entity.ts";
import type { Field } from "../model/field.ts";
import type { OrderTerm } from "../model/order.ts";
import type { Relation } from "../model/relation.ts";
import { fieldSql, orderItem, sortTerms } from "./order.ts";
import { relationJoin } from "./relation-join.ts";
import { readTextArray, type Cells, type Columns } from "./row.ts";
import { all, join, name, raw, sql, type Sql } from "../lib/sql.ts";
import { visible, type ViewerSql } from "./visible.ts";

/** How values are written where a face has its own way. */
export type Notation = {
  /** Whether ids carry the prefix of their entity. */
  readonly ids: "prefixed" | "bare";
  /** Digits after the point of a second. */
  readonly fraction: 3 | 6;
  /** A day as such (`2026-11-30`), or as the instant with which it begins in UTC. */
  readonly days: "day" | "midnight";
};

/** One key of a record as a face shows it, and where its value comes from. */
export type Member =
  /** A field of the model; or else another one, where the first is null. */
  | {
      readonly kind: "field";
      readonly key: string;
      readonly field: string;
      readonly or?: string;
    }
  /** Whether a field has a value. */
  | { readonly kind: "isSet"; readonly key: string; readonly field: string }
  /** The ids at the other end of an edge. */
  | { readonly kind: "ids"; readonly key: string; readonly relation: string }
  /** What stands at the other end of an edge, in its order or another one. */
  | {
      readonly kind: "records";
      readonly key: string;
      readonly relation: string;
      readonly members: readonly { readonly key: string; readonly field: string }[];
      readonly order: readonly OrderTerm[];
    };

/** A record as a face shows it: the keys in their order. */
export type Projection = {
  readonly entity: Entity;
  readonly notation: Notation;
  readonly members: readonly Member[];
};

/** A record printed as JSON, and what its answer's headers need of it. */
export type PrintedRecord = {
  /** The bare UUID. */
  readonly id: string;
  /** Null where the entity has none. */
  readonly version: string | null;
  readonly json: string;
};

type Print = (cell: string) => string;

/**
 * Prints records as JSON in the names and the notation of a face. PostgreSQL's texts go into the JSON as they are read:
 * no decimal passes through a float, and nothing is parsed to be printed again.
 */
export function projectionColumns(
  projection: Projection,
  catalog: Catalog,
): Columns<PrintedRecord> {
  const { entity, members } = projection;
  const fields = [...new Set(["id", ...members.flatMap(fieldsOf)])];
  const hasVersion = entity.fields["version"] !== undefined;
  if (hasVersion && !fields.includes("version")) fields.push("version");
  const edges = members.filter((member) => member.kind === "ids" || member.kind === "records");
  const cellOf = (field: string): number => fields.indexOf(field);
  const versionCell = hasVersion ? cellOf("version") : null;
  let edgeCell = fields.length;
  const parts = members.map((member, index) => {
    const start = `${index === 0 ? "{" : ","}${JSON.stringify(member.key)}:`;
    return { start, print: printer(projection, catalog, member, cellOf, () => edgeCell++) };
  });
  return {
    sql: (viewer) => [
      ...fields.map((field) => fieldSql("t", field, definitionOf(entity, field))),
      ...edges.map((member) => edgeSql(projection, catalog, member, viewer)),
    ],
    read: (cells, start) => {
      let json = "";
      for (const part of parts) json += part.start + part.print(cells, start);
      currentWork()?.countMade(Buffer.byteLength(json));
      return {
        id: cells[start] ?? "",
        version: versionCell === null ? null : (cells[start + versionCell] ?? null),
        json: `${json}}`,
      };
    },
  };
}

function fieldsOf(member: Member): readonly string[] {
  if (member.kind === "isSet") return [member.field];
  if (member.kind !== "field") return [];
  return member.or === undefined ? [member.field] : [member.field, member.or];
}

function definitionOf(entity: Entity, field: string): Field {
  const definition = entity.fields[field];
  if (definition === undefined) throw new Error(`${entity.name} has no field ${field}`);
  return definition;
}

/** How a member is printed from the cells of its record, which begin at `start`. */
function printer(
  projection: Projection,
  catalog: Catalog,
  member: Member,
  cellOf: (field: string) => number,
  nextEdge: () => number,
): (cells: Cells, start: number) => string {
  const { entity, notation } = projection;
  const fieldPrinter = (field: string) => {
    const cell = cellOf(field);
    const print = printOf(prefixOf(entity, field, catalog), definitionOf(entity, field), notation);
    return (cells: Cells, start: number): string | null => {
      const text = cells[start + cell] ?? null;
      return text === null ? null : print(text);
    };
  };
  if (member.kind === "field") {
    const print = fieldPrinter(member.field);
    const other = member.or === undefined ? () => null : fieldPrinter(member.or);
    return (cells, start) => print(cells, start) ?? other(cells, start) ?? "null";
  }
  if (member.kind === "isSet") {
    const cell = cellOf(member.field);
    return (cells, start) => ((cells[start + cell] ?? null) === null ? "false" : "true");
  }
  const cell = nextEdge();
  return (cells, start) => `[${cells[start + cell] ?? ""}]`;
}

/** The prefix of the ids that a field holds; empty for all others. */
function prefixOf(entity: Entity, field: string, catalog: Catalog): string {
  const definition = definitionOf(entity, field);
  if (definition.kind === "id") return `${entity.prefix}-`;
  return definition.kind === "reference" ? `${catalog.entity(definition.to ?? "").prefix}-` : "";
}

/** How a value is printed, by what its field holds. */
function printOf(prefix: string, { kind }: Field, { ids, fraction, days }: Notation): Print {
  switch (kind) {
    case "id":
    case "reference": {
      const start = ids === "prefixed" ? `"${prefix}` : `"`;
      return (cell) => `${start}${cell}"`;
    }
    case "int":
    case "bigInt":
    case "json":
    case "jsonObject":
      return (cell) => cell;
    case "decimal":
      return canonicalDecimal;
    case "boolean":
      return (cell) => (cell === "t" ? "true" : "false");
    case "dateTime":
      // `2026-03-18 15:40:12.5+00`: the pool's sessions run in UTC.
      return (cell) =>
        `"${cell.slice(0, 10)}T${cell.slice(11, 19)}.${cell.slice(20, -3).padEnd(fraction, "0")}Z"`;
    case "date":
      return days === "day" ? (cell) => `"${cell}"` : (cell) => `"${cell}T00:00:00.000Z"`;
    case "textList":
      return (cell) => (cell === "{}" ? "[]" : JSON.stringify(readTextArray(cell)));
    default:
      return (cell) => JSON.stringify(cell);
  }
}

type Edge = Extract<Member, { kind: "ids" | "records" }>;

/** What stands at the other end of an edge, as the inside of a JSON list: what the viewer may see of it, in order. */
function edgeSql(
  { entity, notation }: Projection,
  catalog: Catalog,
  member: Edge,
  viewer: ViewerSql,
): Sql {
  const relation: Relation | undefined = entity.relations[member.relation];
  if (relation === undefined) throw new Error(`${entity.name} has no ${member.relation}`);
  const target = catalog.entity(relation.to);
  const found = sql`FROM ${raw(`${name(target.table)} x`)} WHERE ${all([
    visible(target, "x", viewer, false),
    relationJoin(relation, entity, target, { near: "t", far: "x" }, viewer.tenant),
  ])}`;
  const valueOf = (field: string): Sql =>
    valueSql(
      fieldSql("x", field, definitionOf(target, field)),
      definitionOf(target, field),
      notation.ids === "prefixed" ? prefixOf(target, field, catalog) : "",
      notation,
    );
  if (member.kind === "ids") {
    return sql`(SELECT string_agg(to_json(${valueOf("id")})::text, ',' ORDER BY x."id") ${found})`;
  }
  const columns = member.members.map(
    ({ key, field }) => sql`${valueOf(field)} AS ${raw(name(key))}`,
  );
  const order = join(
    sortTerms(target, "x", member.order).map((term) => orderItem(term)),
    ", ",
  );
  return sql`(SELECT string_agg(to_json(r)::text, ',') FROM (SELECT ${join(columns, ", ")} ${found} ORDER BY ${order}) r)`;
}

/** The same value as it is printed above, for what PostgreSQL puts into JSON by itself. */
function valueSql(column: Sql, { kind }: Field, prefix: string, notation: Notation): Sql {
  switch (kind) {
    case "id":
    case "reference":
      return prefix === "" ? column : sql`${raw(`'${prefix}' || `)}${column}`;
    case "decimal":
      return sql`trim_scale(${column})`;
    case "dateTime": {
      const fraction = notation.fraction === 3 ? "MS" : "US";
      return sql`to_char(${column}, ${raw(`'YYYY-MM-DD"T"HH24:MI:SS.${fraction}"Z"'`)})`;
    }
    case "date":
      return notation.days === "day"
        ? column
        : sql`to_char(${column}, ${raw(`'YYYY-MM-DD"T00:00:00.000Z"'`)})`;
    default:
      return column;
  }
}
