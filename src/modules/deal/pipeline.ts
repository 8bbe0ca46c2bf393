import { badInput } from "../../lib/errors.ts";
import { all, param, raw, sql, type Sql } from "../../lib/sql.ts";
import { assertReadable, type Unreadable } from "../../lib/unreadable.ts";
import type { Catalog } from "../../model/catalog.ts";
import { isStageKind, type StageKind } from "../../model/picklist.ts";
import type { Filter } from "../../query/filter-value.ts";
import { picklistSql } from "../../query/picklist.ts";
import { matching } from "../../query/page.ts";
import type { Reader } from "../../query/reader.ts";
import type { Cells } from "../../query/row.ts";
import type { ViewerSql } from "../../query/visible.ts";
import { deal } from "./model.ts";
import { dealStages } from "./stages.ts";

/** What deals in one currency are worth. */
export type Amount = {
  readonly currency: string;
  readonly count: number;
  readonly value: string;
  readonly weightedValue: string;
};
/** Deals taken together, and what they are worth by currency. */
export type Bundle = { readonly count: number; readonly amounts: readonly Amount[] };
export type PipelineStage = Bundle & {
  readonly stage: string;
  readonly label: string;
  readonly kind: StageKind;
};
export type ForecastMonth = Bundle & { readonly month: string | null };

/** The GraphQL arguments that select the deals. */
export type BundleArguments = {
  readonly where?: Filter | null;
  readonly from?: string | Unreadable | null;
  readonly to?: string | Unreadable | null;
};

/** The grouping of deals by a key, and the weight of their amounts. */
type BundleRequest = {
  readonly where: Filter | null;
  readonly key: Sql;
  readonly conditions: (viewer: ViewerSql) => readonly Sql[];
  /** What is joined to bundles `b`: `m`, which has the label and the kind of each, and its place before others. */
  readonly meaning: (viewer: ViewerSql) => Sql;
};

// What is weighted is summed exactly, and rounded once.
const byChance = raw(`round(coalesce(sum(t."value" * t."probability"), 0) * 0.01, 4)`);

const fixedKinds = Object.entries(dealStages.fixedKinds ?? {});
const fixedKind = raw(
  `CASE b.key ${fixedKinds.map(([stage, kind]) => `WHEN '${stage}' THEN '${kind}'`).join(" ")} END`,
);

/**
 * The stages of the tenant's list in its order. Others follow the last open one of the list, those that are closed with
 * every tenant the whole list.
 */
function stageMeaning(viewer: ViewerSql): Sql {
  const stages = sql`SELECT jsonb_object_agg(v.stage ->> 'value', v.stage || jsonb_build_object('place', v.place * 2)) AS by_value, coalesce(max(v.place) FILTER (WHERE v.stage ->> 'kind' = 'open'), 0) * 2 + 1 AS after_open FROM jsonb_array_elements(${picklistSql(dealStages, viewer)}) WITH ORDINALITY v(stage, place)`;
  const kind = sql`SELECT coalesce(${fixedKind}, s.by_value -> b.key ->> 'kind', 'open') AS kind`;
  const label = raw("coalesce(s.by_value -> b.key ->> 'label', b.key)");
  const unlisted = raw(
    "CASE k.kind WHEN 'open' THEN s.after_open WHEN 'won' THEN 1000 ELSE 1001 END",
  );
  const place = sql`coalesce((s.by_value -> b.key ->> 'place')::bigint, ${unlisted})`;
  return sql`CROSS JOIN (${stages}) s CROSS JOIN LATERAL (${kind}) k CROSS JOIN LATERAL (SELECT ${label} AS label, k.kind, ${place} AS place) m`;
}

