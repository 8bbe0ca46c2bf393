import { join, raw, sql, type Sql } from "../../lib/sql.ts";
import type { Field } from "../../model/field.ts";
import type { Notation } from "../../model/kind.ts";

/** JSON that PostgreSQL concatenates: constant text, and expressions that give text. */
export type Json = readonly (string | Sql)[];

/** The notation of GraphQL's scalars. */
const notation: Notation = { ids: "bare", fraction: 3, days: "day", decimals: "text" };
/** PostgreSQL takes at most 100 arguments a call. */
const maxArguments = 90;

/** An SQL expression that gives the JSON as text; never null. */
export function textOf(json: Json): Sql {
  const pieces = joined(json).map((piece) => (typeof piece === "string" ? quoted(piece) : piece));
  const [only, ...others] = pieces;
  if (only === undefined) return raw("''");
  if (others.length === 0 && typeof json[0] === "string") return only;
  return concatenated(pieces);
}

function concatenated(pieces: readonly Sql[]): Sql {
  if (pieces.length <= maxArguments) return sql`concat(${join(pieces, ", ")})`;
  const parts: Sql[] = [];
  for (let at = 0; at < pieces.length; at += maxArguments) {
    parts.push(concatenated(pieces.slice(at, at + maxArguments)));
  }
  return concatenated(parts);
}

/** Joins neighbouring constant texts. */
function joined(json: Json): (string | Sql)[] {
  const pieces: (string | Sql)[] = [];
  for (const piece of json) {
    const last = pieces.at(-1);
    if (typeof piece === "string" && typeof last === "string")
      pieces[pieces.length - 1] = last + piece;
    else if (piece !== "") pieces.push(piece);
  }
  return pieces;
}

/** A text as an SQL literal. */
export const quoted = (text: string): Sql => raw(`'${text.replaceAll("'", "''")}'`);

/** An object with the given members in their order. */
export function objectOf(members: Iterable<readonly [name: string, value: Json]>): Json {
  const json: (string | Sql)[] = [];
  for (const [name, value] of members) {
    json.push(json.length === 0 ? "{" : ",", `"${name}":`, ...value);
  }
  return json.length === 0 ? ["{}"] : [...json, "}"];
}

/** The JSON text of an expression, with SQL's null as JSON's. */
export const orNull = (text: Sql): Json => [sql`coalesce(${text}, 'null')`];

export const booleanOf = (condition: Sql): Json => [
  sql`CASE WHEN ${condition} THEN 'true' ELSE 'false' END`,
];

type Printable = Pick<Field, "kind" | "nullable">;

/** A field's value as its GraphQL scalar prints it. Ids get the prefix. */
export function valueOf({ kind, nullable }: Printable, value: Sql, prefix: string): Json {
  const printed = kind.printedSql(value, notation, prefix);
  if (kind.printedAs(notation) === "text") {
    return nullable
      ? [sql`coalesce(to_json(${printed})::text, 'null')`]
      : [sql`to_json(${printed})`];
  }
  const json: Json =
    kind.printedAs(notation) === "json"
      ? [sql`${printed}::text`]
      : [kind.ids === null ? `"` : `"${prefix}-`, printed, `"`];
  return nullable ? [sql`CASE WHEN ${value} IS NULL THEN 'null' ELSE ${textOf(json)} END`] : json;
}
