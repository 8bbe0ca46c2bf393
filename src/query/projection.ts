import { currentWork } from "../db/work.ts";
import type { Catalog } from "../model/catalog.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import { sqlTypeOf } from "../model/field.ts";
import type { Notation } from "../model/kind.ts";
import type { OrderTerm } from "../model/order.ts";
import { namedBy } from "../model/public-value.ts";
import type { Relation } from "../model/relation.ts";
import { fieldSql, orderItem, sortTerms } from "./order.ts";
import { relationJoin } from "./relation-join.ts";
import type { Cells, Columns } from "./row.ts";
import { all, join, name, raw, sql, type Sql } from "../lib/sql.ts";
import { visible, type ViewerSql } from "./visible.ts";

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

/**
 * Prints records as JSON in the names and the notation of a face. PostgreSQL's texts go into the JSON as they are read:
 * no decimal passes through a float, and nothing is parsed to be printed again.
 */
export function projectionColumns(
  projection: Projection,
  catalog: Catalog,
): Columns<PrintedRecord> {
  const hasVersion = projection.entity.fields["version"] !== undefined;
  const { sql: columns, printers, cellOf } = printing(projection, catalog, hasVersion);
  const versionCell = hasVersion ? cellOf("version") : null;
  const parts = printers.map((print, index) => {
    const key = JSON.stringify(projection.members[index]?.key);
    return { start: `${index === 0 ? "{" : ","}${key}:`, print };
  });
  return {
    sql: columns,
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

/**
 * What PostgreSQL sends of a member, as binary: JSON, a text without anything to escape in JSON, any text, or a value that
 * takes its own functions longer to print than a few bytes here.
 */
export type SentForm =
  | { readonly form: "json" | "plain" | "text" | "boolean" | "integer" }
  | { readonly form: "uuid"; readonly prefix: string }
  | { readonly form: "timestamptz"; readonly fraction: 3 | 6 }
  | { readonly form: "date"; readonly isInstant: boolean };
export type SentMember = { readonly key: string; readonly as: SentForm };

/** The members of a record as PostgreSQL sends them in binary, a column each; null is SQL's. */
export function sentMembers(
  projection: Projection,
  catalog: Catalog,
): { readonly members: readonly SentMember[]; readonly sql: (viewer: ViewerSql) => Sql[] } {
  const { entity, notation, members } = projection;
  const printedSql = (field: string): Sql => {
    const definition = fieldOf(entity, field);
    const { prefix } = namedBy(catalog, entity, definition);
    return definition.kind.printedSql(fieldSql("t", field, definition), notation, prefix);
  };
  return {
    members: members.map((member) => ({
      key: member.key,
      as: sentForm(projection, catalog, member),
    })),
    sql: (viewer) =>
      members.map((member) => {
        if (member.kind === "isSet") {
          return sql`(${fieldSql("t", member.field, fieldOf(entity, member.field))} IS NOT NULL)`;
        }
        if (member.kind !== "field") {
          return sql`concat('[', ${edgeSql(projection, catalog, member, viewer)}, ']')`;
        }
        const { field, or } = member;
        if (or !== undefined) {
          return sql`coalesce(${printedSql(field)}::text, ${printedSql(or)}::text)`;
        }
        const definition = fieldOf(entity, field);
        if (definition.kind.isList) return sql`to_json(${printedSql(field)})`;
        return isText(sentForm(projection, catalog, member))
          ? sql`${printedSql(field)}::text`
          : fieldSql("t", field, definition);
      }),
  };
}

const isText = ({ form }: SentForm): boolean =>
  form === "json" || form === "plain" || form === "text";

function sentForm({ entity, notation }: Projection, catalog: Catalog, member: Member): SentForm {
  if (member.kind === "isSet") return { form: "boolean" };
  if (member.kind !== "field") return { form: "json" };
  if (member.or !== undefined) return { form: "text" };
  const definition = fieldOf(entity, member.field);
  const { kind } = definition;
  if (kind.isList) return { form: "json" };
  const { prefix } = namedBy(catalog, entity, definition);
  switch (sqlTypeOf(definition)) {
    case "boolean":
      return { form: "boolean" };
    case "integer":
      return { form: "integer" };
    case "uuid":
      return { form: "uuid", prefix: notation.ids === "prefixed" ? `${prefix}-` : "" };
    case "timestamptz":
      return { form: "timestamptz", fraction: notation.fraction };
    case "date":
      return { form: "date", isInstant: notation.days === "midnight" };
    default:
      return { form: kind.printedAs(notation) };
  }
}

/** The columns that are read of each record, and the printers of its members. */
function printing(projection: Projection, catalog: Catalog, withVersion: boolean) {
  const { entity, members } = projection;
  const fields = [...new Set(["id", ...members.flatMap(fieldsOf)])];
  if (withVersion && !fields.includes("version")) fields.push("version");
  const edges = members.filter((member) => member.kind === "ids" || member.kind === "records");
  const cellOf = (field: string): number => fields.indexOf(field);
  let edgeCell = fields.length;
  return {
    cellOf,
    printers: members.map((member) =>
      printer(projection, catalog, member, cellOf, () => edgeCell++),
    ),
    sql: (viewer: ViewerSql) => [
      ...fields.map((field) => fieldSql("t", field, fieldOf(entity, field))),
      ...edges.map((member) => edgeSql(projection, catalog, member, viewer)),
    ],
  };
}

function fieldsOf(member: Member): readonly string[] {
  if (member.kind === "isSet") return [member.field];
  if (member.kind !== "field") return [];
  return member.or === undefined ? [member.field] : [member.field, member.or];
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
    const definition = fieldOf(entity, field);
    const { prefix } = namedBy(catalog, entity, definition);
    const print = definition.kind.printer(notation, prefix);
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
  const valueOf = (field: string): Sql => {
    const definition = fieldOf(target, field);
    const { prefix } = namedBy(catalog, target, definition);
    return definition.kind.printedSql(fieldSql("x", field, definition), notation, prefix);
  };
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