/** Deals by stage. */
export function pipelineRequest({ where }: BundleArguments): BundleRequest {
  return {
    where: where ?? null,
    key: raw(`t."stage"`),
    conditions: () => [],
    meaning: stageMeaning,
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
    conditions: (viewer) => [
      raw(`t."stage" NOT IN (${fixedKinds.map(([stage]) => `'${stage}'`).join(", ")})`),
      sql`t."stage" <> ALL (ARRAY(SELECT v.stage ->> 'value' FROM jsonb_array_elements(${picklistSql(dealStages, viewer)}) v(stage) WHERE v.stage ->> 'kind' <> 'open'))`,
      ...(from == null ? [] : [sql`${day} >= ${param(from, "date")}`]),
      ...(to == null ? [] : [sql`${day} <= ${param(to, "date")}`]),
    ],
    meaning: () =>
      raw("CROSS JOIN LATERAL (SELECT NULL::text AS label, NULL::text AS kind, b.key AS place) m"),
  };
}

/**
 * The count of deals by key, with what the key means. With `amounts`, also by currency, with their values. A deal that is
 * won is certain, one that is lost is worth nothing.
 */
export function bundleRows(
  { where, key, conditions, meaning }: BundleRequest,
  amounts: boolean,
  { viewer, catalog }: { readonly viewer: ViewerSql; readonly catalog: Catalog },
): Sql {
  const request = { entity: deal, parent: null, where, words: null, includeDeleted: false };
  const condition = all([matching(request, catalog, viewer), ...conditions(viewer)]);
  const none = raw("");
  const sums = amounts
    ? sql`, t."currency", coalesce(sum(t."value"), 0) AS value, ${byChance} AS chances`
    : none;
  const worth = amounts
    ? raw(
        `, b.currency, b.value, CASE m.kind WHEN 'won' THEN b.value WHEN 'lost' THEN 0 ELSE b.chances END AS weighted`,
      )
    : none;
  const bundles = sql`SELECT ${key} AS key, count(*) AS n${sums} FROM "deals" t WHERE ${condition} GROUP BY ${raw(amounts ? "1, 3" : "1")}`;
  return sql`SELECT b.key, b.n, m.label, m.kind, m.place${worth} FROM (${bundles}) b ${meaning(viewer)}`;
}

/** The tenant's deals by stage, in one statement. */
export async function readPipeline(
  reader: Reader,
  args: BundleArguments,
  amounts: boolean,
): Promise<PipelineStage[]> {
  const bundles = await readBundles(reader, pipelineRequest(args), amounts);
  return bundles.map(({ key, label, kind, ...bundle }) => ({
    stage: key ?? "",
    label: label ?? "",
    kind: isStageKind(kind) ? kind : "open",
    ...bundle,
  }));
}

/** The tenant's open deals by the month in which they are expected to close, in one statement. */
export async function readForecast(
  reader: Reader,
  args: BundleArguments,
  amounts: boolean,
): Promise<ForecastMonth[]> {
  const bundles = await readBundles(reader, forecastRequest(args), amounts);
  return bundles.map(({ key: month, count, amounts: worth }) => ({ month, count, amounts: worth }));
}

async function readBundles(
  reader: Reader,
  request: BundleRequest,
  amounts: boolean,
): Promise<(Bundle & { readonly [Name in "key" | "label" | "kind"]: string | null })[]> {
  const cells = await reader.cells((viewer, catalog) => {
    const rows = bundleRows(request, amounts, { viewer, catalog });
    const order = raw(amounts ? "b.place, b.key, b.currency" : "b.place, b.key");
    return sql`SELECT * FROM (${rows}) b ORDER BY ${order}`;
  });
  const byKey = Map.groupBy(cells, ([name]) => name ?? null);
  return [...byKey].map(([key, rows]) => ({
    key,
    label: rows[0]?.[2] ?? null,
    kind: rows[0]?.[3] ?? null,
    count: rows.reduce((sum, [, count]) => sum + Number(count), 0),
    amounts: amounts ? rows.map(amountOf) : [],
  }));
}

function amountOf([, count, , , , currency, value, weightedValue]: Cells): Amount {
  return {
    currency: currency ?? "",
    count: Number(count),
    value: value ?? "0",
    weightedValue: weightedValue ?? "0",
  };
}
