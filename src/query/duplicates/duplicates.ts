import type { Entity } from "../../model/entity.ts";
import { scoreOf, type Evidence, type Reason } from "./evidence.ts";
import type { Cells } from "../row.ts";
import {
  all,
  join,
  name,
  param,
  raw,
  render,
  sql,
  type Sql,
  type Statement,
} from "../../lib/sql.ts";
import { viewerSql, visible, type Viewer } from "../visible.ts";

/**
 * A way to candidates: the rows next to a record in the order of a column, all of which share something with it
 * (`same`: the column itself; `near`: the column `within`, or nothing). The nearest are the likeliest, and their
 * number is bounded however many share it; whoever is near is so both ways.
 */
type CandidateKey = {
  readonly order: string;
  /** Columns of the record of which the candidate's `equal` has a value. */
  readonly equalTo: readonly string[];
  readonly equal: string | null;
  /** Trigram similarity of names (0 to 1) below which a neighbour is not looked at more closely; null to look at all. */
  readonly minSimilarity: number | null;
  /** How many rows are looked at in each direction. */
  readonly reach: number;
};

/** Rows whose column has the value that one of these columns has in the record. */
export const same = (column: string, mine: readonly string[]): CandidateKey => ({
  order: "id",
  equal: column,
  equalTo: mine,
  minSimilarity: null,
  reach: 50,
});

/** Rows that stand next to the record in the order of a column, among those with the same value of another. */
export const near = (column: string, within: string | null = null): CandidateKey => ({
  order: column,
  equal: within,
  equalTo: within === null ? [] : [within],
  // Among few all that can be meant is worth a look, initials too; among a whole tenant's much is alike.
  minSimilarity: within === null ? 0.5 : 0.3,
  // Amid 50,000 accounts 25 found 92.1 % of a made set, 50 found 92.4 and 100 found 92.7, at twice the cost each.
  reach: within === null ? 25 : 50,
});

/** What is compared of one record. */
export type Features = {
  text(name: string): string | null;
  /** The lines of a text. */
  list(name: string): readonly string[];
};

/** When two records of an entity are likely one. */
export type DuplicateRules = {
  readonly entity: Entity;
  readonly candidates: readonly CandidateKey[];
  /** What is compared: SQL that gives text; `{t}` is the record or a candidate of it, `{s}` the record's id and keys. */
  readonly compared: Readonly<Record<string, string>>;
  /** What is compared that says nothing once many have it in common, e.g. the host of a mail provider. */
  readonly rare: readonly string[];
  /** Compares two records; `common` are those of `rare` that many share with them. */
  readonly compare: (left: Features, right: Features, common: ReadonlySet<string>) => Evidence;
};

/** So many others with the same value make it a common one; less than the reach, so that both of a pair see it alike. */
const manyOthers = 20;

export type Duplicate = {
  readonly id: string;
  readonly score: number;
  readonly reasons: readonly Reason[];
};

export type DuplicateRequest = {
  readonly rules: DuplicateRules;
  readonly limit: number;
  readonly minScore: number;
};

/** Likely the same from here on, unless another score is asked for. */
export const defaultMinScore = 0.5;

/** The records whose duplicates are looked for: these, or so many in the order of their ids from one on. */
type Sources = readonly string[] | { readonly from: string; readonly count: number };

/** Renders the one statement that reads each record and its candidates. */
export function duplicateStatement(
  request: DuplicateRequest,
  viewer: Viewer,
  sources: Sources,
): { statement: Statement; collect: (rows: readonly Cells[]) => Map<string, Duplicate[]> } {
  const { entity, compared, candidates } = request.rules;
  const seenBy = viewerSql(viewer);
  const from = raw(`${name(entity.table)} t`);
  // In the order of names neighbours are counted among all of the tenant's live rows: an application's few among many
  // others' must not make the index be read to its end. Those with the same value are few enough to look through.
  const live = (key: CandidateKey) =>
    visible(entity, "t", key.equal === null ? { ...seenBy, app: null } : seenBy, false);
  const neighbours = candidates.flatMap((key) =>
    ["<", ">"].map((side) => sql`(${neighboursSql(key, side, { from, live: live(key) })})`),
  );
  const keys = [
    ...new Set(["name_key", ...candidates.flatMap((key) => [key.order, ...key.equalTo])]),
  ];
  const columns = Object.values(compared).map((expression) =>
    raw(`(${expression.replaceAll("{t}", "t").replaceAll("{s}", "s")})::text`),
  );
  // The record itself comes first, so that what is compared of it is read in the same way.
  const statement = sql`WITH s AS MATERIALIZED (SELECT t."id", ${join(
    keys.filter((key) => key !== "id").map((key) => raw(`t.${name(key)}`)),
    ", ",
  )} FROM ${from} WHERE ${visible(entity, "t", seenBy, false)} AND ${sourcesSql(sources)}), c AS MATERIALIZED (SELECT s."id" AS source, n."id" FROM s CROSS JOIN LATERAL (SELECT s."id" UNION ${join(
    neighbours,
    " UNION ",
  )}) n) SELECT c.source, t."id", ${join(columns, ", ")} FROM c JOIN s ON s."id" = c.source JOIN ${from} ON t."id" = c."id" AND ${visible(
    entity,
    "t",
    seenBy,
    false,
  )}`;
  return { statement: render(statement), collect: (rows) => collectDuplicates(rows, request) };
}

