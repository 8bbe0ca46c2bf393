import { decodeCursor, encodeCursor } from "../lib/cursor.ts";
import type { Entity } from "../model/entity.ts";
import type { Cells } from "./row.ts";
import { hitTexts } from "./hit-texts.ts";
import { scoreSql, searchCondition, type SearchWords } from "./search.ts";
import { all, join, name, param, raw, render, sql, type Sql, type Statement } from "../lib/sql.ts";
import { viewerSql, visible, type Viewer, type ViewerSql } from "./visible.ts";

/** A search over several entities at once: best match first, then newest. */
export type HitRequest = {
  readonly entities: readonly Entity[];
  readonly words: SearchWords;
  readonly limit: number;
  readonly after: string | null;
  readonly wantTotal: boolean;
  /** Whether titles and highlights are shown. */
  readonly wantTexts: boolean;
};

export type Hit = {
  readonly entity: string;
  readonly id: string;
  readonly score: number;
  readonly cursor: string;
  readonly title: string | null;
  readonly highlight: string | null;
};
export type HitPage = {
  readonly hits: readonly Hit[];
  readonly total: number | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

/** The name of the hits' order, which is part of their cursors. */
export const hitOrder = "search: score desc,id desc";

/**
 * The pieces of a search in SQL: the entity's name, `id` and `score` of each hit after a cursor, and the number of hits
 * on all pages.
 */
export function hitsSql(
  { entities, words }: Pick<HitRequest, "entities" | "words">,
  seenBy: ViewerSql,
  after: readonly unknown[] | null,
): { readonly rows: (limit: Sql) => Sql; readonly total: Sql } {
  const matches = (entity: Entity) =>
    all([visible(entity, "t", seenBy, false), searchCondition("t", words)]);
  const table = (entity: Entity) => raw(`${name(entity.table)} t`);
  const pageOf = (entity: Entity, limit: Sql): Sql => {
    const score = scoreSql("t", entity, words);
    const further =
      after === null
        ? []
        : [
            sql`(${score}, t."id") < (${param(after[0] ?? null, "real")}, ${param(after[1] ?? null, "uuid")})`,
          ];
    return sql`(SELECT ${param(entity.name, "text")} AS entity, t."id", ${score} AS score FROM ${table(entity)} WHERE ${all(
      [matches(entity), ...further],
    )} ORDER BY score DESC, t."id" DESC LIMIT ${limit})`;
  };
  const counts = entities.map(
    (entity) => sql`(SELECT count(*) FROM ${table(entity)} WHERE ${matches(entity)})`,
  );
  return {
    rows: (limit) => {
      const pages = entities.map((entity) => pageOf(entity, limit));
      return sql`SELECT * FROM (${join(pages, " UNION ALL ")}) u ORDER BY u.score DESC, u.id DESC LIMIT ${limit}`;
    },
    total: join(counts, " + "),
  };
}

/** Renders the one statement that finds a page of hits in all entities. */
export function hitStatement(
  request: HitRequest,
  viewer: Viewer,
): { statement: Statement; collect: (rows: readonly Cells[]) => HitPage } {
  const { after } = request;
  const cursor = after === null ? null : decodeCursor(after, hitOrder, "after");
  const found = hitsSql(request, viewerSql(viewer), cursor);
  const total = request.wantTotal ? found.total : raw("NULL");
  const page = found.rows(param(request.limit + 1, "integer"));
  const texts = request.wantTexts
    ? hitTexts(request, viewerSql(viewer), { entity: raw("h.entity"), id: raw("h.id") })
    : { title: raw("NULL"), highlight: raw("NULL") };
  // The total must come also when the page is empty.
  const statement = sql`SELECT h.entity, h.id, h.score::text, c.n, ${texts.title}, ${texts.highlight} FROM (SELECT ${total} AS n) c LEFT JOIN (${page}) h ON TRUE ORDER BY h.score DESC, h.id DESC`;

  return {
    statement: render(statement),
    collect: (rows) => {
      const hits: Hit[] = [];
      for (const [entity, id, score, , title = null, highlight = null] of rows) {
        if (entity == null || id == null || score == null) continue;
        hits.push({
          entity,
          id,
          score: Number(score),
          cursor: encodeCursor(hitOrder, [score, id]),
          title,
          highlight,
        });
      }
      const count = rows[0]?.[3] ?? null;
      return {
        hits: hits.slice(0, request.limit),
        total: count === null ? null : Number(count),
        hasNextPage: hits.length > request.limit,
        // The cursor was a hit itself, so something comes before.
        hasPreviousPage: request.after !== null,
      };
    },
  };
}
