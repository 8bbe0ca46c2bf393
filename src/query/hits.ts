import { decodeCursor, encodeCursor } from "../lib/cursor.ts";
import type { Entity } from "../model/entity.ts";
import type { Cells } from "./row.ts";
import { scoreSql, searchCondition, type SearchWords } from "./search.ts";
import { all, join, name, param, raw, render, sql, type Statement } from "../lib/sql.ts";
import { viewerSql, visible, type Viewer } from "./visible.ts";

/** A search over several entities at once: best match first, then newest. */
export type HitRequest = {
  readonly entities: readonly Entity[];
  readonly words: SearchWords;
  readonly limit: number;
  readonly after: string | null;
  readonly wantTotal: boolean;
};

export type Hit = {
  readonly entity: string;
  readonly id: string;
  readonly score: number;
  readonly cursor: string;
};
export type HitPage = {
  readonly hits: readonly Hit[];
  readonly total: number | null;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
};

const orderKey = "search: score desc,id desc";

/** Renders the one statement that finds a page of hits in all entities. */
export function hitStatement(
  request: HitRequest,
  viewer: Viewer,
): { statement: Statement; collect: (rows: readonly Cells[]) => HitPage } {
  const seenBy = viewerSql(viewer);
  const limit = param(request.limit + 1, "integer");
  const cursor = request.after === null ? null : decodeCursor(request.after, orderKey, "after");
  const matches = (entity: Entity) =>
    all([visible(entity, "t", seenBy, false), searchCondition("t", request.words)]);
  const table = (entity: Entity) => raw(`${name(entity.table)} t`);

  const pages = request.entities.map((entity) => {
    const score = scoreSql("t", entity, request.words);
    const after =
      cursor === null
        ? []
        : [
            sql`(${score}, t."id") < (${param(cursor[0] ?? null, "real")}, ${param(cursor[1] ?? null, "uuid")})`,
          ];
    return sql`(SELECT ${param(entity.name, "text")} AS entity, t."id", ${score} AS score FROM ${table(entity)} WHERE ${all(
      [matches(entity), ...after],
    )} ORDER BY score DESC, t."id" DESC LIMIT ${limit})`;
  });
  const counts = request.entities.map(
    (entity) => sql`(SELECT count(*) FROM ${table(entity)} WHERE ${matches(entity)})`,
  );
  const total = request.wantTotal ? join(counts, " + ") : raw("NULL");
  // The total must come also when the page is empty.
  const statement = sql`SELECT h.entity, h.id, h.score::text, c.n FROM (SELECT ${total} AS n) c LEFT JOIN (SELECT * FROM (${join(
    pages,
    " UNION ALL ",
  )}) u ORDER BY u.score DESC, u.id DESC LIMIT ${limit}) h ON TRUE ORDER BY h.score DESC, h.id DESC`;

  return {
    statement: render(statement),
    collect: (rows) => {
      const hits: Hit[] = [];
      for (const [entity, id, score] of rows) {
        if (entity == null || id == null || score == null) continue;
        hits.push({
          entity,
          id,
          score: Number(score),
          cursor: encodeCursor(orderKey, [score, id]),
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