function sourcesSql(sources: Sources): Sql {
  return "from" in sources
    ? sql`t."id" >= ${param(sources.from, "uuid")} ORDER BY t."id" LIMIT ${param(sources.count, "integer")}`
    : sql`t."id" = ANY (${param(sources, "uuid[]")})`;
}

function neighboursSql(
  key: CandidateKey,
  side: string,
  { from, live }: { from: Sql; live: Sql },
): Sql {
  const direction = raw(side === "<" ? "DESC" : "ASC");
  const columns = key.order === "id" ? [`"id"`] : [name(key.order), `"id"`];
  const tuple = (alias: string) => raw(columns.map((column) => `${alias}.${column}`).join(", "));
  const order = join(
    columns.map((column) => sql`${raw(`t.${column}`)} ${direction}`),
    ", ",
  );
  const beside = sql`(${tuple("t")}) ${raw(side)} (${tuple("s")})`;
  const picked = raw(key.minSimilarity !== null ? `t."id", t."name_key"` : `t."id"`);
  // The indexes hold no nulls; of a comparison of pairs PostgreSQL does not see that it leaves none.
  const known = key.order === "id" ? [] : [raw(`t.${name(key.order)} IS NOT NULL`)];
  const rows = (mine: Sql | null): Sql => {
    const equal = mine === null ? [] : [sql`${raw(`t.${name(key.equal ?? "")}`)} = ${mine}`];
    return sql`SELECT ${picked} FROM ${from} WHERE ${all([live, ...equal, ...known, beside])} ORDER BY ${order} LIMIT ${raw(String(key.reach))}`;
  };
  const [only, ...others] = key.equalTo.map((column) => raw(`s.${name(column)}`));
  if (only === undefined || others.length === 0) {
    const found = rows(only ?? null);
    return key.minSimilarity !== null
      ? sql`SELECT b."id" FROM (${found}) b WHERE b."name_key" = s."name_key" OR similarity(b."name_key", s."name_key") >= ${param(key.minSimilarity, "real")}`
      : found;
  }
  const values = sql`(SELECT DISTINCT v FROM unnest(ARRAY[${join([only, ...others], ", ")}]) v WHERE v IS NOT NULL) m`;
  return sql`SELECT b."id" FROM ${values} CROSS JOIN LATERAL (${rows(raw("m.v"))}) b`;
}

function collectDuplicates(
  rows: readonly Cells[],
  { rules, limit, minScore }: DuplicateRequest,
): Map<string, Duplicate[]> {
  const places = new Map(Object.keys(rules.compared).map((field, index) => [field, index + 2]));
  const records = new Map<string, Features>();
  const candidates = new Map<string, { id: string; other: Features }[]>();
  for (const cells of rows) {
    const [source, id] = cells;
    if (source == null || id == null) continue;
    const features = featuresOf(places, cells);
    const list = candidates.get(source);
    if (source === id) records.set(id, features);
    else if (list === undefined) candidates.set(source, [{ id, other: features }]);
    else list.push({ id, other: features });
  }
  const found = new Map<string, Duplicate[]>();
  for (const [source, others] of candidates) {
    const record = records.get(source);
    if (record === undefined) continue;
    const common = new Set(
      rules.rare.filter(
        (field) => others.filter(({ other }) => share(record, other, field)).length >= manyOthers,
      ),
    );
    const list = others.flatMap(({ id, other }): Duplicate[] => {
      const evidence = rules.compare(record, other, common);
      const score = scoreOf(evidence);
      const isLikely = score >= minScore && evidence.reasons.length > 0;
      return isLikely ? [{ id, score, reasons: evidence.reasons }] : [];
    });
    if (list.length > 0) found.set(source, list);
  }
  const best = (left: Duplicate, right: Duplicate) =>
    right.score - left.score || (left.id < right.id ? -1 : 1);
  for (const [source, list] of found) found.set(source, list.toSorted(best).slice(0, limit));
  return found;
}

/** Whether two records have a value in common. */
export function share(left: Features, right: Features, field: string): boolean {
  const values = right.list(field);
  return values.length > 0 && left.list(field).some((value) => values.includes(value));
}

/** Reads what is compared from a row's cells; an empty text counts as none. */
export function featuresOf(places: ReadonlyMap<string, number>, cells: Cells): Features {
  const text = (field: string): string | null => cells[places.get(field) ?? -1] || null;
  return { text, list: (field) => text(field)?.split("\n") ?? [] };
}
