import { fieldNames } from "../../model/entity.ts";
import type { Stored, Values } from "../../model/record.ts";
import {
  decimalText,
  fitsMoney,
  lineTotal,
  tenThousandths,
  type Line,
  type TenThousandths,
} from "../../lib/money.ts";
import { isOneOf, param, raw, sql } from "../../lib/sql.ts";
import { changes, isFaulty, type Draft } from "../../write/draft.ts";
import { externalKey, type EntityWrites } from "../../write/entity-writes.ts";
import type { Judge } from "../../write/rules/judge.ts";
import { invalid, type Problem } from "../../write/problem.ts";
import type { References } from "../../write/references.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { lineOfFinal } from "../quote/final.ts";
import { quote } from "../quote/model.ts";
import { lineItemInputs } from "./inputs.ts";
import { lineItem } from "./model.ts";

/** How line items are written; each write works the quote's total out anew. */
export const lineItemWrites: EntityWrites<"LineItem"> = {
  entity: lineItem,
  inputs: lineItemInputs,
  upsertKeys: externalKey,
  // The quote's total moves with every line.
  changesAlong: ["quoteId"],
  rules: {
    check: async (unit, drafts, references) => {
      await placeAtEnd(unit, drafts);
      for (const draft of drafts) {
        if (draft.before !== null && changes(draft, "quoteId")) {
          draft.problems.push(invalid(["quote_id"], "cannot change; make a new line item there."));
        }
        const owner = references.get("quote", draft.values.quoteId);
        const final = changesAny(draft) ? lineOfFinal(owner) : null;
        if (final !== null) draft.problems.push(final);
        priceLine(draft, owner);
      }
    },
    judge: totalsJudge,
    after: (unit, drafts, { references }) =>
      refreshTotals(unit, quotesOf(drafts.map(({ values }) => values)), references),
  },
  removal: {
    refuse: ({ quoteId }, references) => lineOfFinal(references.get("quote", quoteId)),
    restored: inCurrencyOfQuote,
    after: (unit, _taken, roots) => refreshTotals(unit, quotesOf(roots)),
  },
};

/** The quote may have changed its currency while a line was deleted. */
async function inCurrencyOfQuote(
  unit: WriteUnit,
  records: readonly Stored<"LineItem">[],
): Promise<Map<string, Values<"LineItem">>> {
  const quotes = await unit.read(quote, quotesOf(records));
  return new Map(
    records.map(({ id, quoteId, currency }) => [
      id,
      { currency: quotes.get(quoteId)?.currency ?? currency },
    ]),
  );
}

/** Whether a line is new or gets another value. A line that comes back as it was read does not. */
const changesAny = (draft: Draft<"LineItem">): boolean =>
  draft.before === null ||
  fieldNames(lineItem).some(
    (name) => lineItem.fields[name]?.managed === false && changes(draft, name),
  );

/** What an integer column holds; lines of the same place go by their ids. */
export const maxPosition = 2 ** 31 - 1;

/** A new line comes after the quote's others unless its place is said. */
async function placeAtEnd(unit: WriteUnit, drafts: readonly Draft<"LineItem">[]): Promise<void> {
  const open = drafts.filter(({ before, sent }) => before === null && sent.position == null);
  const quotes = [...new Set(open.flatMap(({ values }) => values.quoteId ?? []))];
  if (quotes.length === 0) {
    for (const { values } of open) values.position = 0;
    return;
  }
  const rows = await unit.rows(
    sql`SELECT quote_id, max(position) FROM line_items WHERE tenant_id = ${unit.tenant} AND ${isOneOf(raw("quote_id"), quotes, "uuid")} AND deleted_at IS NULL GROUP BY quote_id`,
  );
  const last = new Map(rows.map(([id, position]) => [id, Number(position)]));
  for (const { values } of open) {
    const id = values.quoteId ?? null;
    const position = Math.min((last.get(id) ?? -1) + 1, maxPosition);
    last.set(id, position);
    values.position = position;
  }
}

