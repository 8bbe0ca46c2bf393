import { tenThousandths } from "../../lib/money.ts";
import { changes, isFaulty, type Draft } from "../../write/draft.ts";
import { externalKey, type EntityWrites } from "../../write/entity-writes.ts";
import { invalid } from "../../write/problem.ts";
import type { WriteUnit } from "../../write/unit.ts";
import { quoteInputs } from "./inputs.ts";
import { finalStatus, keepFinal, reopens, willBePast } from "./final.ts";
import { changesLines, linesJudge, planLines, writeLines } from "./lines.ts";
import { quote } from "./model.ts";

/** How quotes are written. */
export const quoteWrites: EntityWrites<"Quote"> = {
  entity: quote,
  inputs: quoteInputs,
  numbered: { field: "quoteNumber", kind: "quote", prefix: "Q" },
  upsertKeys: { ...externalKey, quote_number: { field: "quoteNumber", within: null } },
  rules: {
    check: async (unit, drafts) => {
      for (const draft of drafts) {
        draft.values.currency ??= (await unit.tenantFacts()).currency;
        await moveStatus(unit, draft);
      }
      await planLines(unit, drafts);
      for (const draft of drafts) checkTotal(draft);
      for (const draft of drafts) await keepFinal(unit, draft, changesLines(draft));
    },
    judge: linesJudge,
    changesMore: changesLines,
    after: writeLines,
  },
};

/** A total is no less than nothing; one from before this rule stays until it changes. */
function checkTotal(draft: Draft<"Quote">): void {
  if (!changes(draft, "total") || isFaulty(draft, "total")) return;
  if (tenThousandths(draft.values.total ?? "0") >= 0n) return;
  draft.problems.push(invalid(["total"], { complaint: "negativeAmount" }));
}

/** What can follow a status. Accepted, rejected and expired quotes stay what they are. */
const next: Readonly<Record<string, readonly string[]>> = {
  draft: ["sent"],
  sent: ["draft", "accepted", "rejected", "expired"],
};

/** Moves a quote through its life; when it is first sent, it is issued. */
async function moveStatus(unit: WriteUnit, draft: Draft<"Quote">): Promise<void> {
  const { before, sent, values, problems } = draft;
  const wanted = values.status;
  if (before !== null) {
    // A quote past its last day reads as expired, whatever is stored; what is sent back is what it read as, or will.
    const read = String(before["read:status"]);
    const isOpen = finalStatus(before) === null || (await reopens(unit, draft));
    const current = isOpen ? before.status : read;
    const willRead = isOpen && (await willBePast(unit, draft)) ? "expired" : current;
    if (sent.status == null || wanted === read || wanted === willRead) {
      values.status = before.status;
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
  const wasSent = values.status !== "draft" && values.status !== "expired";
  if (wasSent && values.dateIssued == null && before?.dateIssued == null) {
    values.dateIssued = (await unit.tenantFacts()).today;
  }
}
