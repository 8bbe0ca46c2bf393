import {
  decimalText,
  fitsMoney,
  lineTotal,
  tenThousandths,
  type TenThousandths,
} from "../../lib/money.ts";
import { isOneOf, param, raw, sql } from "../../query/sql.ts";
import { changes, isFaulty, textOf, type Draft } from "../../write/draft.ts";
import type { Values } from "../../write/input.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { invalid } from "../../write/problem.ts";
import type { References } from "../../write/references.ts";
import type { Stored } from "../../write/stored.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { quote } from "../quote/model.ts";
import { lineItemInputs } from "./inputs.ts";
import { lineItem } from "./model.ts";

/** How line items are written; each write works the quote's total out anew. */
export const lineItemWrites: EntityWrites = {
  entity: lineItem,
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
  together: checkTotals,
  mayReturn: async (unit, records, problems) => {
    const tooLong = await overflowing(unit, records);
    for (const { id, quoteId } of records) {
      if (tooLong.has(String(quoteId))) problems.get(id)?.push(invalid(["id"], tooLarge));
    }
  },
  // The quote may have changed its currency meanwhile.
  restored: async (unit, records) => {
    const quotes = await unit.read(quote, quotesOf(records));
    return new Map(
      records.map(({ id, quoteId, currency }) => [
        id,
        { currency: quotes.get(String(quoteId))?.["currency"] ?? currency },
      ]),
    );
  },
  finish: (unit, drafts, references) =>
    refreshTotals(unit, quotesOf(drafts.map(({ values }) => values)), references),
  afterDelete: (unit, _taken, roots) => refreshTotals(unit, quotesOf(roots)),
  afterRestore: (unit, _taken, roots) => refreshTotals(unit, quotesOf(roots)),
};

/** What an integer column holds; lines of the same place go by their ids. */
export const maxPosition = 2 ** 31 - 1;

/** A new line comes after the quote's others unless its place is said. */
async function placeAtEnd(unit: WriteUnit, drafts: readonly Draft[]): Promise<void> {
  const open = drafts.filter(({ values }) => values["position"] == null);
  const quotes = [...new Set(open.flatMap(({ values }) => textOf(values, "quoteId") ?? []))];
  if (quotes.length === 0) {
    for (const { values } of open) values["position"] = 0;
    return;
  }
  const rows = await unit.rows(
    sql`SELECT quote_id, max(position) FROM line_items WHERE tenant_id = ${unit.tenant} AND ${isOneOf(raw("quote_id"), quotes, "uuid")} AND deleted_at IS NULL GROUP BY quote_id`,
  );
  const last = new Map(rows.map(([id, position]) => [id, Number(position)]));
  for (const { values } of open) {
    const id = textOf(values, "quoteId");
    const position = Math.min((last.get(id) ?? -1) + 1, maxPosition);
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
  // Without its quote a line is not written; that its currency is open then goes without saying.
  values["currency"] = currency ?? "";
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

/** Lines that would make their quote's total too long are refused, and not the others of the call. */
async function checkTotals(
  unit: WriteUnit,
  drafts: readonly Draft[],
  references: References,
): Promise<void> {
  const lines = drafts.filter(({ problems }) => problems.length === 0);
  // What the total is and what is added is never less than what it will be.
  const known = (quoteId: string): TenThousandths => {
    const total = tenThousandths(textOf(references.get("quote", quoteId) ?? {}, "total") ?? "0");
    return total < 0n ? 0n : total;
  };
  const tooLong = await overflowing(
    unit,
    lines.map(({ values }) => values),
    (quoteId, sum) => !fitsMoney(known(quoteId) + sum),
  );
  for (const { values, problems } of lines) {
    if (tooLong.has(String(values["quoteId"]))) problems.push(invalid(["quantity"], tooLarge));
  }
}

/** The quotes that would come to more than a total can hold with these lines in place of what they were. */
async function overflowing(
  unit: WriteUnit,
  lines: readonly Stored[],
  isSuspect: (quoteId: string, sum: TenThousandths) => boolean = () => true,
): Promise<ReadonlySet<string>> {
  const sums = new Map<string, TenThousandths>();
  for (const { quoteId, total } of lines) {
    const sum = sums.get(String(quoteId)) ?? 0n;
    sums.set(String(quoteId), sum + tenThousandths(String(total)));
  }
  const suspects = [...sums].filter(([id, sum]) => isSuspect(id, sum)).map(([id]) => id);
  if (suspects.length === 0) return new Set();
  const ids = lines.map(({ id }) => id);
  const rows = await unit.rows(
    sql`SELECT quote_id, sum(total)::text FROM line_items WHERE tenant_id = ${unit.tenant} AND quote_id = ANY (${param(suspects, "uuid[]")})
      AND id <> ALL (${param(ids, "uuid[]")}) AND deleted_at IS NULL GROUP BY quote_id`,
  );
  const others = new Map(rows.map(([id, sum]) => [id ?? "", tenThousandths(sum ?? "0")]));
  return new Set(
    suspects.filter((id) => !fitsMoney((others.get(id) ?? 0n) + (sums.get(id) ?? 0n))),
  );
}

const quotesOf = (records: readonly Values[]): string[] => [
  ...new Set(records.map(({ quoteId }) => String(quoteId))),
];

/** A quote's total is the sum of its live line items; without any, it stays what it was. The quotes are locked. */
async function refreshTotals(
  unit: WriteUnit,
  ids: readonly string[],
  references: References | null = null,
): Promise<void> {
  if (ids.length === 0) return;
  const [quotes, sums] = await Promise.all([
    references === null ? unit.read(quote, ids) : null,
    unit.rows(
      sql`SELECT quote_id, sum(total)::text FROM line_items WHERE tenant_id = ${unit.tenant} AND ${isOneOf(raw("quote_id"), ids, "uuid")} AND deleted_at IS NULL GROUP BY quote_id`,
    ),
  ]);
  const changed = sums.flatMap(([id, sum]) => {
    const before = quotes?.get(id ?? "") ?? references?.get("quote", id);
    if (before === undefined || sum == null) return [];
    const total = decimalText(tenThousandths(sum));
    return total === before["total"] ? [] : [{ before, values: { total } }];
  });
  unit.update(quote, changed);
}

export const tooLarge = "makes the quote's total longer than 15 integer digits.";
