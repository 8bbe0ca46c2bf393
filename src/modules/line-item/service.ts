import {
  decimalText,
  fitsMoney,
  lineTotal,
  tenThousandths,
  type TenThousandths,
} from "../../lib/money.ts";
import { param, sql } from "../../query/sql.ts";
import { changes, isFaulty, textOf, type Draft } from "../../write/draft.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { invalid } from "../../write/problem.ts";
import type { References } from "../../write/references.ts";
import { RefusedRows } from "../../write/save.ts";
import type { Stored } from "../../write/stored.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { quote } from "../quote/model.ts";
import { lineItemInputs } from "./inputs.ts";
import { lineItem } from "./model.ts";

/** How line items are written; each write works the quote's total out anew. */
export const lineItemWrites: EntityWrites = {
  entity: lineItem,
  subject: "line_items",
  inputs: lineItemInputs,
  defaults: {
    quantity: "1",
    unitPrice: "0",
    discount: "0",
    discountType: "amount",
    source: "edm",
    sourceType: "api",
  },
  // The quote first: its total moves with every line.
  lockFor: () => "update",
  locksFirst: () => true,
  ownersOf: ({ quoteId }) => [{ entity: "quote", id: String(quoteId), lock: "update" }],
  rules: async (unit, drafts, references) => {
    await placeAtEnd(unit, drafts);
    for (const draft of drafts) {
      if (draft.before !== null && changes(draft, "quoteId")) {
        draft.problems.push(invalid(["quote_id"], "cannot change; make a new line item there."));
      }
      priceLine(draft, references.get("quote", draft.values["quoteId"]));
    }
  },
  finish: (unit, drafts, references) =>
    refreshTotals(
      unit,
      drafts.map(({ index, values }) => ({ index, quoteId: String(values["quoteId"]) })),
      references,
    ),
  afterDelete: (unit, _taken, roots) => refreshTotals(unit, linesOf(roots)),
  afterRestore: (unit, _taken, roots) => refreshTotals(unit, linesOf(roots)),
};

/** A new line comes after the quote's others unless its place is said. */
async function placeAtEnd(unit: WriteUnit, drafts: readonly Draft[]): Promise<void> {
  const open = drafts.filter(({ values }) => values["position"] == null);
  const quotes = [...new Set(open.flatMap(({ values }) => textOf(values, "quoteId") ?? []))];
  if (quotes.length === 0) {
    for (const { values } of open) values["position"] = 0;
    return;
  }
  const rows = await unit.rows(
    sql`SELECT quote_id, max(position) FROM line_items WHERE tenant_id = ${unit.tenant} AND quote_id = ANY (${param(quotes, "uuid[]")}) AND deleted_at IS NULL GROUP BY quote_id`,
  );
  const last = new Map(rows.map(([id, position]) => [id, Number(position)]));
  for (const { values } of open) {
    const id = textOf(values, "quoteId");
    const position = (last.get(id) ?? -1) + 1;
    last.set(id, position);
    values["position"] = position;
  }
}

/** The line's currency and total, from its quote and its numbers. */
export function priceLine(draft: Draft, owner: Stored | undefined): void {
  const { sent, values, problems } = draft;
  const currency = owner?.["currency"] ?? values["currency"];
  if (sent["currency"] != null && owner !== undefined && sent["currency"] !== currency) {
    problems.push(
      invalid(["currency"], `must be the quote's, ${String(currency)}; or leave it out.`),
    );
  }
  values["currency"] = currency;
  if (["quantity", "unitPrice", "discount"].some((field) => isFaulty(draft, field))) return;
  const amount = (field: string): TenThousandths => tenThousandths(textOf(values, field) ?? "0");
  const total = lineTotal({
    quantity: amount("quantity"),
    unitPrice: amount("unitPrice"),
    discount: amount("discount"),
    discountType: values["discountType"] === "percent" ? "percent" : "amount",
  });
  if (fitsMoney(total)) values["total"] = decimalText(total);
  else problems.push(invalid(["quantity"], "times unit_price has more than 15 integer digits."));
}

/** A line that was written, by its quote and its row in the call. */
type QuoteLine = { readonly quoteId: string; readonly index: number };
const linesOf = (records: readonly Stored[]): QuoteLine[] =>
  records.map(({ quoteId }, index) => ({ quoteId: String(quoteId), index }));

/** A quote's total is the sum of its live line items; without any, it stays what it was. The quotes are locked. */
async function refreshTotals(
  unit: WriteUnit,
  lines: readonly QuoteLine[],
  references: References | null = null,
): Promise<void> {
  const ids = [...new Set(lines.map(({ quoteId }) => quoteId))];
  if (ids.length === 0) return;
  const [quotes, sums] = await Promise.all([
    references === null ? unit.read(quote, ids) : null,
    unit.rows(
      sql`SELECT quote_id, sum(total)::text FROM line_items WHERE tenant_id = ${unit.tenant} AND quote_id = ANY (${param(ids, "uuid[]")}) AND deleted_at IS NULL GROUP BY quote_id`,
    ),
  ]);
  const changed = sums.flatMap(([id, sum]) => {
    const before = quotes?.get(id ?? "") ?? references?.get("quote", id);
    if (before === undefined || sum == null) return [];
    const amount = tenThousandths(sum);
    if (!fitsMoney(amount)) throw new RefusedRows(rowsOf(lines, id), []);
    const total = decimalText(amount);
    return total === before["total"] ? [] : [{ before, values: { total } }];
  });
  unit.update(quote, changed);
}

/** What is said of the rows whose quote would come to more than a total can hold. */
function rowsOf(lines: readonly QuoteLine[], quoteId: string | null | undefined) {
  return lines
    .filter((line) => line.quoteId === quoteId)
    .map(({ index }) => [index, [invalid(["quantity"], tooLarge)]] as const);
}

export const tooLarge = "makes the quote's total longer than 15 integer digits.";