/** The line's currency and total, from its quote and its numbers. */
export function priceLine(
  draft: Draft<"LineItem">,
  owner: { readonly currency: string | null | undefined } | undefined,
): void {
  const { sent, values, problems } = draft;
  const currency = owner?.currency ?? values.currency;
  if (sent.currency != null && owner !== undefined && sent.currency !== currency) {
    problems.push(
      invalid(["currency"], `must be the quote's, ${String(currency)}; or leave it out.`),
    );
  }
  // Without its quote a line is not written; that its currency is open then goes without saying.
  values.currency = currency ?? "";
  if (factors.some((field) => isFaulty(draft, field))) return;
  const amount = (field: "quantity" | "unitPrice" | "discount"): TenThousandths =>
    tenThousandths(values[field] ?? "0");
  const line = {
    quantity: amount("quantity"),
    unitPrice: amount("unitPrice"),
    discount: amount("discount"),
    discountType: values.discountType === "percent" ? "percent" : "amount",
  } as const;
  // A line that is older than these rules stays as it is until one of its numbers changes.
  const faults = factors.some((field) => changes(draft, field)) ? lineFaults(line) : [];
  problems.push(...faults);
  if (faults.length > 0) return;
  const total = lineTotal(line);
  if (fitsMoney(total)) values.total = decimalText(total);
  else problems.push(invalid(["quantity"], "times unit_price has more than 15 integer digits."));
}

const factors = ["quantity", "unitPrice", "discount", "discountType"] as const;

/** The faults in the numbers of a line. */
function lineFaults(line: Line): Problem[] {
  const faults: Problem[] = [];
  if (line.quantity < 0n) faults.push(invalid(["quantity"], { complaint: "negativeAmount" }));
  if (line.unitPrice < 0n) faults.push(invalid(["unit_price"], { complaint: "negativeAmount" }));
  if (faults.length > 0) return faults;
  const price = lineTotal({ ...line, discount: 0n });
  const [most, said] =
    line.discountType === "percent"
      ? [tenThousandths("100"), "100 percent"]
      : [price, `the line's price, ${decimalText(price)}`];
  if (line.discount < 0n || line.discount > most) {
    faults.push(invalid(["discount"], `must be from 0 to ${said}.`));
  }
  return faults;
}

/** A line that would make its quote's total too long is refused. */
async function totalsJudge(
  unit: WriteUnit,
  drafts: readonly Draft<"LineItem">[],
  references: References,
): Promise<Judge<Draft<"LineItem">> | null> {
  const added = new Map<string, TenThousandths>();
  for (const { values } of drafts) {
    const quoteId = values.quoteId ?? "";
    added.set(quoteId, (added.get(quoteId) ?? 0n) + amountOf(values));
  }
  // What the total is and what is added is never less than what it will be.
  const known = (quoteId: string): TenThousandths => {
    const total = amountOf(references.get("quote", quoteId) ?? null);
    return total < 0n ? 0n : total;
  };
  const suspects = [...added].flatMap(([id, sum]) => (fitsMoney(known(id) + sum) ? [] : [id]));
  if (suspects.length === 0) return null;
  const rows = await unit.rows(
    sql`SELECT quote_id, sum(total)::text FROM line_items WHERE tenant_id = ${unit.tenant} AND quote_id = ANY (${param(suspects, "uuid[]")})
      AND deleted_at IS NULL GROUP BY quote_id`,
  );
  const sums = new Map(rows.map(([id, sum]) => [id ?? "", tenThousandths(sum ?? "0")]));
  const add = (quoteId: string, amount: TenThousandths): void => {
    sums.set(quoteId, (sums.get(quoteId) ?? 0n) + amount);
  };
  const quoteOf = ({ values }: Draft<"LineItem">): string => values.quoteId ?? "";
  return {
    leave: (draft) => add(quoteOf(draft), -amountOf(draft.before)),
    check: (draft) => {
      const isSuspect = suspects.includes(quoteOf(draft));
      const sum = (sums.get(quoteOf(draft)) ?? 0n) + amountOf(draft.values);
      if (isSuspect && !fitsMoney(sum))
        draft.problems.push(invalid(["quantity"], { complaint: "totalTooLong" }));
    },
    settle: (draft, stands) => add(quoteOf(draft), amountOf(stands ? draft.values : draft.before)),
  };
}

const amountOf = (line: { readonly total?: string | null } | null): TenThousandths =>
  tenThousandths(line?.total ?? "0");

const quotesOf = (records: readonly Values<"LineItem">[]): string[] => [
  ...new Set(records.flatMap(({ quoteId }) => quoteId ?? [])),
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
    return total === before.total ? [] : [{ before, values: { total } }];
  });
  unit.update(quote, changed);
}
