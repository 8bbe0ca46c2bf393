import { badInput } from "../../lib/errors.ts";
import { all, param, raw, sql, type Sql } from "../../lib/sql.ts";
import { assertReadable } from "../../lib/unreadable.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Filter } from "../../query/filter-value.ts";
import { matching } from "../../query/page.ts";
import type { Reader } from "../../query/reader.ts";
import type { Cells } from "../../query/row.ts";
import type { ViewerSql } from "../../query/visible.ts";
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

/** The GraphQL arguments that select the deals. */
export type BundleArguments = {
  readonly where?: Filter | null;
  readonly from?: string | null;
  readonly to?: string | null;
};

/** The grouping of deals by a key, and the weight of their amounts. */
type BundleRequest = {
  readonly where: Filter | null;
  readonly key: Sql;
  readonly weighted: Sql;
  readonly conditions: readonly Sql[];
  /** The first sort key of bundles; the second is their key, null last. */
  readonly place: (key: Sql) => Sql;
};

// What is weighted is summed exactly, and rounded once. A deal that is won is certain, one that is lost is worth nothing.
const chances = `sum(t."value" * t."probability")`;
const byChance = raw(`round(coalesce(${chances}, 0) * 0.01, 4)`);
const byStage = raw(
  `CASE t."stage" WHEN 'closed_won' THEN coalesce(sum(t."value"), 0) WHEN 'closed_lost' THEN 0 ELSE round(coalesce(${chances}, 0) * 0.01, 4) END`,
);

/** The usual stages as deals pass through them, unusual ones before the closed. */
const stagePlaces = [...openStages, null, ...closedStages]
  .map((stage, place) => (stage === null ? "" : ` WHEN '${stage}' THEN ${place}`))
  .join("");

/** Deals by stage. */
export function pipelineRequest({ where }: BundleArguments): BundleRequest {
  return {
    where: where ?? null,
    key: raw(`t."stage"`),
    weighted: byStage,
    conditions: [],
    place: (key) => sql`CASE ${key}${raw(stagePlaces)} ELSE ${raw(String(openStages.length))} END`,
  };
}

/** Open deals by the month in which they are expected to close. */
export function forecastRequest({ where, from, to }: BundleArguments): BundleRequest {
  assertReadable(from, ["from"]);
  assertReadable(to, ["to"]);
  if (from != null && to != null && from > to)
    throw badInput(["to"], "lies before from; swap them.");
  const day = raw(`t."expected_close_date"`);
  return {
    where: where ?? null,
    key: sql`date_trunc('month', ${day}::timestamp)::date`,
    weighted: byChance,
    conditions: [
      // As the index on open deals has it.
      raw(`t."stage" NOT IN (${closedStages.map((stage) => `'${stage}'`).join(", ")})`),
      ...(from == null ? [] : [sql`${day} >= ${param(from, "date")}`]),
      ...(to == null ? [] : [sql`${day} <= ${param(to, "date")}`]),
    ],
    place: (key) => key,
  };
}

/** The count of deals by key. With `amounts`, also by currency, with their values. */
export function bundleRows(
  { where, key, weighted, conditions }: BundleRequest,
  amounts: boolean,
  { viewer, catalog }: { readonly viewer: ViewerSql; readonly catalog: Catalog },
): Sql {
  const request = { entity: deal, parent: null, where, words: null, includeDeleted: false };
  const condition = all([matching(request, catalog, viewer), ...conditions]);
  const worth = sql`, t."currency", coalesce(sum(t."value"), 0) AS value, ${weighted} AS weighted`;
  return sql`SELECT ${key} AS key, count(*) AS n${amounts ? worth : raw("")} FROM "deals" t WHERE ${condition} GROUP BY ${raw(amounts ? "1, 3" : "1")}`;
}

/** The tenant's deals by stage, in one statement. */
export async function readPipeline(
  reader: Reader,
  args: BundleArguments,
  amounts: boolean,
): Promise<PipelineStage[]> {
  const bundles = await readBundles(reader, pipelineRequest(args), amounts);
  return bundles.map(({ key, ...bundle }) => ({ stage: key ?? "", ...bundle }));
}

/** The tenant's open deals by the month in which they are expected to close, in one statement. */
export async function readForecast(
  reader: Reader,
  args: BundleArguments,
  amounts: boolean,
): Promise<ForecastMonth[]> {
  const bundles = await readBundles(reader, forecastRequest(args), amounts);
  return bundles.map(({ key: month, ...bundle }) => ({ month, ...bundle }));
}

async function readBundles(
  reader: Reader,
  request: BundleRequest,
  amounts: boolean,
): Promise<(Bundle & { key: string | null })[]> {
  const cells = await reader.cells((viewer, catalog) => {
    const rows = bundleRows(request, amounts, { viewer, catalog });
    const order = sql`${request.place(raw("b.key"))}, b.key${raw(amounts ? ", b.currency" : "")}`;
    return sql`SELECT * FROM (${rows}) b ORDER BY ${order}`;
  });
  const byKey = Map.groupBy(cells, ([name]) => name ?? null);
  return [...byKey].map(([key, rows]) => ({
    key,
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
