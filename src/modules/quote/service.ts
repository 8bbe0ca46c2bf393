import { tenThousandths } from "../../lib/money.ts";
import { changes, isFaulty, textOf, type Draft } from "../../write/draft.ts";
import type { EntityWrites } from "../../write/entity-writes.ts";
import { leftBehind } from "../../write/left-behind.ts";
import {
  becomesPrimary,
  primariesBeside,
  restoredPrimary,
  yieldPrimary,
} from "../../write/primary.ts";
import { invalid } from "../../write/problem.ts";
import type { References } from "../../write/references.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { deal } from "../deal/model.ts";
import { rebate } from "../line-item/service.ts";
import { quoteInputs } from "./inputs.ts";
import { finalStatus, keepFinal, reopens, willBePast } from "./final.ts";
import { changesLines, planLines, writeLines } from "./lines.ts";
import { quote } from "./model.ts";

/** How quotes are written. */
export const quoteWrites: EntityWrites = {
  entity: quote,
  inputs: quoteInputs,
  defaults: { status: "draft", source: "edm", sourceType: "api" },
  numbered: { field: "quoteNumber", kind: "quote", prefix: "Q" },
  upsertKeys: { quote_number: { field: "quoteNumber", within: null } },
  lockFor: (draft, field) =>
    field === "dealId" && becomesPrimary(draft, field) ? "update" : "reference",
  locksFirst: (sent) => sent["isPrimary"] === true || sent["dealId"] != null,
  ownersOf: (record, sent) => {
    const id = sent["dealId"] ?? record["dealId"];
    const isPrimary = sent["isPrimary"] ?? record["isPrimary"];
    return typeof id === "string" && isPrimary === true
      ? [{ entity: "deal", id, lock: "update" }]
      : [];
  },
  besides: (unit, seen) => primariesBeside(unit, quote, seen, "dealId"),
  rules: async (unit, drafts, references) => {
    for (const draft of drafts) {
      draft.values["currency"] ??= (await unit.tenantFacts()).currency;
      checkDeal(draft, references);
      await moveStatus(unit, draft);
    }
    await planLines(unit, drafts);
    for (const draft of drafts) checkTotal(draft);
    for (const draft of drafts) await keepFinal(unit, draft, changesLines(draft));
  },
  prepare: (unit, drafts) => yieldPrimary(unit, quote, drafts, "dealId"),
  finish: writeLines,
  restored: async (unit, records) => {
    const primary = await restoredPrimary(unit, quote, records, "dealId");
    const left = await leftBehind(unit, records, {
      entity: deal,
      field: "dealId",
    });
    for (const id of left) primary.set(id, { dealId: null, isPrimary: false });
    return primary;
  },
};

/** A quote for a deal is for the deal's account. */
function checkDeal(draft: Draft, references: References): void {
  if (!changes(draft, "dealId") && !changes(draft, "accountId")) return;
  if (isFaulty(draft, "accountId")) return;
  const owner = references.get("deal", draft.values["dealId"]);
  if (owner === undefined || owner["accountId"] === draft.values["accountId"]) return;
  draft.problems.push(invalid(["deal_id"], "is a deal of another account; name one of the same."));
}

/** A total is no less than nothing; one from before this rule stays until it changes. */
function checkTotal(draft: Draft): void {
  if (!changes(draft, "total") || isFaulty(draft, "total")) return;
  if (tenThousandths(textOf(draft.values, "total") ?? "0") >= 0n) return;
  draft.problems.push(invalid(["total"], `must not be negative: ${rebate}.`));
}

/** What can follow a status. Accepted, rejected and expired quotes stay what they are. */
const next: Readonly<Record<string, readonly string[]>> = {
  draft: ["sent"],
  sent: ["draft", "accepted", "rejected", "expired"],
};

/** Moves a quote through its life; when it is first sent, it is issued. */
async function moveStatus(unit: WriteUnit, draft: Draft): Promise<void> {
  const { before, sent, values, problems } = draft;
  const wanted = values["status"];
  if (before !== null) {
    // A quote past its last day reads as expired, whatever is stored; what is sent back is what it read as, or will.
    const read = String(before["read:status"]);
    const isOpen = finalStatus(before) === null || (await reopens(unit, draft));
    const current = isOpen ? String(before["status"]) : read;
    const willRead = isOpen && (await willBePast(unit, draft)) ? "expired" : current;
    if (sent["status"] == null || wanted === read || wanted === willRead) {
      values["status"] = before["status"];
    } else if (!(next[current] ?? []).includes(String(wanted))) {
      const ways = next[current]?.join(", ");
      const hint =
        ways === undefined ? "which is final; make a new quote" : `which can become ${ways}`;
      problems.push(
        invalid(["status"], `cannot become ${String(wanted)}: it is ${current}, ${hint}.`),
      );
    }
    if (!isOpen) return;
  }
  // What expired need not have been sent: a draft whose date has passed reads as expired too.
  const wasSent = values["status"] !== "draft" && values["status"] !== "expired";
  if (wasSent && textOf(values, "dateIssued") === null && before?.["dateIssued"] == null) {
    values["dateIssued"] = (await unit.tenantFacts()).today;
  }
}
