import { folded } from "../model/kinds/parts/part.ts";
import { fieldOf, type Entity } from "../model/entity.ts";
import { all, join, name, param, raw, sql, type Sql } from "../lib/sql.ts";
import type { SearchWords } from "./search.ts";
import { visible, type ViewerSql } from "./visible.ts";

/** The fields that name a record best, in this order; the other searched ones follow. */
const naming = ["displayName", "name", "subject"];
/** The characters of a highlight, and how many of them stand before the match. */
const [longest, before] = [200, 40];
/** The number of characters of prose that are searched. */
const searchedOfProse = 2_000;

/** What is shown of a hit beside its record: its title, and the text around the match. Both are read by its id. */
export function hitTexts(
  { entities, words }: { readonly entities: readonly Entity[]; readonly words: SearchWords },
  viewer: ViewerSql,
  hit: { readonly entity: Sql; readonly id: Sql },
): { readonly title: Sql; readonly highlight: Sql } {
  const ofEach = (shown: (entity: Entity) => Sql): Sql => {
    const cases = entities.map((entity) => {
      const isHit = all([visible(entity, "t", viewer, false), sql`t."id" = ${hit.id}`]);
      return sql`WHEN ${param(entity.name, "text")} THEN (SELECT ${shown(entity)} FROM ${raw(name(entity.table))} t WHERE ${isHit})`;
    });
    return sql`CASE ${hit.entity} ${join(cases, " ")} END`;
  };
  const said = words.terms.flatMap(({ text }) => text.split(" "));
  return {
    title: ofEach(titleSql),
    highlight: ofEach((entity) => highlightSql(entity, said)),
  };
}

/** The first text that names the record; null if it has none. */
function titleSql(entity: Entity): Sql {
  const others = searchedOf(entity).filter((field) => !naming.includes(field));
  const own = [...naming.filter((field) => field in entity.fields), ...others];
  return sql`coalesce(${join(
    own.map((field) => sql`nullif(left(${textOf(entity, field)}, ${raw("1000")}), '')`),
    ", ",
  )})`;
}

/** The text around the first word in the first field that has one; null if the record is only similar. */
function highlightSql(entity: Entity, words: readonly string[]): Sql {
  const cases = searchedOf(entity).map((field) => {
    const text = textOf(entity, field);
    const places = words.map(
      (word) => sql`nullif(strpos(${folded(text)}, ${folded(param(word, "text"))}), 0)`,
    );
    const place = sql`least(${join(places, ", ")})`;
    const around = sql`(SELECT btrim(substr(f.text, ${start}, ${raw(String(longest))})) FROM (SELECT ${text} AS text, ${place} AS place) f)`;
    return sql`WHEN ${place} IS NOT NULL THEN ${around}`;
  });
  return sql`CASE ${join(cases, " ")} END`;
}

/**
 * Where the highlight of `f.text` starts, whose match is at `f.place` of the folded text. What is in front of it may be
 * longer when it is folded: a Korean syllable becomes two or three characters. Then the match is looked for in parts of
 * the text, and the part in front of its own is shown as well.
 */
const start = ((): Sql => {
  const lengthOf = (text: string): Sql => sql`char_length(${folded(raw(text))})`;
  const size = raw(String(before));
  const upTo = sql`SELECT sum(${lengthOf(`substr(f.text, p.first, ${before})`)}) OVER (ORDER BY p.first) AS folded FROM generate_series(1, char_length(f.text), ${size}) p(first)`;
  const inParts = sql`(SELECT 1 + ${size} * greatest(0, count(*)::integer - 1) FROM (${upTo}) part WHERE part.folded < f.place)`;
  return sql`CASE WHEN ${lengthOf("left(f.text, f.place - 1)")} = f.place - 1 THEN greatest(1, f.place - ${size}) ELSE ${inParts} END`;
})();

const searchedOf = ({ fields }: Entity): string[] =>
  Object.entries(fields).flatMap(([field, { searched }]) => (searched === null ? [] : [field]));

function textOf(entity: Entity, field: string): Sql {
  const { column, searched } = fieldOf(entity, field);
  const text = raw(`t.${name(column)}::text`);
  return searched === "beginning" ? sql`left(${text}, ${raw(String(searchedOfProse))})` : text;
}
