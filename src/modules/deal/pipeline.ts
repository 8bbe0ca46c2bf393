import type { Filter } from "../../query/filter-value.ts";
import { matching } from "../../query/page.ts";
import type { Reader } from "../../query/reader.ts";
import type { Cells } from "../../query/row.ts";
import { all, param, raw, sql, type Sql } from "../../lib/sql.ts";
import { deal } from "./model.ts";
import { closedStages, openStages } from "./stages.ts";

/** What deals in one currency are worth. */
export type Amount = {
  readonly currency: string;
  readonly count: number;
  readonly value: string;
  readonly weightedValue: string;
};
/** Deals taken together, and what they are worth by currency. */
export type Bundle = { readonly count: number; readonly amounts: readonly Amount[] };
export type PipelineStage = Bundle & { readonly stage: string };
export type ForecastMonth = Bundle & { readonly month: string | null };

// What is weighted is summed exactly, and rounded once. A deal that is won is certain, one that is lost is worth nothing.
const chances = `sum(t."value" * t."probability")`;
const byChance = raw(`round(coalesce(${chances}, 0) * 0.01, 4)`);
const byStage = raw(
  `CASE t."stage" WHEN 'closed_won' THEN coalesce(sum(t."value"), 0) WHEN 'closed_lost' THEN 0 ELSE round(coalesce(${chances}, 0) * 0.01, 4) END`,
);

type Rows = { readonly where: Filter | null; readonly amounts: boolean };

/** The tenant's deals by stage, in one statement: as deals pass through them, unusual ones by name before the closed. */
export async function readPipeline(reader: Reader, rows: Rows): Promise<PipelineStage[]> {
  const key = raw(`t."stage"`);
  const bundles = await readBundles(reader, rows, { key, weighted: byStage, conditions: [] });
  const stages = bundles.map(({ key: stage, ...bundle }) => ({ stage: stage ?? "", ...bundle }));
  const known = (names: readonly string[]) =>
    names.flatMap((name) => stages.filter(({ stage }) => stage === name));
  const usual: ReadonlySet<string> = new Set([...openStages, ...closedStages]);
  const others = stages.filter(({ stage }) => !usual.has(stage));
  return [...known(openStages), ...others, ...known(closedStages)];
}

/** The tenant's open deals by the month in which they are expected to close, in one statement. */
export async function readForecast(
  reader: Reader,
  rows: Rows & { readonly from: string | null; readonly to: string | null },
): Promise<ForecastMonth[]> {
  const day = raw(`t."expected_close_date"`);
  const bundles = await readBundles(reader, rows, {
    key: sql`date_trunc('month', ${day}::timestamp)::date`,
    weighted: byChance,
    conditions: [
      // As the index on open deals has it.
      raw(`t."stage" NOT IN (${closedStages.map((stage) => `'${stage}'`).join(", ")})`),
      ...(rows.from === null ? [] : [sql`${day} >= ${param(rows.from, "date")}`]),
      ...(rows.to === null ? [] : [sql`${day} <= ${param(rows.to, "date")}`]),
    ],
  });
  return bundles.map(({ key: month, ...bundle }) => ({ month, ...bundle }));
}

type Question = { readonly key: Sql; readonly weighted: Sql; readonly conditions: readonly Sql[] };

/** Counts by key, and amounts by key and currency when they are asked for; null is the last key. */
async function readBundles(
  reader: Reader,
  { where, amounts }: Rows,
  { key, weighted, conditions }: Question,
): Promise<(Bundle & { key: string | null })[]> {
  const worth = sql`, t."currency", coalesce(sum(t."value"), 0), ${weighted}`;
  const cells = await reader.cells((viewer, catalog) => {
    const request = { entity: deal, parent: null, where, words: null, includeDeleted: false };
    const condition = all([matching(request, catalog, viewer), ...conditions]);
    return sql`SELECT ${key}, count(*)${amounts ? worth : raw("")} FROM "deals" t WHERE ${condition} GROUP BY ${raw(amounts ? "1, 3" : "1")} ORDER BY ${raw(amounts ? "1, 3" : "1")}`;
  });
  const byKey = Map.groupBy(cells, ([name]) => name ?? null);
  return [...byKey].map(([name, rows]) => ({
    key: name,
    count: rows.reduce((sum, [, count]) => sum + Number(count), 0),
    amounts: amounts ? rows.map(amountOf) : [],
  }));
}

function amountOf([, count, currency, value, weightedValue]: Cells): Amount {
  return {
    currency: currency ?? "",
    count: Number(count),
    value: value ?? "0",
    weightedValue: weightedValue ?? "0",
  };
}
