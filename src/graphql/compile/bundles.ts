import { raw, sql } from "../../lib/sql.ts";
import { kinds } from "../../model/kinds/index.ts";
import {
  bundleRows,
  forecastRequest,
  pipelineRequest,
  type BundleArguments,
} from "../../modules/deal/pipeline.ts";
import { patternsIn } from "../../query/filter-value.ts";
import type { Source } from "../schema/source.ts";
import { NotCompiled, type Compilation, type Selected } from "./compilation.ts";
import { valueOf, textOf, type Json } from "./json.ts";
import { printedObject } from "./record.ts";

/** The pipeline or the forecast: deals grouped by stage or month, with their amounts by currency. */
export function bundlesJson(
  c: Compilation,
  selected: Selected,
  { by }: Extract<Source, { kind: "bundles" }>,
): Json {
  const args: BundleArguments = c.argumentsOf(selected).values;
  if (patternsIn(args.where).isLookedFor) c.isPlannedEach = true;
  const request = by === "stage" ? pipelineRequest(args) : forecastRequest(args);
  const parts = c.fieldsOf(c.objectTypeOf(selected), selected);
  const rows = bundleRows(
    request,
    parts.some(({ name }) => name === "amounts"),
    c,
  );
  const bundle = printedObject(c, selected, (part) => {
    switch (part.name) {
      case "stage":
        return valueOf({ kind: kinds.text, nullable: false }, raw("b.key"), "");
      case "label":
        return valueOf({ kind: kinds.text, nullable: false }, raw("b.label"), "");
      case "kind":
        return valueOf({ kind: kinds.text, nullable: false }, raw("b.kind"), "");
      case "month":
        return valueOf({ kind: kinds.date, nullable: true }, raw("b.key"), "");
      case "count":
        return [raw("sum(b.n)")];
      case "amounts": {
        const amount = textOf(printedObject(c, part, amountJson));
        return ["[", sql`string_agg(${amount}, ',' ORDER BY b.currency)`, "]"];
      }
      default:
        throw new NotCompiled();
    }
  });
  const bundles = sql`SELECT b.key, b.place, ${textOf(bundle)} AS text FROM (${rows}) b GROUP BY b.key, b.label, b.kind, b.place`;
  const list = raw("string_agg(g.text, ',' ORDER BY g.place, g.key)");
  return ["[", sql`(SELECT ${list} FROM (${bundles}) g)`, "]"];
}

function amountJson({ name }: Selected): Json {
  switch (name) {
    case "currency":
      return valueOf({ kind: kinds.currency, nullable: false }, raw("b.currency"), "");
    case "count":
      return [raw("b.n")];
    case "value":
      return valueOf({ kind: kinds.decimal, nullable: false }, raw("b.value"), "");
    case "weightedValue":
      return valueOf({ kind: kinds.decimal, nullable: false }, raw("b.weighted"), "");
    default:
      throw new NotCompiled();
  }
}
