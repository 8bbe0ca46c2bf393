import { raw, sql, type Sql } from "../../lib/sql.ts";
import { hitTexts } from "../../query/hit-texts.ts";
import { hitOrder, hitsSql } from "../../query/hits.ts";
import { searchWords } from "../../query/search.ts";
import { searchedTypes } from "../schema/search-query.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { boundsOf, connectionText, cursorOf, limitOf, pageRows } from "./connection.ts";
import { orNull, type Json } from "./json.ts";
import { recordAmong } from "./record.ts";

/** The hits of a search over several entities, best match first. */
export function searchJson(c: Compilation, selected: Selected): Json {
  const args = c.argumentsOf(selected);
  const { query, types, ...given } = args.values;
  const words = typeof query === "string" ? searchWords(query, "query") : null;
  const entities = searchedTypes(c.catalog, types);
  if (words === null || entities.length === 0) throw new NotCompiled();
  c.isPlannedEach = true;
  const { after } = boundsOf(args, hitOrder);
  const hits = hitsSql({ entities, words }, c.viewer, after);
  const alias = c.nextAlias();
  const column = (name: string) => raw(`${alias}.${name}`);
  const [entity, id, score] = [column("entity"), column("id"), column("score")];
  const texts = hitTexts({ entities, words }, c.viewer, { entity, id });
  const orNone = (text: Sql): Json => orNull(sql`to_json(${text})::text`);
  const named = entities.map((one) => [one.name, one] as const);
  const parts = c.fieldsOf(c.objectTypeOf(selected), selected);
  const { limit } = limitOf(args, false);
  const rows = pageRows(alias, { limit, backward: false, about: c, parts });
  const text = connectionText(c, {
    parts,
    rows,
    given,
    cursor: cursorOf(hitOrder, [score, id]),
    node: (node) => orNull(recordAmong(c, { key: entity, entities: named }, node, false, id)),
    inEdge: {
      score: [score],
      title: orNone(texts.title),
      highlight: orNone(texts.highlight),
    },
    total: hits.total,
    // The row of the cursor was a hit itself.
    outside: () => raw("TRUE"),
    place: c.root,
  });
  return [rows.areRead ? sql`(SELECT ${text} FROM ${rows.from(hits.rows(rows.limit))})` : text];
}
